#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

const Splits splits = make_splits({0, 3, 3, 4, 9});

Matrix plain_conv(const std::vector<Matrix>& in, const Convolution& how) {  // x, W, b
  const auto& x = in[0];
  Matrix y(x.rows, in[1].rows, x.splits);
  for (int64_t s = 0; s < x.sequences(); ++s)
    for (int64_t t = x.begin(s); t < x.end(s); ++t)
      for (int64_t o = 0; o < y.cols; ++o) {
        y(t, o) = in[2](0, o);
        for (int64_t k = 0; k < how.width; ++k)
          for (int64_t i = 0; i < x.cols; ++i)
            if (const int64_t r = t + k - how.before; r >= x.begin(s) && r < x.end(s))
              y(t, o) += in[1](o, k * x.cols + i) * x(r, i);
      }
  return y;
}

TEST(Conv, SeesOnlyItsSequence) {
  for (const auto& how : {Convolution{3, 1}, {1, 0}, {4, 3}, {2, 0}, {7, 3}})
    for (const auto& x : {random_matrix(9, 5, 1, 1, splits), random_matrix(4, 5, 1)})
      check_op({.f = [&](auto& in) { return conv(in[0], in[1], in[2], how); },
                .reference = [&](auto& in) { return plain_conv(in, how); },
                .inputs = {x, random_matrix(6, 5 * how.width, 2), random_matrix(1, 6, 3)}});
}

Matrix plain_pool(const Matrix& x, int64_t width, int64_t stride) {
  std::vector<double> values;
  for (int64_t s = 0; s < x.sequences(); ++s)
    for (int64_t t = x.begin(s); t < x.end(s); t += stride)
      for (int64_t c = 0; c < x.cols; ++c) {
        double most = x(t, c);
        for (int64_t r = t; r < std::min(t + width, x.end(s)); ++r) most = std::max(most, x(r, c));
        values.push_back(most);
      }
  Matrix y(int64_t(values.size()) / x.cols, x.cols);
  y.v = values;
  return y;
}

TEST(Conv, MaxPool) {
  for (const auto& [width, stride] : {std::pair{2, 2}, {3, 1}, {2, 3}, {1, 1}, {20, 20}})
    check_op({.f = [w = width, s = stride](auto& in) { return max_pool(in[0], w, s); },
              .reference = [w = width, s = stride](auto& in) { return plain_pool(in[0], w, s); },
              .inputs = {random_matrix(9, 5, 1, 1, splits)}});
  const auto y = max_pool(Tensor::zeros(9, 2, Type::f32, splits), 2, 2);
  EXPECT_EQ(*y.splits(), (std::vector<int64_t>{0, 2, 2, 3, 6}));
}

TEST(Conv, ThreadsDoNotChangeBits) {
  const auto many = splits_of_lengths(std::vector<int64_t>(50, 40));
  check_threads({.f = [](auto& in) { return max_pool(in[0], 3, 2); }, .inputs = {random_matrix(2000, 60, 1, 1, many)}});
}

TEST(Conv, WrongShapesAndNoRows) {
  const Tensor W(2, 9), b(1, 2);
  EXPECT_THROW(conv(Tensor(4, 4), W, b, {}), Error);
  EXPECT_THROW(max_pool(Tensor(4, 4), 0, 1), Error);
  EXPECT_EQ(conv(Tensor(0, 3), W, b, {}).rows(), 0);
  EXPECT_EQ(max_pool(Tensor(0, 3), 2, 2).rows(), 0);
}

}  // namespace
}  // namespace stemma
