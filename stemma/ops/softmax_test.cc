#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix plain(const Matrix& x, bool logarithm) {
  Matrix y = x;
  for (int64_t r = 0; r < x.rows; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < x.cols; ++c) sum += std::exp(x(r, c));
    for (int64_t c = 0; c < x.cols; ++c) y(r, c) = logarithm ? x(r, c) - std::log(sum) : std::exp(x(r, c)) / sum;
  }
  return y;
}

TEST(Softmax, SoftmaxAndItsLogarithm) {
  for (const int64_t d : {1, 5, 16, 37}) {
    check_op({.f = [](auto& in) { return softmax(in[0]); },
              .reference = [](auto& in) { return plain(in[0], false); },
              .inputs = {random_matrix(6, d, 1, 3)}});
    check_op({.f = [](auto& in) { return log_softmax(in[0]); },
              .reference = [](auto& in) { return plain(in[0], true); },
              .inputs = {random_matrix(6, d, 2, 3)}});
  }
}

TEST(Softmax, AnyRange) {
  at_each_level([] {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(softmax(Tensor::from(1, 3, {1e30f, 1e30f, -infinity})).values(), (std::vector<float>{0.5f, 0.5f, 0}));
    EXPECT_EQ(log_softmax(Tensor::from(1, 2, {-1e30f, 0})).values(), (std::vector<float>{-1e30f, 0}));
    EXPECT_TRUE(std::isnan(softmax(Tensor::from(1, 2, {std::nanf(""), 0})).values()[1]));
  });
}

TEST(Softmax, ThreadsDoNotChangeBits) {
  check_threads({.f = [](auto& in) { return softmax(log_softmax(in[0])); }, .inputs = {random_matrix(500, 99, 1)}});
}

TEST(Softmax, NoRowsOrColumns) {
  EXPECT_EQ(softmax(Tensor(0, 3)).rows(), 0);
  EXPECT_EQ(softmax(Tensor(3, 0)).size(), 0);
}

}  // namespace
}  // namespace stemma
