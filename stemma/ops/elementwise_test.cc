#include <cmath>
#include <numbers>

#include "stemma/ops/elementwise.h"
#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix each(const Matrix& x, double (*f)(double)) {
  Matrix y = x;
  for (auto& v : y.v) v = f(v);
  return y;
}
double phi(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double sigma(double x) { return 1 / (1 + std::exp(-x)); }

struct Row {
  const char* name;
  Tensor (*f)(const Tensor&);
  double (*exact)(double);
  bool positive = false;
};
const Row table[] = {
    {"exp", exp, [](double x) { return std::exp(x); }},
    {"log", log, [](double x) { return std::log(x); }, true},
    {"sqrt", sqrt, [](double x) { return std::sqrt(x); }, true},
    {"square", square, [](double x) { return x * x; }},
    {"tanh", tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", sigmoid, sigma},
    {"relu", relu, [](double x) { return x > 0 ? x : 0; }},
    {"gelu", gelu, [](double x) { return x * phi(x); }},
    {"gelu_tanh", gelu_tanh,
     [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }},
    {"silu", silu, [](double x) { return x * sigma(x); }},
};

TEST(Elementwise, FunctionsOfOne) {
  for (const auto& row : table) {
    SCOPED_TRACE(row.name);
    auto x = random_matrix(3, 23, 5, 2);
    if (row.positive)
      for (auto& v : x.v) v = float(std::abs(v) + 0.1);
    check_op({.f = [&](auto& in) { return row.f(in[0]); },
              .reference = [&](auto& in) { return each(in[0], row.exact); },
              .inputs = {x}});
  }
}

TEST(Elementwise, ActivationsAreTheFunctions) {
  const auto x = to_tensor(random_matrix(2, 9, 3));
  EXPECT_EQ(activate(Activation::none, x).values(), x.values());
  EXPECT_EQ(activate(Activation::relu, x).values(), relu(x).values());
  EXPECT_EQ(activate(Activation::gelu, x).values(), gelu(x).values());
  EXPECT_EQ(activate(Activation::gelu_tanh, x).values(), gelu_tanh(x).values());
  EXPECT_EQ(activate(Activation::silu, x).values(), silu(x).values());
  EXPECT_EQ(activate(Activation::tanh, x).values(), tanh(x).values());
  EXPECT_EQ(activate(Activation::sigmoid, x).values(), sigmoid(x).values());
}

TEST(Elementwise, FunctionsWithoutTheTape) {
  for (const auto f : {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::tanh,
                       Activation::sigmoid}) {
    const auto x = parameter(to_tensor(random_matrix(1, 37, 3)));
    const auto y = activate(f, x);
    backward(y);
    const auto function = function_of(f);
    auto v = x.clone(), slope = Tensor::full(1, 37, 1);
    if (!keeps_output(function)) apply_slope(function, v.data(), slope.data(), slope.data(), 37);
    apply(function, v.data(), v.data(), 37);
    if (keeps_output(function)) apply_slope(function, v.data(), slope.data(), slope.data(), 37);
    EXPECT_EQ(v.values(), y.values());
    EXPECT_EQ(slope.values(), grad(x).values());
  }
  EXPECT_THROW(function_of(Activation::none), Error);
}

TEST(Elementwise, NotANumberStaysOne) {
  at_each_level([] {
    const auto nan = Tensor::full(1, 1, std::nanf(""));
    for (const auto& row : table) EXPECT_TRUE(std::isnan(row.f(nan).item())) << row.name;
  });
}

Matrix pairwise(const Matrix& a, const Matrix& b, double (*f)(double, double)) {
  Matrix y = a;
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t c = 0; c < a.cols; ++c) y(r, c) = f(a(r, c), b(b.rows == 1 ? 0 : r, b.cols == 1 ? 0 : c));
  return y;
}

TEST(Elementwise, FunctionsOfTwoRepeatTheSecond) {
  struct {
    Tensor (*f)(const Tensor&, const Tensor&);
    double (*exact)(double, double);
  } const pairs[] = {{operator+, [](double a, double b) { return a + b; }},
                     {operator-, [](double a, double b) { return a - b; }},
                     {operator*, [](double a, double b) { return a * b; }},
                     {operator/, [](double a, double b) { return a / b; }}};
  const std::pair<int64_t, int64_t> shapes[] = {{5, 19}, {1, 19}, {5, 1}, {1, 1}};
  for (const auto& pair : pairs)
    for (const auto& [rows, cols] : shapes) {
      auto b = random_matrix(rows, cols, 8);
      for (auto& v : b.v) v = float(v > 0 ? v + 1 : v - 1);  // far from zero, for the quotient
      check_op({.f = [&](auto& in) { return pair.f(in[0], in[1]); },
                .reference = [&](auto& in) { return pairwise(in[0], in[1], pair.exact); },
                .inputs = {random_matrix(5, 19, 7), b}});
    }
}

TEST(Elementwise, OneOperandMayBeConstant) {
  for (const int constant : {0, 1})
    check_op({.f = [](auto& in) { return in[0] * in[1] / in[1] - in[1]; },
              .reference = [](auto& in) { return pairwise(in[0], in[1], [](double a, double b) { return a - b; }); },
              .inputs = {random_matrix(4, 3, 1), random_matrix(4, 3, 2)},
              .gradient_tolerance = 1e-3,
              .constant = {constant}});
}

TEST(Elementwise, Maximum) {
  check_op(
      {.f = [](auto& in) { return maximum(in[0], in[1]); },
       .reference = [](auto& in) { return pairwise(in[0], in[1], [](double a, double b) { return std::max(a, b); }); },
       .inputs = {random_matrix(4, 9, 1), random_matrix(4, 9, 2)}});
}

TEST(Elementwise, NumbersAndTensors) {
  check_op({.f = [](auto& in) { return -(2.5f * in[0] + 1.5f); },
            .reference = [](auto& in) { return each(in[0], [](double x) { return -(2.5 * x + 1.5); }); },
            .inputs = {random_matrix(4, 9, 1)}});
}

TEST(Elementwise, OneTensorAsBothOperands) {
  check_op({.f = [](auto& in) { return in[0] * in[0] + in[0]; },
            .reference = [](auto& in) { return each(in[0], [](double x) { return x * x + x; }); },
            .inputs = {random_matrix(4, 9, 1)}});
}

TEST(Elementwise, Cast) {
  const auto x = parameter(Tensor::from(1, 3, {1.00390625f, -2, 3e38f}));
  const auto y = cast(x, Type::bf16);
  EXPECT_EQ(y.type(), Type::bf16);
  EXPECT_EQ(y.values()[0], 1);  // halfway rounds to even
  const auto z = cast(y, Type::f32);
  EXPECT_EQ(z.values(), y.values());
  backward(z, Tensor::from(1, 3, {0.5f, 2, 3}));
  EXPECT_EQ(grad(x).values(), (std::vector<float>{0.5f, 2, 3}));
  EXPECT_THROW(cast(Tensor::ids({1}), Type::f32), Error);
}

TEST(Elementwise, ThreadsDoNotChangeBits) {
  check_threads({.f = [](auto& in) { return gelu(in[0] * in[1] + in[2]); },
                 .inputs = {random_matrix(300, 200, 1), random_matrix(300, 1, 2), random_matrix(1, 200, 3)}});
}

TEST(Elementwise, ShapesThatDoNotFit) {
  const Tensor a(3, 4), b(4, 3), row(1, 4);
  EXPECT_THROW(a + b, Error);
  EXPECT_THROW(row * a, Error);
  EXPECT_THROW(maximum(a, row), Error);
  try {
    a / b;
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()),
              "[3, 4] / [4, 3]: the second must be of the same shape, one row, one column or [1, 1]");
  }
}

