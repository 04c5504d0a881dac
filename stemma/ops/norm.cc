// For each row of d elements, with x^ = (x - m) r:
//
//   layer_norm   m = mean x    r = 1 / sqrt(mean (x - m)^2 + eps)    y = g x^ + b
//   rms_norm     m = 0         r = 1 / sqrt(mean x^2 + eps)          y = g x^
//
//   h = g dy     dx = r (h - [layer_norm: mean h] - x^ mean(h x^))
//   dg = sum over rows dy x^     db = sum over rows dy
//
//   residual_norm   the norm of s = x + dropout(r, p)            dr = ds m / (1 - p)
//
// m and r are kept, [N, 2]. dg and db are summed in blocks of fixed size, so that threads do not change them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/norm.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "stemma/ops/past-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// One row; m and r are in stats. b null: rms_norm.
struct Row {
  const float *x, *g, *b;
  V m, r;
  Row(const float* x, const float* g, const float* b, const float* stats)
      : x(x), g(g), b(b), m(all(stats[0])), r(all(stats[1])) {}
  HWY_INLINE V normal(int64_t i, int64_t left) const {
    const V normal = hn::Mul(hn::Sub(load(x + i, left), m), r), gain = load(g + i, left);
    return b ? hn::MulAdd(normal, gain, load(b + i, left)) : hn::Mul(normal, gain);
  }
};
void normalise(const Row& row, const Out& y, int64_t d) {
  write_vectors(y, d, std::array{row.x + d}, [&](int64_t i, int64_t left) { return row.normal(i, left); });
}
void normalise(const Row& row, bf16* y, int64_t d) {
  for_vectors(d, [&](int64_t i, int64_t left) { store(row.normal(i, left), y + i, left); });
}
// Rows [begin, end) of y, f32 or bf16, from s and what is known of its rows.
void norm_again(const Tensor& s, const Tensor& g, const Tensor& b, const Tensor& stats, const Tensor& y, int64_t begin,
                int64_t end) {
  const int64_t d = s.cols();
  for (int64_t i = begin; i < end; ++i) {
    const Row row(s.data() + i * d, g.data(), b ? b.data() : nullptr, stats.data() + 2 * i);
    y.type() == Type::f32 ? normalise(row, Out(y).from(i * d), d) : normalise(row, y.data<bf16>() + i * d, d);
  }
}
void norm(const float* x, const float* g, const float* b, float eps, const Out& y, float* stats, int64_t rows,
          int64_t d) {
  for (int64_t row = 0; row < rows; ++row, x += d, stats += 2) {
    const float mean = b ? row_sum(x, d) / float(d) : 0;
    const V m = all(mean);
    const float variance = sum_vectors(d,
                                       [&](int64_t i, int64_t left) {
                                         const V centred = hn::Sub(load(x + i, left), m);
                                         return hn::Mul(centred, centred);
                                       }) /
                           float(d);
    stats[0] = mean, stats[1] = 1 / std::sqrt(variance + eps);
    normalise(Row(x, g, b, stats), y.from(row * d), d);
  }
}

