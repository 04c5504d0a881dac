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

#include "stemma/ops/past-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// near: e^x of a row whose y goes past the caches. The next row is fetched while this one is written.
void softmax_row(const float* x, const Out& y, int64_t n, float* near) {
  const V most = all(row_max(x, n));
  float* const e = y.past ? near : y.data;
  const float sum = sum_vectors(n, [&](int64_t i, int64_t left) {
    const V v = exp(hn::Sub(load(x + i, left), most));
    store(v, e + i, left);
    return v;
  });
  const V scale = all(1 / sum);
  write_vectors(y, n, std::array{x + n}, [&](int64_t i, int64_t left) { return hn::Mul(load(e + i, left), scale); });
}
void softmax_row_backward(const float* y, const float* dy, const Out& dx, int64_t n) {
  const V dot = all(row_dot(y, dy, n));
  write_vectors(dx, n, std::array{y + n, dy + n},
                [&](int64_t i, int64_t left) { return hn::Mul(load(y + i, left), hn::Sub(load(dy + i, left), dot)); });
}
void log_softmax_row(const float* x, const Out& y, int64_t n) {
  const float most = row_max(x, n);
  const float sum = sum_vectors(n, [&](int64_t i, int64_t left) { return exp(hn::Sub(load(x + i, left), all(most))); });
  const V shift = all(most), log_sum = log(all(sum));
  write_vectors(y, n, std::array{x + n},
                [&](int64_t i, int64_t left) { return hn::Sub(hn::Sub(load(x + i, left), shift), log_sum); });
}
void log_softmax_row_backward(const float* y, const float* dy, const Out& dx, int64_t n) {
  const V sum = all(row_sum(dy, n));
  write_vectors(dx, n, std::array{y + n, dy + n}, [&](int64_t i, int64_t left) {
    return hn::NegMulAdd(exp(load(y + i, left)), sum, load(dy + i, left));
  });
}

void forward(bool logarithm, const float* x, const Out& y, int64_t rows, int64_t n, float* near) {
  for (int64_t r = 0; r < rows; ++r)
    logarithm ? log_softmax_row(x + r * n, y.from(r * n), n) : softmax_row(x + r * n, y.from(r * n), n, near);
}
void backward(bool logarithm, const float* y, const float* dy, const Out& dx, int64_t rows, int64_t n) {
  const auto row = logarithm ? log_softmax_row_backward : softmax_row_backward;
  for (int64_t r = 0; r < rows; ++r) row(y + r * n, dy + r * n, dx.from(r * n), n);
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
  const Out out(y);
  parallel_into(out, x.rows(), row_grain(d), [&, from = x.data()](int64_t begin, int64_t end) {
    const Tensor near(1, out.past && !logarithm ? d : 0);
    HWY_DYNAMIC_DISPATCH(forward)(logarithm, from + begin * d, out.from(begin * d), end - begin, d, near.data());
  });
}
void backward_cpu(const Tensor& y, const Tensor& dy, const Tensor& dx, bool logarithm) {
  const int64_t d = y.cols();
  const Out out(dx);
  parallel_into(out, y.rows(), row_grain(d), [&, py = y.data(), from = dy.data()](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward)
    (logarithm, py + begin * d, from + begin * d, out.from(begin * d), end - begin, d);
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