TEST(Elementwise, NoRows) {
  const auto x = parameter(Tensor(0, 5)), b = parameter(Tensor::full(1, 5, 1));
  const auto y = tanh(x + b) * Tensor(0, 1);
  EXPECT_EQ(y.rows(), 0);
  backward(y);
  EXPECT_EQ(grad(b).values(), std::vector<float>(5, 0));
}

// Past the caches, and cut by threads: rows of a large tensor have the bits that they have in a small one.
TEST(Elementwise, LargeResultsHaveTheBitsOfSmallOnes) {
  constexpr int64_t half = 2100;
  const Tensor g = to_tensor(random_matrix(1, 1009, 2)), x(2 * half, 1009);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = float(i * 7919 % 1013 - 500) / 300;
  ASSERT_GE(x.bytes(), 16 << 20);
  const auto both_ways = [&](auto f) {
    return [f](const Tensor& x) {
      const Tensor p = parameter(x);
      const Tensor y = f(p);
      backward(y, x);
      return std::pair{y, grad(p)};
    };
  };
  at_each_level([&] {
    for (const auto& f : std::vector<std::function<std::pair<Tensor, Tensor>(const Tensor&)>>{
             both_ways([](auto& x) { return relu(x); }), both_ways([](auto& x) { return x * x; }),
             both_ways([](auto& x) { return softmax(x); }), both_ways([&](auto& x) { return layer_norm(x, g, g); })}) {
      const auto [y, dx] = f(x);
      for (const int64_t begin : {int64_t{0}, half}) {
        const auto [part, dpart] = f(x.row_view(begin, half));
        expect_same_bits(y.row_view(begin, half), part, "value");
        expect_same_bits(dx.row_view(begin, half), dpart, "gradient");
      }
    }
  });
}

}  // namespace
}  // namespace stemma