// dg and db are added to; db null: rms_norm.
void norm_backward(const float* x, const float* g, const float* stats, const float* dy, const Out& dx, float* dg,
                   float* db, int64_t rows, int64_t d) {
  for (int64_t row = 0; row < rows; ++row, x += d, dy += d, stats += 2) {
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
    write_vectors(dx.from(row * d), d, std::array{x + d, dy + d}, [&](int64_t i, int64_t left) {
      const V normal = hn::Mul(hn::Sub(load(x + i, left), m), r);
      const V h = hn::Mul(load(g + i, left), load(dy + i, left));
      return hn::Mul(r, hn::NegMulAdd(normal, slope, hn::Sub(h, mean)));
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
#include "stemma/ops/mask.h"
#include "stemma/tensor/kept.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(norm);
HWY_EXPORT(norm_again);
HWY_EXPORT(norm_backward);

namespace {

// In blocks of rows that stay in the first cache.
constexpr int64_t near_size = 2048;
int64_t near_rows(int64_t d) { return near_size / std::clamp<int64_t>(d, 1, near_size); }

// s = x + the masked r, where there is r; then y, the norm of s.
struct Forward {
  Tensor x, r{}, s{};  // r and s empty: s is x
  Tensor g, b;         // b empty: rms_norm
  Tensor y, stats;
  float eps = 0;
  Mask mask = {};
  Device device() const { return x.device(); }
};
void forward_cpu(const Forward& f) {
  const int64_t d = f.x.cols(), block = near_rows(d);
  const float *g = f.g.data(), *b = f.b ? f.b.data() : nullptr;
  const Out y(f.y), s(f.r ? f.s : f.x);
  const bool apart = f.r && s.past;  // s is made in a near place and goes on from there
  parallel_into(y, f.x.rows(), row_grain(d), [&](int64_t begin, int64_t end) {
    const Tensor near(1, apart ? block * d : 0);
    for (int64_t i = begin; i < end; i += block) {
      const int64_t n = std::min(block, end - i), at = i * d;
      float* const rows = apart ? near.data() : s.data + at;
      const MaskedRows sum{f.r ? f.r.data() + at : nullptr, f.x.data() + at, rows, d, i, i + n};
      if (f.r) mask_rows(sum, f.mask);
      HWY_DYNAMIC_DISPATCH(norm)(rows, g, b, f.eps, y.from(at), f.stats.data() + 2 * i, n, d);
      if (apart) mask_rows({.x = rows, .y = s.from(at), .d = d, .begin = i, .end = i + n}, {});
    }
  });
}

// y once more, from s and what is known of its rows, in the type in which products read it.
struct Remake {
  Tensor s, g, b, stats;
  Device device() const { return s.device(); }
};
Tensor remake_cpu(const Remake& f) {
  Tensor y(f.s.rows(), f.s.cols(), precision(), f.s.splits());
  const auto rows = [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(norm_again)(f.s, f.g, f.b, f.stats, y, begin, end);
  };
  if (y.type() == Type::f32)
    parallel_into(Out(y), y.rows(), row_grain(y.cols()), rows);
  else
    parallel_for(y.rows(), row_grain(y.cols()), rows);
  return y;
}

struct Backward {
  Tensor s, g, stats, dy{};
  Tensor ds{}, dr{};  // out; dr empty: not wanted
  Tensor dg{}, db{};  // out, [blocks, d]: the sums over each block of rows; db empty: rms_norm
  Mask mask = {};
  Device device() const { return s.device(); }
};
constexpr int64_t row_block = 64;
// Rows from `row` on; near: where ds is made when it goes past the caches, while dr is made of it.
void rows_backward(const Backward& b, int64_t row, int64_t n, float* dg, float* db, float* near) {
  const int64_t d = b.s.cols(), at = row * d;
  const Out whole = Out(b.ds).from(at), ds = near ? Out(near) : whole;
  HWY_DYNAMIC_DISPATCH(norm_backward)
  (b.s.data() + at, b.g.data(), b.stats.data() + 2 * row, b.dy.data() + at, ds, dg, db, n, d);
  if (b.dr) mask_rows({.x = ds.data, .y = Out(b.dr).from(at), .d = d, .begin = row, .end = row + n}, b.mask);
  if (near) mask_rows({.x = near, .y = whole, .d = d, .begin = row, .end = row + n}, {});
}
void backward_cpu(const Backward& b) {
  const int64_t d = b.s.cols(), rows = b.s.rows(), step = b.dr ? std::min(row_block, near_rows(d)) : row_block;
  const Out ds(b.ds);
  parallel_into(ds, b.dg.rows(), 1, [&](int64_t begin, int64_t end) {
    const Tensor near(1, b.dr && ds.past ? step * d : 0);
    for (int64_t block = begin; block < end; ++block) {
      float *dg = b.dg.data() + block * d, *db = b.db ? b.db.data() + block * d : nullptr;
      std::fill_n(dg, d, 0.0f);
      if (db) std::fill_n(db, d, 0.0f);
      const int64_t last = std::min(rows, (block + 1) * row_block);
      for (int64_t row = block * row_block; row < last; row += step)
        rows_backward(b, row, std::min(step, last - row), dg, db, near.size() ? near.data() : nullptr);
    }
  });
}
constexpr Kernel<void(const Forward&)> forward_kernel{"norm", forward_cpu, ON_CUDA(norm_cuda)};
constexpr Kernel<Tensor(const Remake&)> remake_kernel{"norm again", remake_cpu, ON_CUDA(norm_again_cuda)};
constexpr Kernel<void(const Backward&)> backward_kernel{"norm backward", backward_cpu, ON_CUDA(norm_backward_cuda)};
Cost cost_of(const Forward& f) {
  return {.bytes = double(f.x.bytes() + f.y.bytes() + (f.r ? f.r.bytes() + f.s.bytes() : 0))};
}
Cost cost_of(const Remake& f) { return {.bytes = double(f.s.bytes()) + double(f.s.size() * bytes_of(precision()))}; }
Cost cost_of(const Backward& b) {
  return {.bytes = double(b.s.bytes() + b.dy.bytes() + b.ds.bytes() + (b.dr ? b.dr.bytes() : 0))};
}

void check_gain(const char* op, const Tensor& x, const Tensor& g) {
  check(g.rows() == 1 && g.cols() == x.cols(), op, " of ", x, ": gain or bias ", g, " is not [1, ", x.cols(), "]");
}

// dg and db, from their sums over blocks of rows.
Grads with_sums(Grads grads, const Backward& b) {
  grads.push_back(sum_rows(b.dg));
  grads.push_back(b.db ? sum_rows(b.db) : Tensor());
  return grads;
}
Backward run_backward(Backward b, const Tensor& dy, bool centred) {
  const int64_t blocks = pieces(dy.rows(), row_block);
  b.dy = dy, b.ds = Tensor::like(b.s), b.dg = Tensor(blocks, dy.cols());
  if (centred) b.db = Tensor(blocks, dy.cols());
  if (b.mask.threshold > 0) b.dr = Tensor::like(b.s);
  backward_kernel(b);
  return b;
}

// Whoever multiplies by y needs it again in backward, and s is kept anyway: y is made again.
Tensor record_norm(const Forward& f, Inputs inputs) {
  const Backward kept{.s = (f.r ? f.s : f.x).detach(), .g = f.g.detach(), .stats = f.stats, .mask = f.mask};
  const auto back = [kept, centred = bool(f.b), residual = bool(f.r)](const Tensor& dy) {
    const Backward done = run_backward(kept, dy, centred);
    return with_sums(residual ? Grads{done.ds, done.dr ? done.dr : done.ds} : Grads{done.ds}, done);
  };
  const Remake again{kept.s, kept.g, f.b.detach(), kept.stats};
  Tensor y = f.y;
  record_all({&y}, inputs, Remakable(back, [again] { return remake_kernel(again); }));
  return y;
}

Tensor norm_op(const Tensor& x, const Tensor& g, const Tensor& b, float eps) {
  const Forward f{.x = x, .g = g, .b = b, .y = Tensor::like(x), .stats = Tensor(x.rows(), 2), .eps = eps};
  forward_kernel(f);
  return record_norm(f, {x, g, b});
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

Tensor residual_norm_definition(const Tensor& x, const Tensor& r, const ResidualNorm& how) {
  const Tensor s = x + dropout(r, how.dropout);
  return how.b ? layer_norm_definition(s, how.g, how.b, how.eps) : rms_norm_definition(s, how.g, how.eps);
}
Tensor residual_norm(const Tensor& x, const Tensor& r, const ResidualNorm& how) {
  check_gain("residual_norm", x, how.g);
  if (how.b) check_gain("residual_norm", x, how.b);
  check(x.same_shape(r), "residual_norm of ", x, " and ", r);
  const Mask mask = draw_mask(r, how.dropout);
  const Forward f{.x = x,
                  .r = r,
                  .s = Tensor::like(x),
                  .g = how.g,
                  .b = how.b,
                  .y = Tensor::like(x),
                  .stats = Tensor(x.rows(), 2),
                  .eps = how.eps,
                  .mask = mask};
  forward_kernel(f);
  return record_norm(f, {x, r, how.g, how.b});
}

}  // namespace stemma
#endif
