// linear    z = x W^T + b,  y = f(z) + r
//   dz = dy f'(z);  dx = dz W;  dW = dz^T x;  db = sum of the rows of dz;  dr = dy
// Kept for backward: x, and y where f' follows from it (relu, tanh, sigmoid), else z.
#include <algorithm>
#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/ops/product.h"

namespace stemma {

namespace {

bool needs_z(Activation f) { return f == Activation::gelu || f == Activation::gelu_tanh || f == Activation::silu; }

// f'(z), from z where needs_z(f), else from y = f(z).
float slope(Activation f, float v) {
  switch (f) {
    case Activation::none:
      return 1;
    case Activation::relu:
      return v > 0 ? 1 : 0;
    case Activation::tanh:
      return 1 - v * v;
    case Activation::sigmoid:
      return v * (1 - v);
    case Activation::silu: {
      const float s = 1 / (1 + std::exp(-v));
      return s * (1 + v * (1 - s));
    }
    case Activation::gelu:
      return 0.5f * (1 + std::erf(v * 0.70710678f)) + v * 0.39894228f * std::exp(-0.5f * v * v);
    case Activation::gelu_tanh: {
      const float t = std::tanh(0.79788456f * (v + 0.044715f * v * v * v));
      return 0.5f * (1 + t) + 0.5f * v * (1 - t * t) * 0.79788456f * (1 + 0.134145f * v * v);
    }
  }
  return 1;
}

Tensor times_slope(Activation f, const Tensor& dy, const Tensor& saved) {
  if (f == Activation::none) return dy;
  Tensor dz(dy.rows(), dy.cols());
  parallel_for(dy.size(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dz.data()[i] = dy.data()[i] * slope(f, saved.data()[i]);
  });
  return dz;
}

void add_column_sums(const Destination& db, const Tensor& dz) {
  const int64_t n = dz.cols();
  parallel_for(n, 64, [&](int64_t begin, int64_t end) {
    float* sum = db.grad.data();
    if (db.fresh) std::fill(sum + begin, sum + end, 0.0f);
    for (int64_t i = 0; i < dz.rows(); ++i)
      for (int64_t j = begin; j < end; ++j) sum[j] += dz.data()[i * n + j];
  });
}

void check_shapes(const Tensor& x, const Tensor& W, const LinearExtras& e) {
  check(x.cols() == W.cols(), "linear: x ", x, " does not fit W ", W);
  check(!e.b || (e.b.rows() == 1 && e.b.cols() == W.rows()), "linear: b ", e.b, " does not fit W ", W);
  check(!e.residual || (e.residual.rows() == x.rows() && e.residual.cols() == W.rows()), "linear: residual ",
        e.residual, " does not fit x ", x, " and W ", W);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& W, const LinearExtras& extras) {
  const auto& [b, r, f] = extras;
  if (r && f != Activation::none) {
    LinearExtras inner = extras;
    inner.residual = {};
    return linear(x, W, inner) + r;
  }
  check_shapes(x, W, extras);
  Tensor y(x.rows(), W.rows(), Type::f32, x.splits()), z;
  const bool tracked = detail::any_tracked({x, W, b});
  if (tracked && needs_z(f)) z = Tensor(y.rows(), y.cols());
  product({.m = y.rows(),
           .n = y.cols(),
           .k = x.cols(),
           .a = view(x),
           .b = view(W, true),
           .c = y.data(),
           .stride = y.cols(),
           .bias = b ? b.data() : nullptr,
           .residual = r ? r.data() : nullptr,
           .activation = f,
           .sums = z ? z.data() : nullptr});
  const Tensor saved = needs_z(f) ? z : f == Activation::none ? Tensor() : y;
  return record(y, {x, W, b, r}, [x, W, b = b, r = r, f = f, saved](const Tensor& dy) {
    const Tensor dz = times_slope(f, dy, saved);
    if (const auto dx = gradient_of(x)) product(dz, W, dx.grad, {.beta = dx.fresh ? 0.0f : 1.0f});
    if (const auto dW = gradient_of(W))
      product(dz, x, dW.grad, {.transposed = {.a = true}, .beta = dW.fresh ? 0.0f : 1.0f});
    if (const auto db = gradient_of(b)) add_column_sums(db, dz);
    return Grads{{}, {}, {}, r ? dy : Tensor()};
  });
}

}  // namespace stemma
