#include "stemma/tasks/class_tables.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

using Row = std::vector<std::string>;

TEST(ClassTables, ConfusionsAreASquareOrTheMostFrequentOnes) {
  const auto score = score_classification({0, 0, 0, 1, 2, 2}, {0, 1, 1, 1, 0, 2}, {"a", "b", "c"});
  const ReportTable square = confusion_table(score, "label");
  EXPECT_EQ(square.header, (Row{"label, answered as", "a", "b", "c"}));
  ASSERT_EQ(square.rows.size(), 3u);
  EXPECT_EQ(square.rows[0], (Row{"a", "1", "2", "0"}));
  const ReportTable list = confusion_table(score, "label", 2);
  ASSERT_EQ(list.rows.size(), 2u);
  EXPECT_EQ(list.rows[0], (Row{"a", "b", "2"}));
  EXPECT_EQ(list.rows[1], (Row{"c", "a", "1"}));
}

TEST(ClassTables, ClassesThenAll) {
  const auto score = score_classification({0, 1, 1, 1}, {0, 1, 1, 0}, {"a", "b"});
  const ReportTable table = class_table(score.scores, "by label", "label", "texts");
  ASSERT_EQ(table.rows.size(), 5u);
  EXPECT_EQ(table.rows[1], (Row{"b", "100.00", "66.67", "80.00", "3"}));
  EXPECT_EQ(table.rows[2][0], "micro");
}

}  // namespace
}  // namespace stemma
