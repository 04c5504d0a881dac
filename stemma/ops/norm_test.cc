#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix plain_norm(const std::vector<Matrix>& in, double eps) {  // x, g[, b]
  Matrix y = in[0];
  const bool centred = in.size() == 3;
  for (int64_t r = 0; r < y.rows; ++r) {
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < y.cols && centred; ++c) mean += y(r, c) / double(y.cols);
    for (int64_t c = 0; c < y.cols; ++c) variance += (y(r, c) - mean) * (y(r, c) - mean) / double(y.cols);
    for (int64_t c = 0; c < y.cols; ++c)
      y(r, c) = (y(r, c) - mean) / std::sqrt(variance + eps) * in[1](0, c) + (centred ? in[2](0, c) : 0);
  }
  return y;
}

TEST(Norm, LayerAndRms) {
  for (const auto& [n, d] : {std::pair{3, 19}, {70, 3}, {2, 32}}) {
    check_op({.f = [](auto& in) { return layer_norm(in[0], in[1], in[2]); },
              .reference = [](auto& in) { return plain_norm(in, 1e-5f); },
              .inputs = {random_matrix(n, d, 1), random_matrix(1, d, 2), random_matrix(1, d, 3)}});
    check_op({.f = [](auto& in) { return rms_norm(in[0], in[1], 0.01f); },
              .reference = [](auto& in) { return plain_norm(in, 0.01f); },
              .inputs = {random_matrix(n, d, 1), random_matrix(1, d, 2)}});
  }
}

TEST(Norm, ConstantOperands) {
  for (const auto& constant : {std::vector{0}, {1, 2}, {0, 1}})
    check_op({.f = [](auto& in) { return layer_norm(in[0], in[1], in[2]); },
              .reference = [](auto& in) { return plain_norm(in, 1e-5f); },
              .inputs = {random_matrix(4, 9, 1), random_matrix(1, 9, 2), random_matrix(1, 9, 3)},
              .constant = constant});
}

TEST(Norm, AFarMeanIsNoProblem) {
  auto x = random_matrix(2, 64, 1);
  for (auto& v : x.v) v = float(v + 1000);
  const std::vector<Matrix> in{x, random_matrix(1, 64, 2), random_matrix(1, 64, 3)};
  at_each_level([&] {
    expect_near(layer_norm(to_tensor(in[0]), to_tensor(in[1]), to_tensor(in[2])), plain_norm(in, 1e-5f), 1e-3, "y");
  });
}

TEST(Norm, ThreadsDoNotChangeBits) {
  const std::vector<Matrix> in{random_matrix(700, 100, 1), random_matrix(1, 100, 2), random_matrix(1, 100, 3)};
  check_threads({.f = [](auto& x) { return rms_norm(layer_norm(x[0], x[1], x[2]), x[1]); }, .inputs = in});
}

TEST(Norm, NoRowsAndWrongShapes) {
  const auto g = parameter(Tensor::full(1, 3, 1)), b = parameter(Tensor::full(1, 3, 1));
  backward(layer_norm(Tensor(0, 3), g, b));
  EXPECT_EQ(grad(g).values(), std::vector<float>(3, 0));
  EXPECT_EQ(grad(b).values(), std::vector<float>(3, 0));
  EXPECT_THROW(layer_norm(Tensor(2, 4), g, b), Error);
  EXPECT_THROW(rms_norm(Tensor(2, 4), g), Error);
}

}  // namespace
}  // namespace stemma
