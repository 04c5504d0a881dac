// For each row:
//
//   softmax        y = e^x / s,       s = sum e^x      dx = y (dy - sum y dy)
//   log_softmax    y = x - log s                       dx = dy - e^y sum dy
//
// x is first lowered by its greatest element, which changes nothing but the range.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/softmax.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

void softmax_row(const float* x, float* y, int64_t n) {
  const V most = all(row_max(x, n));
  const float sum = sum_vectors(n, [&](int64_t i, int64_t left) {
    const V e = exp(hn::Sub(load(x + i, left), most));
    store(e, y + i, left);
    return e;
  });
  const V scale = all(1 / sum);
  for_vectors(n, [&](int64_t i, int64_t left) { store(hn::Mul(load(y + i, left), scale), y + i, left); });
}
void softmax_row_backward(const float* y, const float* dy, float* dx, int64_t n) {
  const V dot = all(row_dot(y, dy, n));
  for_vectors(n, [&](int64_t i, int64_t left) {
    store(hn::Mul(load(y + i, left), hn::Sub(load(dy + i, left), dot)), dx + i, left);
  });
}
void log_softmax_row(const float* x, float* y, int64_t n) {
  const float most = row_max(x, n);
  const float sum = sum_vectors(n, [&](int64_t i, int64_t left) { return exp(hn::Sub(load(x + i, left), all(most))); });
  const V shift = all(most), log_sum = log(all(sum));
  for_vectors(
      n, [&](int64_t i, int64_t left) { store(hn::Sub(hn::Sub(load(x + i, left), shift), log_sum), y + i, left); });
}
void log_softmax_row_backward(const float* y, const float* dy, float* dx, int64_t n) {
  const V sum = all(row_sum(dy, n));
  for_vectors(n, [&](int64_t i, int64_t left) {
    store(hn::NegMulAdd(exp(load(y + i, left)), sum, load(dy + i, left)), dx + i, left);
  });
}

template <auto Row>
void each_row(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) Row(x + r * n, y + r * n, n);
}
template <auto Row>
void each_row_backward(const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) Row(y + r * n, dy + r * n, dx + r * n, n);
}
void forward(bool logarithm, const float* x, float* y, int64_t rows, int64_t n) {
  (logarithm ? each_row<log_softmax_row> : each_row<softmax_row>)(x, y, rows, n);
}
void backward(bool logarithm, const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  (logarithm ? each_row_backward<log_softmax_row_backward> : each_row_backward<softmax_row_backward>)(y, dy, dx, rows,
                                                                                                      n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

namespace {

void forward_cpu(const Tensor& x, const Tensor& y, bool logarithm) {
  const int64_t d = x.cols();
  parallel_for(x.rows(), row_grain(d), [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward)(logarithm, from + begin * d, to + begin * d, end - begin, d);
  });
}
void backward_cpu(const Tensor& y, const Tensor& dy, const Tensor& dx, bool logarithm) {
  const int64_t d = y.cols();
  parallel_for(y.rows(), row_grain(d),
               [&, py = y.data(), from = dy.data(), to = dx.data()](int64_t begin, int64_t end) {
                 HWY_DYNAMIC_DISPATCH(backward)
                 (logarithm, py + begin * d, from + begin * d, to + begin * d, end - begin, d);
               });
}
constexpr Kernel<void(const Tensor& x, const Tensor& y, bool logarithm)> forward_kernel{"softmax", forward_cpu,
                                                                                        ON_CUDA(softmax_forward_cuda)};
constexpr Kernel<void(const Tensor& y, const Tensor& dy, const Tensor& dx, bool logarithm)> backward_kernel{
    "softmax backward", backward_cpu, ON_CUDA(softmax_backward_cuda)};

Tensor softmax_op(const Tensor& x, bool logarithm) {
  Tensor y = Tensor::like(x);
  forward_kernel(x, y, logarithm);
  return record(y, {x}, [y, logarithm](const Tensor& dy) {
    Tensor dx = Tensor::like(y);
    backward_kernel(y, dy, dx, logarithm);
    return Grads{dx};
  });
}

}  // namespace

Tensor softmax_definition(const Tensor& x) {
  const Tensor e = exp(x - max_cols(x).detach());
  return e / sum_cols(e);
}
Tensor log_softmax_definition(const Tensor& x) {
  const Tensor z = x - max_cols(x).detach();
  return z - log(sum_cols(exp(z)));
}

Tensor softmax(const Tensor& x) { return softmax_op(x, false); }
Tensor log_softmax(const Tensor& x) { return softmax_op(x, true); }

}  // namespace stemma
#endif
