// For tests only: an op is declared by what it computes, in plain loops of double, and check_op does the rest.
//
//   check_op({.f = [](auto& x) { return softmax(x[0]); }, .reference = plain_softmax, .inputs = {random_matrix(4, 7,
//   1)}});
#pragma once
#include <gtest/gtest.h>

#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/targets.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/ops/ops.h"

namespace stemma {

struct Matrix {
  int64_t rows = 0, cols = 0;
  std::vector<double> v;
  Splits splits;
  Matrix() = default;
  Matrix(int64_t rows, int64_t cols, Splits splits = {})  // zeros
      : rows(rows), cols(cols), v(size_t(rows * cols)), splits(std::move(splits)) {}
  double& operator()(int64_t r, int64_t c) { return v[size_t(r * cols + c)]; }
  double operator()(int64_t r, int64_t c) const { return v[size_t(r * cols + c)]; }
  int64_t sequences() const { return splits ? int64_t(splits->size()) - 1 : 1; }
  int64_t begin(int64_t s) const { return splits ? (*splits)[size_t(s)] : 0; }
  int64_t end(int64_t s) const { return splits ? (*splits)[size_t(s) + 1] : rows; }
};

// Normal with standard deviation `scale`, exact in f32.
inline Matrix random_matrix(int64_t rows, int64_t cols, uint64_t seed, double scale = 1, Splits splits = {}) {
  Matrix m(rows, cols, std::move(splits));
  Random rng{seed};
  for (auto& x : m.v) x = float(rng.normal() * scale);
  return m;
}
inline Tensor to_tensor(const Matrix& m) {
  return Tensor::from(m.rows, m.cols, std::vector<float>(m.v.begin(), m.v.end()), m.splits);
}

struct OpCase {
  std::function<Tensor(const std::vector<Tensor>&)> f;
  std::function<Matrix(const std::vector<Matrix>&)> reference = {};  // plain loops in double
  std::vector<Matrix> inputs;
  double tolerance = 1e-5, gradient_tolerance = 1e-4;  // relative to the greater of 1 and the value
  std::vector<int> constant = {};                      // inputs without gradient
};

// Calls f at every level of SIMD that this machine has.
template <class F>
void at_each_level(F&& f) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    f();
    hwy::SetSupportedTargetsForTest(0);
  }
}

inline void expect_near(const Tensor& found, const Matrix& wanted, double tolerance, const std::string& what) {
  ASSERT_TRUE(bool(found)) << what;
  ASSERT_EQ(found.rows(), wanted.rows) << what;
  ASSERT_EQ(found.cols(), wanted.cols) << what;
  const auto values = found.values();
  for (size_t i = 0; i < values.size(); ++i) {
    const double margin = tolerance * std::max(1.0, std::abs(wanted.v[i]));
    if (!(std::abs(values[i] - wanted.v[i]) <= margin) && !(std::isnan(values[i]) && std::isnan(wanted.v[i]))) {
      FAIL() << what << " at row " << int64_t(i) / wanted.cols << ", column " << int64_t(i) % wanted.cols << " of ["
             << wanted.rows << ", " << wanted.cols << "]: " << values[i] << ", expected " << wanted.v[i];
    }
  }
}
inline void expect_same_bits(const Tensor& a, const Tensor& b, const std::string& what) {
  ASSERT_TRUE(a && b && a.same_shape(b)) << what;
  EXPECT_EQ(std::memcmp(a.raw(), b.raw(), size_t(a.bytes())), 0) << what;
}

namespace op_test {

inline bool is_constant(const OpCase& op, size_t input) {
  return std::find(op.constant.begin(), op.constant.end(), int(input)) != op.constant.end();
}
inline std::vector<Tensor> leaves(const OpCase& op) {
  std::vector<Tensor> x;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const auto t = to_tensor(op.inputs[i]);
    x.push_back(is_constant(op, i) ? t : parameter(t));
  }
  return x;
}
// d (sum of weights * f) / d input, by central differences of the reference.
inline Matrix numeric_gradient(const OpCase& op, const Matrix& weights, size_t input) {
  auto inputs = op.inputs;
  Matrix gradient(inputs[input].rows, inputs[input].cols);
  const auto value = [&] {
    const auto y = op.reference(inputs);
    double sum = 0;
    for (size_t i = 0; i < y.v.size(); ++i) sum += y.v[i] * weights.v[i];
    return sum;
  };
  for (size_t i = 0; i < gradient.v.size(); ++i) {
    const double x = inputs[input].v[i], h = 1e-5 * std::max(1.0, std::abs(x));
    inputs[input].v[i] = x + h;
    const double above = value();
    inputs[input].v[i] = x - h;
    gradient.v[i] = (above - value()) / (2 * h);
    inputs[input].v[i] = x;
  }
  return gradient;
}
// The outputs and all gradients, for comparing bits.
inline std::vector<Tensor> run(const OpCase& op, const Matrix& weights) {
  const auto x = leaves(op);
  std::vector<Tensor> out{op.f(x)};
  if (out[0].tracked()) backward(out[0], to_tensor(weights));
  for (size_t i = 0; i < x.size(); ++i)
    if (grad(x[i])) out.push_back(grad(x[i]));
  return out;
}

}  // namespace op_test

// 1, 2 and 4 threads give the same bits; inputs large enough to be cut are up to the caller.
inline void check_threads(const OpCase& op) {
  const int before = threads();
  set_threads(1);
  const auto shape = op.f(op_test::leaves(op));
  const auto weights = random_matrix(shape.rows(), shape.cols(), 77);
  const auto wanted = op_test::run(op, weights);
  for (const int n : {2, 4}) {
    set_threads(n);
    const auto found = op_test::run(op, weights);
    EXPECT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < std::min(found.size(), wanted.size()); ++i)
      expect_same_bits(found[i], wanted[i], str(i == 0 ? "output" : "gradient ", i, " with ", n, " threads"));
  }
  set_threads(before);
}

// At every level of SIMD: values against the reference; gradients against central differences of the reference;
// gradients of a second run are added to those of the first; NoGrad records nothing; threads do not change the bits.
inline void check_op(const OpCase& op) {
  const Matrix expected = op.reference(op.inputs);
  const Matrix weights = random_matrix(expected.rows, expected.cols, 4711);
  std::vector<Matrix> gradients;
  for (size_t i = 0; i < op.inputs.size(); ++i)
    gradients.push_back(op_test::is_constant(op, i) ? Matrix() : op_test::numeric_gradient(op, weights, i));
  at_each_level([&] {
    const auto x = op_test::leaves(op);
    {
      NoGrad off;
      const auto y = op.f(x);
      EXPECT_FALSE(y.tracked()) << "recorded under NoGrad";
      expect_near(y, expected, op.tolerance, "value without gradient");
    }
    for (const int times : {1, 2}) {
      const auto y = op.f(x);
      expect_near(y, expected, op.tolerance, "value");
      if (op.constant.size() == x.size()) break;
      ASSERT_TRUE(y.tracked()) << "nothing recorded";
      backward(y, to_tensor(weights));
      for (size_t i = 0; i < x.size(); ++i) {
        if (op_test::is_constant(op, i)) continue;
        auto sum = gradients[i];
        for (auto& v : sum.v) v *= times;
        expect_near(grad(x[i]), sum, op.gradient_tolerance, str("gradient of input ", i, ", run ", times));
      }
    }
    check_threads(op);
  });
}

}  // namespace stemma
