#include "stemma/ops/definitions.h"
#include "stemma/ops/op_test.h"
#include "stemma/tensor/kept.h"

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

// The definition draws the same mask. All gradients, among them that of a residual that is used twice.
TEST(Norm, OfAResidual) {
  for (const auto& [n, d] : {std::pair{5, 19}, {70, 3}, {66, 130}})
    for (const float p : {0.0f, 0.3f})
      for (const bool centred : {true, false}) {
        const auto with = [&, p = p](auto f) {
          return [=](auto& in) {
            Random rng{.key = 5};
            const Training on(rng);
            return f(in[0], in[1], ResidualNorm{.g = in[2], .b = centred ? in[3] : Tensor(), .dropout = p});
          };
        };
        const std::vector<Matrix> inputs{random_matrix(n, d, 1), random_matrix(n, d, 2), random_matrix(1, d, 3),
                                         random_matrix(1, d, 4)};
        at_each_level([&] {
          const OpCase fast{.f = with(residual_norm), .inputs = inputs};
          const OpCase plain{.f = with(residual_norm_definition), .inputs = inputs};
          const auto weights = random_matrix(n, d, 9);
          const auto found = op_test::run(fast, weights), wanted = op_test::run(plain, weights);
          ASSERT_EQ(found.size(), wanted.size());
          for (size_t i = 0; i < found.size(); ++i) {
            Matrix m(wanted[i].rows(), wanted[i].cols());
            const auto values = wanted[i].values();
            m.v.assign(values.begin(), values.end());
            expect_near(found[i], m, i == 0 ? 1e-5 : 1e-4, str("p ", p, ": ", i == 0 ? "output" : "gradient ", i));
          }
          check_threads(fast);
        });
      }
}

TEST(Norm, OfAResidualAgainstDifferences) {
  check_op(
      {.f = [](auto& in) { return residual_norm(in[0], in[1], {.g = in[2], .b = in[3]}); },
       .reference =
           [](auto& in) {
             Matrix s = in[0];
             for (size_t i = 0; i < s.v.size(); ++i) s.v[i] += in[1].v[i];
             return plain_norm({s, in[2], in[3]}, 1e-5f);
           },
       .inputs = {random_matrix(4, 9, 1), random_matrix(4, 9, 4), random_matrix(1, 9, 2), random_matrix(1, 9, 3)}});
}

// What goes past the caches has the bits of its parts.
TEST(Norm, OfALargeResidual) {
  const auto g = to_tensor(random_matrix(1, 1024, 3)), b = to_tensor(random_matrix(1, 1024, 4));
  const Tensor values(4100, 1024);
  for (int64_t i = 0; i < values.size(); ++i) values.data()[i] = float(i * 7919 % 1013 - 500) / 300;
  const auto run = [&](auto f) {
    const Tensor x = parameter(values.clone()), r = parameter(values.clone());
    Random rng{.key = 5};
    const Training on(rng);
    const Tensor y = f(x, r);
    backward(y, values);
    return std::array{y, grad(x), grad(r)};
  };
  const auto whole = run([&](auto& x, auto& r) { return residual_norm(x, r, {.g = g, .b = b, .dropout = 0.3f}); });
  const auto parts = run([&](auto& x, auto& r) { return layer_norm(x + dropout(r, 0.3f), g, b); });
  for (size_t i = 0; i < 3; ++i) expect_same_bits(whole[i], parts[i], str(i));
}

TEST(Norm, IsMadeAgainBitByBit) {
  const auto x = parameter(to_tensor(random_matrix(70, 35, 1))), r = to_tensor(random_matrix(70, 35, 2));
  const auto g = to_tensor(random_matrix(1, 35, 3)), b = to_tensor(random_matrix(1, 35, 4));
  at_each_level([&] {
    Random rng{.key = 5};
    const Training on(rng);
    for (const auto& y :
         {layer_norm(x, g, b), rms_norm(x, g), residual_norm(x, r, {.g = g, .b = b, .dropout = 0.3f})}) {
      const Tensor again = Kept(y).value();
      EXPECT_NE(again.raw(), y.raw());
      expect_same_bits(again, y, "the norm again");
    }
    const Precision products(Type::bf16);
    for (const auto& y : {layer_norm(x, g, b), rms_norm(x, g)}) {
      const Tensor again = Kept(y).value();
      ASSERT_EQ(again.type(), Type::bf16);
      expect_same_bits(again, cast(y, Type::bf16), "the norm again, as products read it");
    }
  });
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
