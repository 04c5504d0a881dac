#include "stemma/nn/state.h"

#include <gmock/gmock.h>

#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

using testing::ElementsAre;

struct Memories {
  Tensor h;
  std::vector<int64_t> source;
  std::vector<Tensor> layers;
  Tensor none;
  FIELDS(h, source, layers, none)
  int64_t shared = 3;
};

TEST(State, reorder_moves_every_member_with_its_hypothesis) {
  const Tensor x = random_rows({2, 0, 1}, 1);
  Memories s{Tensor::from(3, 1, {10, 11, 12}), one_to_one(x), {Tensor::from(3, 2, {0, 1, 2, 3, 4, 5})}, {}};
  reorder(s, {2, 0, 0, 1});
  EXPECT_THAT(s.h.values(), ElementsAre(12, 10, 10, 11));
  EXPECT_THAT(s.layers[0].values(), ElementsAre(4, 5, 0, 1, 0, 1, 2, 3));
  const auto [rows, splits] = runs_of(x, s.source).flat();
  EXPECT_THAT(rows, ElementsAre(2, 0, 1, 0, 1));
  EXPECT_THAT(*splits, ElementsAre(0, 1, 3, 5, 5));
  EXPECT_FALSE(s.none);
}

TEST(State, sources_know_whether_they_were_moved) {
  const Tensor x = random_rows({2, 0, 1, 1}, 1);
  auto source = one_to_one(x);
  EXPECT_TRUE(is_one_to_one(source, x));
  reorder(source, {0, 1, 2, 3});
  EXPECT_TRUE(is_one_to_one(source, x));
  EXPECT_EQ(gather_sequences(x, source).raw(), x.raw());
  for (const auto& moved : {std::vector<int64_t>{0, 1, 3, 2}, {0, 1, 2}, {0, 1, 2, 3, 3}, {0, 2, 1, 3}}) {
    auto other = source;
    reorder(other, moved);
    EXPECT_FALSE(is_one_to_one(other, x)) << testing::PrintToString(moved);
    EXPECT_EQ(gap(gather_sequences(x, other), pick(x, moved)), 0);
  }
}

}  // namespace
}  // namespace stemma
