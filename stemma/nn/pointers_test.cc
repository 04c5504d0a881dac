#include "stemma/nn/pointers.h"

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

TEST(Pointers, the_loss_is_the_negative_log_of_a_softmax_over_the_rows_of_each_sequence) {
  const Tensor s = Tensor::from(5, 1, {1, 3, 2, 100, -100}, splits_of_lengths({3, 2}));
  const auto loss = pointer_loss(s, {1, 1});
  const double first = std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0)) - 3;
  EXPECT_NEAR(loss.total.item(), first + 200, 1e-4);
  EXPECT_EQ(loss.correct, 1);
}

TEST(Pointers, great_scores_do_not_overflow) {
  const Tensor s = Tensor::from(2, 1, {3e38f, -3e38f}, splits_of_lengths({2}));
  EXPECT_EQ(pointer_loss(s, {0}).total.item(), 0);
}

TEST(Pointers, gradients_are_those_of_differences) {
  struct {
    Param s, last;
    FIELDS(s, last)
  } leaves;
  leaves.s.w = parameter(random_rows({9}, 1, 3)), leaves.last.w = parameter(random_rows({3}, 1, 4));
  check_gradients(params(leaves), [&] {
    const Tensor s = leaves.s.w.with_splits(splits_of_lengths({3, 1, 5}));
    return pointer_loss(append_rows(s, leaves.last), {3, 0, 4}).total;
  });
}

TEST(Pointers, rows_are_appended_behind_their_sequences) {
  const Tensor x = Tensor::from(3, 1, {1, 2, 3}, splits_of_lengths({2, 0, 1}));
  const Tensor y = append_rows(x, Tensor::from(3, 1, {7, 8, 9}));
  EXPECT_EQ(y.values(), (std::vector<float>{1, 2, 7, 8, 3, 9}));
  EXPECT_EQ(*y.splits(), (std::vector<int64_t>{0, 3, 4, 6}));
}

TEST(Pointers, a_row_that_is_not_there_is_an_error) {
  const Tensor s = Tensor::zeros(3, 1).with_splits(splits_of_lengths({2, 1}));
  EXPECT_EQ(error_of([&] { pointer_loss(s, {0, 1}); }), "pointer_loss: sequence 1 has no row 1");
  EXPECT_EQ(error_of([&] { pointer_loss(s, {0}); }), "pointer_loss of [3, 1 | 2 sequences] for 1 sequences");
}

}  // namespace
}  // namespace stemma
