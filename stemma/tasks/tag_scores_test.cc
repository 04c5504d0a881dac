#include "stemma/tasks/tag_scores.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

TEST(TagScores, WordsNotMetInTrainingAreCountedApart) {
  const TagTruth truth{{{"D", "N", "V"}, {"N"}}, {{true, false, true}, {false}}, {"", ""}, false};
  const auto report = score_tags(truth, {{{"D", "V", "V"}, {"N"}}, {"", ""}});
  EXPECT_EQ(report.measure, "accuracy");
  EXPECT_DOUBLE_EQ(report.score, 0.75);
  EXPECT_EQ(report.examples, 2);
  EXPECT_EQ(report.all["unknown_words"].integer(), 2);
  EXPECT_DOUBLE_EQ(report.all["unknown_accuracy"].number(), 0.5);
  EXPECT_EQ(report.all["confusion"].array()[1].array()[2].integer(), 1);  // N for V; D, N, V in order
  EXPECT_EQ(report.all.find("spans"), nullptr);
  EXPECT_EQ(report.all.find("intents"), nullptr);
  const auto& confusions = report.tables.back();
  ASSERT_EQ(confusions.rows.size(), 3u);
  EXPECT_EQ(confusions.rows[1], (std::vector<std::string>{"N", "0", "1", "1"}));
}

// seqeval 1.2.2: f1_score([["B-a", "I-a", "O"], ["I-b", "O"]], [["B-a", "O", "O"], ["B-b", "O"]]) = 0.5
TEST(TagScores, SpansAreTheScoreWhereThereAreSome) {
  const TagTruth truth{{{"B-a", "I-a", "O"}, {"I-b", "O"}}, {{true, true, true}, {true, true}}, {"x", "y"}, true};
  const auto report = score_tags(truth, {{{"B-a", "O", "O"}, {"B-b", "O"}}, {"x", "x"}});
  EXPECT_EQ(report.measure, "span F1");
  EXPECT_DOUBLE_EQ(report.score, 0.5);
  EXPECT_DOUBLE_EQ(report.all["accuracy"].number(), 0.6);
  EXPECT_EQ(report.all["spans"]["illegal_targets"].integer(), 1);
  EXPECT_EQ(report.all["spans"]["illegal_predictions"].integer(), 0);
  EXPECT_DOUBLE_EQ(report.all["intents"]["accuracy"].number(), 0.5);
  EXPECT_EQ(report.all["unknown_words"].integer(), 0);
}

}  // namespace
}  // namespace stemma
