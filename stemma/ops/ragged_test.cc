#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

const Splits splits = make_splits({0, 3, 3, 4, 9});  // the second is empty

Matrix input(uint64_t seed) { return random_matrix(9, 19, seed, 1, splits); }

TEST(Ragged, Spread) {
  check_op({.f = [](auto& in) { return spread(in[0], splits); },
            .reference =
                [](auto& in) {
                  Matrix y(9, in[0].cols, splits);
                  for (int64_t s = 0; s < 4; ++s)
                    for (int64_t r = y.begin(s); r < y.end(s); ++r)
                      for (int64_t c = 0; c < y.cols; ++c) y(r, c) = in[0](s, c);
                  return y;
                },
            .inputs = {random_matrix(4, 19, 1)}});
}

Matrix plain_sum(const Matrix& x, bool mean) {
  Matrix y(x.sequences(), x.cols);
  for (int64_t s = 0; s < y.rows; ++s)
    for (int64_t r = x.begin(s); r < x.end(s); ++r)
      for (int64_t c = 0; c < y.cols; ++c) y(s, c) += x(r, c) / double(mean ? x.end(s) - x.begin(s) : 1);
  return y;
}
Matrix plain_max(const Matrix& x) {
  Matrix y(x.sequences(), x.cols);
  for (int64_t s = 0; s < y.rows; ++s)
    for (int64_t c = 0; c < y.cols; ++c)
      for (int64_t r = x.begin(s); r < x.end(s); ++r) y(s, c) = r == x.begin(s) ? x(r, c) : std::max(y(s, c), x(r, c));
  return y;
}
Matrix plain_softmax(const Matrix& x) {
  Matrix y = x;
  for (int64_t s = 0; s < x.sequences(); ++s)
    for (int64_t c = 0; c < x.cols; ++c) {
      double sum = 0;
      for (int64_t r = x.begin(s); r < x.end(s); ++r) sum += std::exp(x(r, c));
      for (int64_t r = x.begin(s); r < x.end(s); ++r) y(r, c) = std::exp(x(r, c)) / sum;
    }
  return y;
}
Matrix plain_rows(const Matrix& x, const std::vector<int64_t>& from) {
  Matrix y(int64_t(from.size()), x.cols);
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t c = 0; c < y.cols; ++c) y(r, c) = x(from[size_t(r)], c);
  return y;
}

TEST(Ragged, SegmentSumMeanMaxSoftmax) {
  for (const auto& x : {input(1), random_matrix(5, 3, 2)}) {  // without splits: one sequence
    check_op({.f = [](auto& in) { return segment_sum(in[0]); },
              .reference = [](auto& in) { return plain_sum(in[0], false); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return segment_mean(in[0]); },
              .reference = [](auto& in) { return plain_sum(in[0], true); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return segment_max(in[0]); },
              .reference = [](auto& in) { return plain_max(in[0]); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return segment_softmax(in[0]); },
              .reference = [](auto& in) { return plain_softmax(in[0]); },
              .inputs = {x}});
  }
  EXPECT_EQ(segment_softmax(to_tensor(input(1))).splits(), splits);
}

TEST(Ragged, SoftmaxOfLargeScores) {
  const auto y = segment_softmax(Tensor::from(3, 1, {1000, 1000, -1000}, make_splits({0, 2, 3})));
  EXPECT_EQ(y.values(), (std::vector<float>{0.5f, 0.5f, 1}));
}

TEST(Ragged, Reverse) {
  check_op({.f = [](auto& in) { return reverse(in[0]); },
            .reference =
                [](auto& in) {
                  return plain_rows(in[0], {2, 1, 0, 3, 8, 7, 6, 5, 4});
                },
            .inputs = {input(1)}});
  EXPECT_EQ(reverse(to_tensor(input(1))).splits(), splits);
}

TEST(Ragged, FirstAndLastRows) {
  const auto x = random_matrix(9, 19, 1, 1, make_splits({0, 3, 4, 9}));
  check_op({.f = [](auto& in) { return first_rows(in[0]); },
            .reference =
                [](auto& in) {
                  return plain_rows(in[0], {0, 3, 4});
                },
            .inputs = {x}});
  check_op({.f = [](auto& in) { return last_rows(in[0]); },
            .reference =
                [](auto& in) {
                  return plain_rows(in[0], {2, 3, 8});
                },
            .inputs = {x}});
  EXPECT_THROW(first_rows(to_tensor(input(1))), Error);
  EXPECT_THROW(last_rows(Tensor(0, 3)), Error);
}

TEST(Ragged, ThreadsDoNotChangeBits) {
  const auto many = splits_of_lengths(std::vector<int64_t>(50, 40));
  check_threads({.f = [&](auto& in) { return spread(segment_mean(reverse(in[0])) + segment_max(in[0]), many); },
                 .inputs = {random_matrix(2000, 60, 1, 1, many)}});
}

TEST(Ragged, NoSequencesAndNoRows) {
  const auto none = make_splits({0}), empty = make_splits({0, 0, 0});
  EXPECT_EQ(segment_sum(Tensor(0, 3, Type::f32, none)).rows(), 0);
  EXPECT_EQ(segment_mean(Tensor(0, 3, Type::f32, empty)).values(), std::vector<float>(6, 0));
  EXPECT_EQ(segment_max(Tensor(0, 3, Type::f32, empty)).values(), std::vector<float>(6, 0));
  EXPECT_EQ(spread(Tensor(2, 3), empty).rows(), 0);
  EXPECT_EQ(reverse(Tensor(0, 3, Type::f32, empty)).rows(), 0);
  EXPECT_THROW(spread(Tensor(3, 3), empty), Error);
}

}  // namespace
}  // namespace stemma
