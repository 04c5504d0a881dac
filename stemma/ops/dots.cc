#include "stemma/ops/dots.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/memory.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/dots.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/operand-inl.h"
#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// c = f(c + bias) + residual in rows x cols from (i0, j0)
void finish(const ProductCall& p, int64_t i0, int64_t rows, int64_t j0, int64_t cols) {
  if (!p.bias && !p.residual && !p.relu) return;
  for (int64_t i = i0; i < i0 + rows; ++i)
    for_vectors(cols, [&](int64_t at, int64_t left) {
      const int64_t j = j0 + at, ij = i * p.stride + j;
      V c = load(p.c + ij, left);
      if (p.bias) c = hn::Add(c, load(p.bias + j, left));
      if (p.relu) c = hn::IfThenElse(hn::Lt(c, hn::Zero(D())), hn::Zero(D()), c);  // NaN stays
      if (p.residual) c = hn::Add(c, load(p.residual + ij, left));
      store(c, p.c + ij, left);
    });
}

// Up to so many rows of A as f32 are a group: for each vector of k all of its rows, side by side; past the end zeros.
constexpr int64_t most_dots = 8;
// A step reads one line of the cache, in the order of memory where rows of f32 follow each other.
template <class Read>
constexpr int64_t dot_columns = std::clamp<int64_t>(64 / (width * Read::bytes), 1, 4);

// The group x of R rows from i0 on times a few rows of B's memory from j0 on. `first`: nobody has read these before, so
// what comes is asked for.
template <class Read, int64_t R>
HWY_NOINLINE void dots(const ProductCall& p, const float* x, int64_t i0, int64_t j0, bool first) {
  constexpr int64_t C = dot_columns<Read>, fours = (R * C + 3) / 4 * 4;
  constexpr int64_t bytes = C * width * Read::bytes, soon = 1024 * Read::bytes;
  const char* next = static_cast<const char*>(p.b.data) + j0 * p.b.stride * Read::bytes + soon;
  int64_t row[C];
  for (int64_t j = 0; j < C; ++j) row[j] = std::min(j0 + j, p.n - 1) * p.b.stride;
  V sum[fours], w[C];
#pragma GCC unroll 32
  for (int64_t i = 0; i < fours; ++i) sum[i] = hn::Zero(D());
  const auto add = [&] HWY_ATTR {
#pragma GCC unroll 8
    for (int64_t i = 0; i < R; ++i, x += width) {
      const V v = hn::LoadU(D(), x);
#pragma GCC unroll 4
      for (int64_t j = 0; j < C; ++j) sum[i * C + j] = hn::MulAdd(v, w[j], sum[i * C + j]);
    }
  };
  int64_t k = 0;
  for (; k + width <= p.k; k += width, next += bytes) {
    if (first) __builtin_prefetch(next);
#pragma GCC unroll 4
    for (int64_t j = 0; j < C; ++j) w[j] = Read::read(D(), p.b.data, row[j] + k);
    add();
  }
  if (k < p.k) {
    for (int64_t j = 0; j < C; ++j) {
      float rest[width] = {};
      for (int64_t q = k; q < p.k; ++q) rest[q - k] = Read::one(p.b.data, row[j] + q);
      w[j] = hn::LoadU(D(), rest);
    }
    add();
  }
  float sums[fours];
  for (int64_t i = 0; i < fours; i += 4) sums_of_four(sum + i, sums + i);
  for (int64_t i = 0; i < R; ++i) {
    float* const c = p.c + (i0 + i) * p.stride + j0;
    for (int64_t j = 0; j < std::min(C, p.n - j0); ++j)
      c[j] = p.beta == 0 ? p.alpha * sums[i * C + j] : p.alpha * sums[i * C + j] + p.beta * c[j];
  }
}
// Columns [j, end).
template <class Read, int64_t R>
void dots_of_group(int64_t rows, const ProductCall& p, const float* x, int64_t i, int64_t j, int64_t end) {
  if constexpr (R > 1)
    if (rows < R) return dots_of_group<Read, R - 1>(rows, p, x, i, j, end);
  for (; j < end; j += dot_columns<Read>) dots<Read, R>(p, x, i, j, i == 0);
}

template <class Read>
void copy_groups(const ProductCall& p, const Tensor& groups) {
  for (int64_t i = 0; i < p.m; ++i) {
    const int64_t group = i / most_dots * most_dots, step = std::min(most_dots, p.m - group) * width;
    float* to = groups.data() + group * groups.cols() + (i - group) * width;
    for (int64_t k = 0; k < p.k; k += width, to += step) {
      if (!p.a.transposed && k + width <= p.k) {
        hn::StoreU(Read::read(D(), p.a.data, i * p.a.stride + k), D(), to);
        continue;
      }
      const auto at = [&](int64_t q) { return p.a.transposed ? q * p.a.stride + i : i * p.a.stride + q; };
      for (int64_t q = k; q < k + width; ++q) to[q - k] = q < p.k ? Read::one(p.a.data, at(q)) : 0;
    }
  }
}
Tensor groups_of(const ProductCall& p) {
  Tensor groups(p.m, padded(p.k));
  if (p.a.type == Type::bf16)
    copy_groups<Widened>(p, groups);
  else
    p.precision == Type::bf16 ? copy_groups<Rounded>(p, groups) : copy_groups<AsIs>(p, groups);
  return groups;
}

template <class Read>
void dots_of(const ProductCall& p) {
  constexpr int64_t columns = 8;  // that stay near while all groups meet them
  const Tensor groups = groups_of(p);
  const int64_t grain = std::max<int64_t>(1, (1 << 15) / groups.size());
  parallel_for(pieces(p.n, columns), grain, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * columns, last = std::min(end * columns, p.n);
    for (int64_t j = first; j < last; j += columns)
      for (int64_t i = 0; i < p.m; i += most_dots)
        dots_of_group<Read, most_dots>(std::min(most_dots, p.m - i), p, groups.data() + i * groups.cols(), i, j,
                                       std::min(j + columns, last));
    finish(p, 0, p.m, first, last - first);
  });
}
void dot(const ProductCall& p) {
  if (p.b.type == Type::bf16) return dots_of<Widened>(p);
  p.precision == Type::bf16 ? dots_of<Rounded>(p) : dots_of<AsIs>(p);
}
void finish_all(const ProductCall& p) {
  parallel_for(p.m, 16, [&](int64_t begin, int64_t end) { finish(p, begin, end - begin, 0, p.n); });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

HWY_EXPORT(dot);
HWY_EXPORT(finish_all);
void dot_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(dot)(call); }
void finish_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(finish_all)(call); }

}  // namespace stemma
#endif
