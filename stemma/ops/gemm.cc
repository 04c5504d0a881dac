#include "stemma/ops/gemm.h"

#include <hwy/cache_control.h>

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/memory.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/gemm.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr int64_t width = int64_t(hn::MaxLanes(D()));

// ---- how an operand's elements are read -----------------------------------------------------------------------------
struct AsIs {
  static constexpr int64_t bytes = 4;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    return hn::LoadU(d, static_cast<const float*>(data) + i);
  }
  static float one(const void* data, int64_t i) { return static_cast<const float*>(data)[i]; }
};
struct Rounded {  // f32 to the nearest bf16
  static constexpr int64_t bytes = 4;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    const hn::RebindToUnsigned<Tag> du;
    const auto v = AsIs::read(d, data, i);
    const auto u = hn::BitCast(du, v);
    const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(du, 1));
    const auto near = hn::And(hn::Add(u, hn::Add(odd, hn::Set(du, 0x7FFF))), hn::Set(du, 0xFFFF0000));
    return hn::IfThenElse(hn::IsNaN(v), v, hn::BitCast(d, near));
  }
  static float one(const void* data, int64_t i) { return float(bf16(AsIs::one(data, i))); }
};
struct Widened {  // bf16
  static constexpr int64_t bytes = 2;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    const hn::RebindToUnsigned<Tag> du;
    const auto half = hn::LoadU(hn::Rebind<uint16_t, Tag>(), static_cast<const uint16_t*>(data) + i);
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, half)));
  }
  static float one(const void* data, int64_t i) { return float(static_cast<const bf16*>(data)[i]); }
};

// An operand whose elements the kernel cannot take as they lie is copied as f32.
template <class Read>
void widen(const MatrixView& x, const Tensor& to) {
  parallel_for(to.rows(), row_grain(to.cols()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* const row = to.data() + i * to.cols();
      int64_t j = 0;
      for (; j + width <= to.cols(); j += width) hn::StoreU(Read::read(D(), x.data, i * x.stride + j), D(), row + j);
      for (; j < to.cols(); ++j) row[j] = Read::one(x.data, i * x.stride + j);
    }
  });
}
// op(x) is [rows, cols]; memory holds the copy.
MatrixView as_f32(const MatrixView& x, int64_t rows, int64_t cols, Type precision, Tensor& memory) {
  if (x.type == Type::f32 && precision == Type::f32) return x;
  memory = x.transposed ? Tensor(cols, rows) : Tensor(rows, cols);
  x.type == Type::bf16 ? widen<Widened>(x, memory) : widen<Rounded>(x, memory);
  return view(memory, x.transposed);
}

// ---- panels ---------------------------------------------------------------------------------------------------------
const float* floats(const MatrixView& x) { return static_cast<const float*>(x.data); }

constexpr int64_t at_once = 16;  // rows that a copy takes before it goes on; the next ones are asked for meanwhile

// Columns of op(B) from j on, `count` of k from k0 on. What is missing are zeros or copies, which reach no element of
// C.
void pack(const ProductCall& p, int64_t j, int64_t k0, int64_t count, float* HWY_RESTRICT to) {
  const int64_t there = std::min(panel_cols, p.n - j), stride = p.b.stride;
  if (there < panel_cols) std::fill_n(to, count * panel_cols, 0.0f);
  if (p.b.transposed) return transpose_scaled(floats(p.b) + j * stride + k0, stride, there, count, 1, {to, panel_cols});
  const float* from = floats(p.b) + k0 * stride + j;
  for (int64_t k = 0; k < count; ++k, from += stride, to += panel_cols)
    for_vectors(there, [&](int64_t i, int64_t left) HWY_ATTR {
      __builtin_prefetch(from + i + at_once * stride);
      hn::StoreU(load(from + i, left), D(), to + i);
    });
}

// Rows of A as the kernel reads them, `count` of k from k0 on: where they lie, or copied.
struct Rows {
  const float* data;
  int64_t stride;
};
bool as_they_lie(const ProductCall& p) { return !p.a.transposed && p.alpha == 1; }
Rows rows_of(const ProductCall& p, int64_t i0, int64_t i1, int64_t k0, int64_t count, const Tensor& copy) {
  const auto& [data, stride] = Rows{floats(p.a), p.a.stride};
  if (as_they_lie(p)) return {data + i0 * stride + k0, stride};
  if (p.a.transposed) {
    for (int64_t k = 0; k < count; k += at_once) {
      const float* const from = data + (k0 + k) * stride + i0;
      for (int64_t r = at_once; r < 2 * at_once; ++r)
        for (int64_t i = 0; i < i1 - i0; i += line) __builtin_prefetch(from + r * stride + i);
      transpose_scaled(from, stride, std::min(at_once, count - k), i1 - i0, p.alpha, {copy.data() + k, copy.cols()});
    }
  } else {
    for (int64_t i = i0; i < i1; ++i)
      for_vectors(count, [&](int64_t k, int64_t left) HWY_ATTR {
        hn::StoreU(hn::Mul(all(p.alpha), load(data + i * stride + k0 + k, left)), D(),
                   copy.data() + (i - i0) * copy.cols() + k);
      });
  }
  return {copy.data(), copy.cols()};
}

// Cuts of k are alike, none much deeper than the second cache holds.
int64_t depth_of_cuts(int64_t k) { return pieces(k, std::max<int64_t>(1, (k + depth / 2) / depth)); }

