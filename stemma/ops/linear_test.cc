#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

double plain(Activation f, double z) {
  switch (f) {
    case Activation::relu:
      return std::max(z, 0.0);
    case Activation::gelu:
      return z * 0.5 * (1 + std::erf(z / std::sqrt(2.0)));
    case Activation::gelu_tanh:
      return 0.5 * z * (1 + std::tanh(std::sqrt(2 / 3.141592653589793) * (z + 0.044715 * z * z * z)));
    case Activation::silu:
      return z / (1 + std::exp(-z));
    case Activation::tanh:
      return std::tanh(z);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    default:
      return z;
  }
}

// Inputs: x, W, then b and r where given.
OpCase linear_case(int64_t n, int64_t in, int64_t out, Activation f, bool b, bool r) {
  OpCase op;
  op.inputs = {random_matrix(n, in, 1), random_matrix(out, in, 2, 0.5)};
  if (b) op.inputs.push_back(random_matrix(1, out, 3));
  if (r) op.inputs.push_back(random_matrix(n, out, 4));
  op.f = [=](auto& x) {
    return linear(x[0], x[1], {.b = b ? x[2] : Tensor(), .residual = r ? x.back() : Tensor(), .activation = f});
  };
  op.reference = [=](auto& x) {
    Matrix y(n, out);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < out; ++j) {
        double z = b ? x[2](0, j) : 0;
        for (int64_t k = 0; k < in; ++k) z += x[0](i, k) * x[1](j, k);
        y(i, j) = plain(f, z) + (r ? x.back()(i, j) : 0);
      }
    return y;
  };
  return op;
}

TEST(Linear, EveryActivationWithAndWithoutBiasAndResidual) {
  for (const auto f : {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu,
                       Activation::tanh, Activation::sigmoid})
    for (const bool b : {false, true})
      for (const bool r : {false, true}) {
        SCOPED_TRACE(str("activation ", int(f), b ? " b" : "", r ? " r" : ""));
        check_op(linear_case(5, 7, 6, f, b, r));
      }
}

TEST(Linear, OddShapes) {
  for (const auto& [n, in, out] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{
           {1, 1, 1}, {0, 3, 2}, {3, 0, 2}, {2, 3, 0}, {1, 33, 17}, {37, 5, 35}, {18, 19, 3}}) {
    SCOPED_TRACE(str(n, " x ", in, " -> ", out));
    check_op(linear_case(n, in, out, Activation::relu, true, false));
  }
}

TEST(Linear, RowsKeepTheirSplits) {
  const auto splits = splits_of_lengths({2, 1});
  const auto x = to_tensor(random_matrix(3, 4, 1, 1, splits)), W = to_tensor(random_matrix(2, 4, 2));
  EXPECT_EQ(linear(x, W).splits(), splits);
}

TEST(Linear, ParametersGatherTheirGradientsInPlace) {
  const auto W = parameter(to_tensor(random_matrix(4, 3, 1))), b = parameter(to_tensor(random_matrix(1, 4, 2)));
  const auto x = to_tensor(random_matrix(2, 3, 3));
  backward(sum(linear(x, W, {.b = b, .residual = {}})));
  const void *dW = grad(W).raw(), *db = grad(b).raw();
  backward(sum(linear(x, W, {.b = b, .residual = {}})));
  EXPECT_EQ(grad(W).raw(), dW);
  EXPECT_EQ(grad(b).raw(), db);
  EXPECT_EQ(grad(b).values(), std::vector<float>(4, 4.0f));
}

TEST(Linear, WeightsOfBf16) {
  const auto x = random_matrix(40, 24, 1), W = random_matrix(10, 24, 2);
  Tensor small(10, 24, Type::bf16);
  for (size_t i = 0; i < W.v.size(); ++i) small.data<bf16>()[i] = bf16(float(W.v[i]));
  auto rounded = W;
  for (auto& w : rounded.v) w = float(bf16(float(w)));
  at_each_level(
      [&] { expect_same_bits(linear(to_tensor(x), small), linear(to_tensor(x), to_tensor(rounded)), "bf16 weights"); });
}

// An output of bf16 is the other one rounded, and gradients that are rounded anyway may come back in bf16.
TEST(Linear, OutputsOfBf16) {
  const Precision on(Type::bf16);
  const auto run = [](Activation f, bool narrow) {
    const auto x = parameter(to_tensor(random_matrix(70, 36, 1))), W = parameter(to_tensor(random_matrix(50, 36, 2)));
    const auto b = parameter(to_tensor(random_matrix(1, 50, 3))), V = to_tensor(random_matrix(20, 50, 4));
    const LinearExtras how{.b = b, .activation = f, .type = narrow ? Type::bf16 : Type::f32};
    const Tensor h = cast(linear(x, W, how), Type::bf16), y = linear(h, V);
    backward(y, to_tensor(random_matrix(70, 20, 5)));
    return std::vector<Tensor>{h, y, grad(x), grad(W), grad(b)};
  };
  at_each_level([&] {
    for (const auto f : {Activation::none, Activation::relu, Activation::gelu}) {
      SCOPED_TRACE(str("activation ", int(f)));
      const auto found = run(f, true), wanted = run(f, false);
      ASSERT_EQ(found[0].type(), Type::bf16);
      for (size_t i = 0; i < found.size(); ++i) expect_same_bits(found[i], wanted[i], str(i));
    }
  });
}

TEST(Linear, AnOutputOfBf16HasAResidualOfF32) {
  const auto x = to_tensor(random_matrix(20, 7, 1)), W = parameter(to_tensor(random_matrix(6, 7, 2)));
  const auto r = parameter(to_tensor(random_matrix(20, 6, 3)));
  for (const auto f : {Activation::none, Activation::relu}) {
    clear_grad(r);
    const Tensor y = linear(x, W, {.residual = r, .activation = f, .type = Type::bf16});
    expect_same_bits(y, cast(linear(x, W, {.residual = r, .activation = f}), Type::bf16), str(int(f)));
    backward(y, Tensor::zeros(20, 6, Type::bf16));
    ASSERT_EQ(grad(r).type(), Type::f32);
  }
}

TEST(Linear, ErrorsNameTheShapes) {
  const auto complains = [](auto&& f, const std::string& text) {
    try {
      f();
      ADD_FAILURE() << "no error";
    } catch (const Error& e) { EXPECT_EQ(e.what(), text); }
  };
  const Tensor x(2, 3), W(4, 5);
  complains([&] { linear(x, W); }, "linear: x [2, 3] does not fit W [4, 5]");
  complains([&] { linear(x, Tensor(4, 3), {.b = Tensor(1, 3), .residual = {}}); },
            "linear: b [1, 3] does not fit W [4, 3]");
  complains([&] { linear(x, Tensor(4, 3), {.b = {}, .residual = Tensor(1, 4)}); },
            "linear: residual [1, 4] does not fit x [2, 3] and W [4, 3]");
}

}  // namespace
}  // namespace stemma
