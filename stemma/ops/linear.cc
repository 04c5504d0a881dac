// linear    z = x W^T + b,  y = f(z) + r
//   dz = dy f'(z);  dx = dz W;  dW = dz^T x;  db = sum of the rows of dz;  dr = dy
// Kept for backward: x, and of z and y = f(z) the one that f' is computed from. Where y is bf16, so are dy and dz: the
// products round dz anyway. A positive number is rounded to a positive one, so that relu' is as good of y.
#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/elementwise.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/product.h"
#include "stemma/tensor/kept.h"
#include "stemma/tensor/kernel.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/linear.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// sum (+)= the rows of x, added from the first to the last; each row is first made by `make(row, column, columns)`.
template <class T, class Make>
void sum_columns(const Tensor& x, const Destination& sum, Make&& make) {
  parallel_for(x.cols(), std::max<int64_t>(64, row_grain(x.rows())), [&](int64_t begin, int64_t end) {
    float* const total = sum ? sum.grad.data() + begin : nullptr;
    if (sum && sum.fresh) std::fill_n(total, end - begin, 0.0f);
    for (int64_t i = 0; i < x.rows(); ++i) {
      make(i, begin, end - begin);
      const T* const row = x.data<T>() + i * x.cols() + begin;
      if (sum) for_vectors(end - begin, [&](int64_t j, int64_t left) { add_to(total + j, load(row + j, left), left); });
    }
  });
}
void column_sums(const Tensor& x, const Destination& sum) {
  const auto made = [](int64_t, int64_t, int64_t) {};
  x.type() == Type::f32 ? sum_columns<float>(x, sum, made) : sum_columns<bf16>(x, sum, made);
}
// dz = dy f', and the sums of its columns while they are near.
void slope(const Tensor& kept, const Tensor& dy, const Tensor& dz, Activation f, const Destination& sum) {
  sum_columns<float>(dz, sum, [&](int64_t i, int64_t j, int64_t n) {
    const int64_t at = i * dz.cols() + j;
    apply_slope(function_of(f), kept.data() + at, dy.data() + at, dz.data() + at, n);
  });
}
void relu_slope(const Tensor& y, const Tensor& dy, const Tensor& dz, const Destination& sum) {  // all of bf16
  sum_columns<bf16>(dz, sum, [&](int64_t i, int64_t j, int64_t n) {
    const int64_t at = i * dz.cols() + j;
    for_vectors(n, [&](int64_t k, int64_t left) {
      const auto on = hn::Gt(load(y.data<bf16>() + at + k, left), all(0));
      store(hn::IfThenElseZero(on, load(dy.data<bf16>() + at + k, left)), dz.data<bf16>() + at + k, left);
    });
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(column_sums);
HWY_EXPORT(slope);
HWY_EXPORT(relu_slope);
void column_sums_cpu(const Tensor& x, const Destination& sum) { HWY_DYNAMIC_DISPATCH(column_sums)(x, sum); }
void slope_cpu(const Tensor& kept, const Tensor& dy, const Tensor& dz, Activation f, const Destination& sum) {
  if (dz.type() == Type::bf16) return HWY_DYNAMIC_DISPATCH(relu_slope)(kept, dy, dz, sum);
  HWY_DYNAMIC_DISPATCH(slope)(kept, dy, dz, f, sum);
}
void activate_cpu(const Tensor& z, const Tensor& y, Activation f) {
  parallel_for(z.size(), element_grain, [&](int64_t begin, int64_t end) {
    apply(function_of(f), z.data() + begin, y.data() + begin, end - begin);
  });
}
constexpr Kernel<void(const Tensor& x, const Destination& sum)> column_sums_kernel{"column sums", column_sums_cpu,
                                                                                   ON_CUDA(column_sums_cuda)};
constexpr Kernel<void(const Tensor& z, const Tensor& y, Activation f)> activate_kernel{"activation", activate_cpu,
                                                                                       ON_CUDA(activate_cuda)};
constexpr Kernel<void(const Tensor& kept, const Tensor& dy, const Tensor& dz, Activation f, const Destination& sum)>
    slope_kernel{"activation backward", slope_cpu, ON_CUDA(slope_cuda)};

void check_shapes(const Tensor& x, const Tensor& W, const LinearExtras& e) {
  check(x.cols() == W.cols(), "linear: x ", x, " does not fit W ", W);
  check(!e.b || (e.b.rows() == 1 && e.b.cols() == W.rows()), "linear: b ", e.b, " does not fit W ", W);
  check(!e.residual || (e.residual.rows() == x.rows() && e.residual.cols() == W.rows()), "linear: residual ",
        e.residual, " does not fit x ", x, " and W ", W);
}

Tensor activated(Activation f, const Tensor& z, const Tensor& y) {
  activate_kernel(z, y, f);
  return y;
}

// What no single node computes: something on top of an activation.
bool in_steps(const LinearExtras& e) {
  return e.activation != Activation::none && (e.residual || (e.type == Type::bf16 && e.activation != Activation::relu));
}

}  // namespace

void add_column_sums(const Tensor& x, const Destination& sum) { column_sums_kernel(x, sum); }

Tensor linear_definition(const Tensor& x, const Tensor& W, const LinearExtras& extras) {
  Tensor y = matmul(x, W, {.b = true});
  if (extras.b) y = y + extras.b;
  y = activate(extras.activation, y);
  return cast(extras.residual ? y + extras.residual : y, extras.type);
}

Tensor linear(const Tensor& x, const Tensor& W, const LinearExtras& extras) {
  const Profiled here("linear");
  check_shapes(x, W, extras);
  const auto& [b, r, f, type] = extras;
  if (in_steps(extras)) {
    const Tensor y = linear(x, W, {.b = b, .activation = f});
    return cast(r ? y + r : y, type);
  }
  const Tensor z(x.rows(), W.rows(), type, x.splits());
  product(into(z, {.m = z.rows(),
                   .n = z.cols(),
                   .k = x.cols(),
                   .a = view(x),
                   .b = view(W, true),
                   .bias = b ? b.data() : nullptr,
                   .residual = r ? r.data() : nullptr,
                   .relu = f == Activation::relu}));
  const bool needs_z = f != Activation::none && any_tracked({x, W, b}) && !keeps_output(function_of(f));
  Tensor y = needs_z ? Tensor::like(z) : z, kept;
  if (f != Activation::none && f != Activation::relu) activated(f, z, y);
  if (f != Activation::none) kept = keeps_output(function_of(f)) ? y : z;
  const auto back = [x = Kept(x), W, b = b, r = without_memory(r), f = f, kept](const Tensor& dy) {
    const auto db = gradient_of(b);
    const Tensor dz = kept && dy.shares_memory() ? Tensor::like(dy) : dy;  // else in its place: nobody needs dy again
    if (kept)
      slope_kernel(kept, dy, dz, f, db);
    else if (db)
      add_column_sums(dy, db);
    if (const auto dx = gradient_of(x.handle())) product(dz, W, dx.grad, {.beta = dx.fresh ? 0.0f : 1.0f});
    if (const auto dW = gradient_of(W))
      product(dz, x.value(), dW.grad, {.transposed = {.a = true}, .beta = dW.fresh ? 0.0f : 1.0f});
    return Grads{{}, {}, {}, r.tracked() ? cast(dy, r.type()) : Tensor()};
  };
  if (!needs_z) return record(y, {x, W, b, r}, back);
  record_all({&y}, {x, W, b, r}, Remakable(back, [z, f = f] { return activated(f, z, Tensor::like(z)); }));
  return y;
}

}  // namespace stemma
#endif
