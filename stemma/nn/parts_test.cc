#include "stemma/nn/parts.h"

#include <gmock/gmock.h>

#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

using testing::ElementsAre;

std::vector<int64_t> rows_of_parts(const std::vector<int64_t>& lengths, int64_t rows) {
  std::vector<int64_t> out;
  for (const Tensor& part : parts_of(random_rows(lengths, 2), rows)) out.push_back(part.rows());
  return out;
}

TEST(Parts, hold_whole_sequences_and_are_of_like_size) {
  EXPECT_THAT(rows_of_parts({3, 3, 3, 3, 3, 3}, 6), ElementsAre(6, 6, 6));
  EXPECT_THAT(rows_of_parts({4, 4, 4, 4}, 7), ElementsAre(8, 8));
  EXPECT_THAT(rows_of_parts({20, 1, 1, 1, 0, 1}, 4), ElementsAre(20, 4));
  EXPECT_THAT(rows_of_parts({1, 1, 30}, 4), ElementsAre(2, 30));
  EXPECT_THAT(rows_of_parts({5}, 100), ElementsAre(5));
  EXPECT_THAT(rows_of_parts({}, 4), ElementsAre());
}

TEST(Parts, know_their_sequences) {
  const Tensor x = random_rows({2, 0, 3, 1}, 1);
  const auto parts = parts_of(x, 3);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_THAT(*parts[0].splits(), ElementsAre(0, 2, 2));
  EXPECT_THAT(*parts[1].splits(), ElementsAre(0, 3, 4));
  EXPECT_EQ(parts[1].data()[0], x.data()[2]);
}

Tensor doubled_by_parts(const Tensor& x, std::vector<int64_t>* rows) {
  return in_parts(x, [&](const Tensor& part) {
    rows->push_back(part.rows());
    return part + part;
  });
}

TEST(Parts, come_together_again) {
  const Tensor x = random_rows({300, 300, 7}, 2);
  std::vector<int64_t> rows;
  const NoGrad off;
  const Tensor y = doubled_by_parts(x, &rows);
  EXPECT_THAT(rows, ElementsAre(300, 307));
  EXPECT_EQ(y.splits(), x.splits());
  EXPECT_EQ(y.values(), (x + x).values());
}

TEST(Parts, are_not_made_for_who_records_or_listens) {
  const Tensor x = random_rows({300, 300}, 2);
  std::vector<int64_t> rows;
  doubled_by_parts(x, &rows);
  const NoGrad off;
  const Listening on([](const std::string&, const Tensor&) {});
  doubled_by_parts(x, &rows);
  EXPECT_THAT(rows, ElementsAre(600, 600));
}

}  // namespace
}  // namespace stemma