// A C that does not fit the second cache and is only written need not be read: whole lines go past the caches.
bool writes_past(const ProductCall& p) {
  return p.m * p.n >= (1 << 19) && depth_of_cuts(p.k) == p.k && p.beta == 0 && !p.bias && !p.residual && !p.relu &&
         p.stride % width == 0 && reinterpret_cast<uintptr_t>(p.c) % (width * sizeof(float)) == 0;
}

// Few rows: each thread packs a panel, which then is near, and multiplies it.
void by_columns(const ProductCall& p) {
  const Tensor copy = as_they_lie(p) ? Tensor() : Tensor(p.m, padded(p.k));
  const Rows a = rows_of(p, 0, p.m, 0, p.k, copy);
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / ((p.m + 4) * p.k));
  parallel_for(pieces(p.n, panel_cols), grain, [&](int64_t begin, int64_t end) {
    const Tensor own(p.k, panel_cols);
    for (int64_t j = begin * panel_cols; j < std::min(end * panel_cols, p.n); j += panel_cols) {
      pack(p, j, 0, p.k, own.data());
      const float* const next = p.b.transposed ? floats(p.b) + (j + panel_cols) * p.b.stride : own.data();
      for (int64_t k = 0, deep = depth_of_cuts(p.k); k < p.k; k += deep)
        panel(p, own.data() + k * panel_cols, j, {0, p.m, k, std::min(deep, p.k - k), a.data + k, a.stride},
              next + k * panel_cols);
    }
  });
}

// Of all panels, `count` rows from k on.
struct Panels {
  const float* data;
  int64_t k, count;
};
// Rows [from, to) of C: a block of A meets all panels.
void multiply_rows(const ProductCall& p, const Panels& b, int64_t from, int64_t to) {
  const int64_t rows = to - from, blocks = std::max<int64_t>(1, (rows + block_rows / 2) / block_rows);
  const int64_t deep = depth_of_cuts(p.k), size = b.count * panel_cols;
  const Tensor copy = as_they_lie(p) ? Tensor() : Tensor(pieces(rows, blocks), padded(deep));
  const bool past = writes_past(p);
  for (int64_t i = 0; i < blocks; ++i)
    for (int64_t k = 0; k < b.count; k += deep) {
      const int64_t i0 = from + rows * i / blocks, i1 = from + rows * (i + 1) / blocks;
      const int64_t count = std::min(deep, b.count - k);
      const Rows a = rows_of(p, i0, i1, b.k + k, count, copy);
      for (int64_t j = 0; j < p.n; j += panel_cols) {
        const float* const at = b.data + j / panel_cols * size + k * panel_cols;
        panel(p, at, j, {i0, i1, b.k + k, count, a.data, a.stride, past}, at + size);
      }
    }
  if (past) hwy::FlushStream();
}

void pack_all(const ProductCall& p, int64_t k0, int64_t count, float* to) {
  const int64_t panels = pieces(p.n, panel_cols), size = count * panel_cols;
  if (p.b.transposed)
    return parallel_for(panels, std::max<int64_t>(1, (1 << 14) / size), [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) pack(p, j * panel_cols, k0, count, to + j * size);
    });
  // Memory is read in its own order.
  parallel_for(pieces(count, at_once), std::max<int64_t>(1, (1 << 14) / (p.n * at_once)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t k = begin * at_once; k < std::min(end * at_once, count); k += at_once)
                   for (int64_t j = 0; j < panels; ++j)
                     pack(p, j * panel_cols, k0 + k, std::min(at_once, count - k), to + j * size + k * panel_cols);
               });
}
void by_rows(const ProductCall& p) {
  // All of op(B), so that a block of C is ready at once; of a large one what the second cache holds beside it.
  constexpr int64_t large = 1 << 20;
  const int64_t deep = p.n * p.k < large ? p.k : depth_of_cuts(p.k);
  const Tensor panels(pieces(p.n, panel_cols) * deep, panel_cols);
  for (int64_t k = 0; k < p.k; k += deep) {
    const Panels b{panels.data(), k, std::min(deep, p.k - k)};
    pack_all(p, k, b.count, panels.data());
    parallel_for(pieces(p.m, most_rows), 2, [&](int64_t begin, int64_t end) {
      multiply_rows(p, b, begin * most_rows, std::min(end * most_rows, p.m));
    });
  }
}

void packed(const ProductCall& call) {
  Tensor a, b;
  ProductCall p = call;
  p.a = as_f32(call.a, p.m, p.k, p.precision, a);
  p.b = as_f32(call.b, p.k, p.n, p.precision, b);
  p.m < 2 * block_rows ? by_columns(p) : by_rows(p);
}

// ---- dot products ---------------------------------------------------------------------------------------------------
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
bool has_many_registers() { return HWY_TARGET <= HWY_AVX3; }
void finish_all(const ProductCall& p) {
  parallel_for(p.m, 16, [&](int64_t begin, int64_t end) { finish(p, begin, end - begin, 0, p.n); });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

HWY_EXPORT(packed);
HWY_EXPORT(dot);
HWY_EXPORT(finish_all);
HWY_EXPORT(has_many_registers);
void packed_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(packed)(call); }
bool packed_is_best() { return HWY_DYNAMIC_DISPATCH(has_many_registers)(); }
void dot_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(dot)(call); }
void finish_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(finish_all)(call); }

}  // namespace stemma
#endif
