// For each row of d elements, with x^ = (x - m) r:
//
//   layer_norm   m = mean x    r = 1 / sqrt(mean (x - m)^2 + eps)    y = g x^ + b
//   rms_norm     m = 0         r = 1 / sqrt(mean x^2 + eps)          y = g x^
//
//   h = g dy     dx = r (h - [layer_norm: mean h] - x^ mean(h x^))
//   dg = sum over rows dy x^     db = sum over rows dy
//
// m and r are kept, [N, 2]. dg and db are summed in blocks of fixed size, so that threads do not change them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/norm.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// b null: rms_norm. stats: m and r of each row.
void norm(const float* x, const float* g, const float* b, float eps, float* y, float* stats, int64_t rows, int64_t d) {
  for (int64_t row = 0; row < rows; ++row, x += d, y += d, stats += 2) {
    const float mean = b ? row_sum(x, d) / float(d) : 0;
    const V m = all(mean);
    const float variance = sum_vectors(d,
                                       [&](int64_t i, int64_t left) {
                                         const V centred = hn::Sub(load(x + i, left), m);
                                         return hn::Mul(centred, centred);
                                       }) /
                           float(d);
    const float scale = 1 / std::sqrt(variance + eps);
    const V r = all(scale);
    for_vectors(d, [&](int64_t i, int64_t left) {
      const V normal = hn::Mul(hn::Sub(load(x + i, left), m), r), gain = load(g + i, left);
      store(b ? hn::MulAdd(normal, gain, load(b + i, left)) : hn::Mul(normal, gain), y + i, left);
    });
    stats[0] = mean, stats[1] = scale;
  }
}

// dg and db are added to; db null: rms_norm.
void norm_backward(const float* x, const float* g, const float* stats, const float* dy, float* dx, float* dg, float* db,
                   int64_t rows, int64_t d) {
  for (int64_t row = 0; row < rows; ++row, x += d, dy += d, dx += d, stats += 2) {
    const V m = all(stats[0]), r = all(stats[1]);
    V sum = hn::Zero(D()), dot = hn::Zero(D());
    for_vectors(d, [&](int64_t i, int64_t left) {
      const V normal = hn::Mul(hn::Sub(load(x + i, left), m), r), dyi = load(dy + i, left);
      const V h = hn::Mul(load(g + i, left), dyi);  // zero in the lanes past the row
      sum = hn::Add(sum, h);
      dot = hn::MulAdd(h, normal, dot);
      store(hn::MulAdd(dyi, normal, load(dg + i, left)), dg + i, left);
      if (db) add_to(db + i, dyi, left);
    });
    const V mean = db ? all(hn::GetLane(hn::SumOfLanes(D(), sum)) / float(d)) : hn::Zero(D());
    const V slope = all(hn::GetLane(hn::SumOfLanes(D(), dot)) / float(d));
    for_vectors(d, [&](int64_t i, int64_t left) {
      const V normal = hn::Mul(hn::Sub(load(x + i, left), m), r);
      const V h = hn::Mul(load(g + i, left), load(dy + i, left));
      store(hn::Mul(r, hn::NegMulAdd(normal, slope, hn::Sub(h, mean))), dx + i, left);
    });
  }
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

HWY_EXPORT(norm);
HWY_EXPORT(norm_backward);

namespace {

constexpr int64_t row_block = 64;

void forward_cpu(const Tensor& x, const Tensor& g, const Tensor& b, const Tensor& y, const Tensor& stats, float eps) {
  const int64_t d = x.cols();
  const float* shift = b ? b.data() : nullptr;
  parallel_for(x.rows(), row_grain(d), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(norm)
    (x.data() + begin * d, g.data(), shift, eps, y.data() + begin * d, stats.data() + 2 * begin, end - begin, d);
  });
}
// dg, db: [blocks, d], the sums over each block of rows; db empty: rms_norm.
void backward_cpu(const Tensor& x, const Tensor& g, const Tensor& stats, const Tensor& dy, const Tensor& dx,
                  const Tensor& dg, const Tensor& db) {
  const int64_t d = x.cols();
  parallel_for(dg.rows(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      float *block_dg = dg.data() + block * d, *block_db = db ? db.data() + block * d : nullptr;
      std::fill_n(block_dg, d, 0.0f);
      if (db) std::fill_n(block_db, d, 0.0f);
      const int64_t row = block * row_block;
      HWY_DYNAMIC_DISPATCH(norm_backward)
      (x.data() + row * d, g.data(), stats.data() + 2 * row, dy.data() + row * d, dx.data() + row * d, block_dg,
       block_db, std::min(row_block, x.rows() - row), d);
    }
  });
}
constexpr Kernel<void(const Tensor& x, const Tensor& g, const Tensor& b, const Tensor& y, const Tensor& stats,
                      float eps)>
    forward_kernel{"norm", forward_cpu, ON_CUDA(norm_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& g, const Tensor& stats, const Tensor& dy, const Tensor& dx,
                      const Tensor& dg, const Tensor& db)>
    backward_kernel{"norm backward", backward_cpu, ON_CUDA(norm_backward_cuda)};

void check_gain(const char* op, const Tensor& x, const Tensor& g) {
  check(g.rows() == 1 && g.cols() == x.cols(), op, " of ", x, ": gain or bias ", g, " is not [1, ", x.cols(), "]");
}

Tensor norm_op(const Tensor& x, const Tensor& g, const Tensor& b, float eps) {
  Tensor y = Tensor::like(x), stats(x.rows(), 2);
  forward_kernel(x, g, b, y, stats, eps);
  return record(y, {x, g, b}, [x = x.detach(), g = g.detach(), centred = bool(b), stats](const Tensor& dy) {
    const int64_t blocks = (x.rows() + row_block - 1) / row_block;
    Tensor dx = Tensor::like(x), dg(blocks, x.cols()), db = centred ? Tensor(blocks, x.cols()) : Tensor();
    backward_kernel(x, g, stats, dy, dx, dg, db);
    return Grads{dx, sum_rows(dg), centred ? sum_rows(db) : Tensor()};
  });
}

}  // namespace

Tensor layer_norm_definition(const Tensor& x, const Tensor& g, const Tensor& b, float eps) {
  const Tensor centred = x - mean_cols(x);
  return centred / sqrt(mean_cols(square(centred)) + eps) * g + b;
}
Tensor rms_norm_definition(const Tensor& x, const Tensor& g, float eps) {
  return x / sqrt(mean_cols(square(x)) + eps) * g;
}

Tensor layer_norm(const Tensor& x, const Tensor& g, const Tensor& b, float eps) {
  check_gain("layer_norm", x, g);
  check_gain("layer_norm", x, b);
  return norm_op(x, g, b, eps);
}
Tensor rms_norm(const Tensor& x, const Tensor& g, float eps) {
  check_gain("rms_norm", x, g);
  return norm_op(x, g, {}, eps);
}

}  // namespace stemma
#endif
