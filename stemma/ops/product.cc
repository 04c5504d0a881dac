#include "stemma/ops/product.h"

#include <dnnl.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "stemma/base/parallel.h"

namespace stemma {

namespace {

float activated(Activation f, float x) {
  switch (f) {
    case Activation::none:
      return x;
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::gelu:
      return x * 0.5f * (1 + std::erf(x * 0.70710678f));
    case Activation::gelu_tanh:
      return 0.5f * x * (1 + std::tanh(0.79788456f * (x + 0.044715f * x * x * x)));
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
  }
  return x;
}

void finish(const ProductCall& p) {
  if (!p.bias && !p.residual && !p.sums && p.activation == Activation::none) return;
  parallel_for(p.m, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < p.n; ++j) {
        float& c = p.c[i * p.stride + j];
        if (p.bias) c += p.bias[j];
        if (p.sums) p.sums[i * p.stride + j] = c;
        c = activated(p.activation, c);
        if (p.residual) c += p.residual[i * p.stride + j];
      }
  });
}

// An operand as f32, rounded to bf16 first where asked.
Tensor widened(const MatrixView& v, int64_t rows, int64_t cols) {
  Tensor out(rows, cols);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j)
      out.data()[i * cols + j] = v.type == Type::bf16
                                     ? float(static_cast<const bf16*>(v.data)[i * v.stride + j])
                                     : float(bf16(static_cast<const float*>(v.data)[i * v.stride + j]));
  return out;
}

}  // namespace

MatrixView view(const Tensor& x, bool transposed) { return {x.raw(), x.cols(), x.type(), transposed}; }

void product(const ProductCall& call) {
  if (call.m == 0 || call.n == 0) return;
  ProductCall p = call;
  Tensor a, b;
  if (p.a.type == Type::bf16 || p.precision == Type::bf16)
    a = p.a.transposed ? widened(p.a, p.k, p.m) : widened(p.a, p.m, p.k), p.a = view(a, p.a.transposed);
  if (p.b.type == Type::bf16 || p.precision == Type::bf16)
    b = p.b.transposed ? widened(p.b, p.n, p.k) : widened(p.b, p.k, p.n), p.b = view(b, p.b.transposed);
  if (p.k > 0) {
    const auto status =
        dnnl_sgemm(p.a.transposed ? 'T' : 'N', p.b.transposed ? 'T' : 'N', p.m, p.n, p.k, p.alpha,
                   static_cast<const float*>(p.a.data), std::max<int64_t>(p.a.stride, 1),
                   static_cast<const float*>(p.b.data), std::max<int64_t>(p.b.stride, 1), p.beta, p.c, p.stride);
    check(status == dnnl_success, "oneDNN: product [", p.m, ", ", p.k, "] [", p.k, ", ", p.n,
          "] failed: ", int(status));
  } else {
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j) p.c[i * p.stride + j] = p.beta == 0 ? 0 : p.beta * p.c[i * p.stride + j];
  }
  finish(p);
}

void product(const Tensor& a, const Tensor& b, const Tensor& c, const ProductInto& how) {
  product({.m = c.rows(),
           .n = c.cols(),
           .k = how.transposed.a ? a.rows() : a.cols(),
           .a = view(a, how.transposed.a),
           .b = view(b, how.transposed.b),
           .c = c.data(),
           .stride = c.cols(),
           .alpha = how.alpha,
           .beta = how.beta});
}

bool native_bf16() { return __builtin_cpu_supports("avx512bf16"); }

double product_rate(Type precision, int64_t m, int64_t n, int64_t k) {
  const Tensor a = Tensor::full(m, k, 1), b = Tensor::full(n, k, 1), c(m, n);
  const Precision on(precision);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    product(a, b, c, {.transposed = {.b = true}});
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2e-9 * double(m) * double(n) * double(k) / seconds.count());
  }
  return best;
}

}  // namespace stemma
