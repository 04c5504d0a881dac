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

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// The tile of C that is held in registers: tile_rows x tile_vectors sums, which leaves room for a row of B and one
// element of A.
constexpr int64_t width = int64_t(hn::MaxLanes(D()));
#if HWY_TARGET <= HWY_AVX3
constexpr int64_t tile_rows = 12, tile_vectors = 2;
#else
constexpr int64_t tile_rows = 4, tile_vectors = 3;
#endif
constexpr int64_t tile_cols = tile_vectors * width;
// With AVX-512 the sums of a tile outlast the first cache: C, which is larger, is then written once, and the second
// cache feeds the tile fast enough. Elsewhere a panel of B of this depth fits the first cache.
constexpr int64_t depth = HWY_TARGET <= HWY_AVX3 ? 1024 : 256;
constexpr int64_t block_bytes = HWY_TARGET <= HWY_AVX3 ? 512 << 10 : 64 << 10;  // so much of A fits the second,
constexpr int64_t cols_at_once = 4096 / tile_cols * tile_cols;                  // these columns of B the third

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

// ---- panels ---------------------------------------------------------------------------------------------------------
// An operand of `size` rows of op(A), or columns of op(B). `along`: neighbours in k lie side by side.
struct Operand {
  const void* data;
  int64_t stride, size;
  bool along;
};
using Pack = void(const Operand& x, int64_t first, int64_t from, int64_t count, float* out);

#if HWY_TARGET != HWY_SCALAR
using D4 = hn::FixedTag<float, 4>;
// Four elements from each of four rows become four rows of four.
template <class Read>
HWY_INLINE void transpose4(const void* data, const int64_t* row, int64_t p, float* HWY_RESTRICT out, int64_t stride) {
  const D4 d;
  const auto r0 = Read::read(d, data, row[0] + p), r1 = Read::read(d, data, row[1] + p);
  const auto r2 = Read::read(d, data, row[2] + p), r3 = Read::read(d, data, row[3] + p);
  const auto even_low = hn::InterleaveLower(d, r0, r2), even_high = hn::InterleaveUpper(d, r0, r2);
  const auto odd_low = hn::InterleaveLower(d, r1, r3), odd_high = hn::InterleaveUpper(d, r1, r3);
  hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, out);
  hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, out + stride);
  hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, out + 2 * stride);
  hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, out + 3 * stride);
}
#endif

// out[p * n + i] = element (first + i, from + p) for p < count. Past the operand's end come copies of its last row or
// zeros: they reach only elements of the tile that are never written to C.
template <class Read, int64_t n>
void pack(const Operand& x, int64_t first, int64_t from, int64_t count, float* HWY_RESTRICT out) {
  if (x.along) {
    int64_t row[n], p = 0;
    for (int64_t i = 0; i < n; ++i) row[i] = std::min(first + i, x.size - 1) * x.stride + from;
#if HWY_TARGET != HWY_SCALAR
    for (; p + 4 <= count; p += 4)
      for (int64_t i = 0; i < n; i += 4) transpose4<Read>(x.data, row + i, p, out + p * n + i, n);
#endif
    for (; p < count; ++p)
      for (int64_t i = 0; i < n; ++i) out[p * n + i] = Read::one(x.data, row[i] + p);
    return;
  }
  const int64_t there = std::min(n, x.size - first);
  if (n < width && first + width <= x.size) {  // a part of one vector
    for (int64_t p = 0; p < count; ++p, out += n) {
      const int64_t begin = (from + p) * x.stride + first;
      __builtin_prefetch(static_cast<const char*>(x.data) + (begin + 8 * x.stride) * Read::bytes);
      hn::BlendedStore(Read::read(D(), x.data, begin), hn::FirstN(D(), size_t(n)), D(), out);
    }
    return;
  }
  for (int64_t p = 0; p < count; ++p, out += n) {
    const int64_t begin = (from + p) * x.stride + first;
    int64_t i = 0;
    for (; i + width <= there; i += width) hn::StoreU(Read::read(D(), x.data, begin + i), D(), out + i);
#if HWY_TARGET != HWY_SCALAR
    for (; i + 4 <= there; i += 4) hn::StoreU(Read::read(D4(), x.data, begin + i), D4(), out + i);
#endif
    for (; i < there; ++i) out[i] = Read::one(x.data, begin + i);
    for (; i < n; ++i) out[i] = 0;
  }
}

template <int64_t n>
Pack* packer(const MatrixView& x, Type precision) {
  if (x.type == Type::bf16) return pack<Widened, n>;
  return precision == Type::bf16 ? pack<Rounded, n> : pack<AsIs, n>;
}

// ---- tiles ----------------------------------------------------------------------------------------------------------
struct Tile {
  float* c;
  int64_t stride;
  float alpha, beta;
  bool past = false;            // C is written without a place in the caches; beta is 0
  const float* next = nullptr;  // of B, to be asked for meanwhile, `pace` elements a step
  int64_t pace = 0;
};

// c = alpha a b + beta c; a: tile_rows wide, b: tile_cols wide, both packed, `count` deep.
HWY_NOINLINE void multiply(int64_t count, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, const Tile& t) {
  V sum[tile_rows][tile_vectors];
#pragma GCC unroll 16
  for (int64_t i = 0; i < tile_rows; ++i) {
#pragma GCC unroll 4
    for (int64_t v = 0; v < tile_vectors; ++v) {
      sum[i][v] = hn::Zero(D());
      if (!t.past) __builtin_prefetch(t.c + i * t.stride + v * width, 1);
    }
  }
  const float* next = t.next;
  for (int64_t p = 0; p < count; ++p, a += tile_rows, b += tile_cols, next += t.pace) {
    __builtin_prefetch(next, 0, 2);
    V row[tile_vectors];
#pragma GCC unroll 4
    for (int64_t v = 0; v < tile_vectors; ++v) row[v] = hn::Load(D(), b + v * width);
#pragma GCC unroll 16
    for (int64_t i = 0; i < tile_rows; ++i) {
      const V x = all(a[i]);
#pragma GCC unroll 4
      for (int64_t v = 0; v < tile_vectors; ++v) sum[i][v] = hn::MulAdd(x, row[v], sum[i][v]);
    }
  }
  const auto each = [&](auto&& f) HWY_ATTR {
#pragma GCC unroll 16
    for (int64_t i = 0; i < tile_rows; ++i)
#pragma GCC unroll 4
      for (int64_t v = 0; v < tile_vectors; ++v) f(t.c + i * t.stride + v * width, hn::Mul(all(t.alpha), sum[i][v]));
  };
  if (t.past)
    each([](float* c, V v) HWY_ATTR { hn::Stream(v, D(), c); });
  else if (t.beta == 0)
    each([](float* c, V v) HWY_ATTR { hn::StoreU(v, D(), c); });
  else
    each([&](float* c, V v) HWY_ATTR { hn::StoreU(hn::MulAdd(all(t.beta), hn::LoadU(D(), c), v), D(), c); });
}

// The same at the edge of C, where only rows x cols of the tile exist.
void multiply_edge(int64_t count, const float* a, const float* b, const Tile& t, int64_t rows, int64_t cols) {
  float whole[tile_rows * tile_cols] = {};
  if (t.beta != 0)
    for (int64_t i = 0; i < rows; ++i) std::copy_n(t.c + i * t.stride, cols, whole + i * tile_cols);
  multiply(count, a, b, {whole, tile_cols, t.alpha, t.beta});
  for (int64_t i = 0; i < rows; ++i) std::copy_n(whole + i * tile_cols, cols, t.c + i * t.stride);
}

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

int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

// One cut of k and of the columns: its panels of B, shared by all threads.
struct Cut {
  const float* b;
  int64_t j0, cols, k0, count;
  float beta;
  bool last, past;
};

// A C that does not fit the second cache and is only written need not be read: whole lines go past the caches.
bool writes_past(const ProductCall& p) {
  return p.m * p.n >= (1 << 19) && p.k <= depth && p.beta == 0 && !p.bias && !p.residual && !p.relu &&
         p.stride % width == 0 && reinterpret_cast<uintptr_t>(p.c) % (width * sizeof(float)) == 0;
}

// Rows [from, to) of C for one cut.
void multiply_rows(const ProductCall& p, const Cut& cut, int64_t from, int64_t to) {
  const int64_t tile_bytes = tile_rows * cut.count * int64_t(sizeof(float)), most = block_bytes / tile_bytes;
  const int64_t rows_at_once = std::max<int64_t>(1, std::min(most, pieces(to - from, tile_rows))) * tile_rows;
  const auto memory = allocate(size_t(rows_at_once / tile_rows * tile_bytes));
  float* const a = static_cast<float*>(memory.get());
  Pack* const pack_a = packer<tile_rows>(p.a, p.precision);
  const Operand A{p.a.data, p.a.stride, p.m, !p.a.transposed};
  for (int64_t i0 = from; i0 < to; i0 += rows_at_once) {
    const int64_t rows = std::min(rows_at_once, to - i0), pace = tile_cols / pieces(rows, tile_rows) + 1;
    for (int64_t i = 0; i < rows; i += tile_rows) pack_a(A, i0 + i, cut.k0, cut.count, a + i * cut.count);
    for (int64_t j = 0; j < cut.cols; j += tile_cols) {
      const int64_t across = std::min(tile_cols, cut.cols - j);
      for (int64_t i = 0; i < rows; i += tile_rows) {
        const float* const next = cut.b + cut.count * (j + tile_cols + i / tile_rows * pace);  // each tile its share
        const Tile tile{p.c + (i0 + i) * p.stride + cut.j0 + j, p.stride, p.alpha, cut.beta, cut.past, next, pace};
        const int64_t down = std::min(tile_rows, rows - i);
        if (down == tile_rows && across == tile_cols)
          multiply(cut.count, a + i * cut.count, cut.b + j * cut.count, tile);
        else
          multiply_edge(cut.count, a + i * cut.count, cut.b + j * cut.count, tile, down, across);
      }
      if (cut.last) finish(p, i0, rows, cut.j0 + j, across);
    }
  }
  if (cut.past) hwy::FlushStream();
}

void packed(const ProductCall& p) {
  Pack* const pack_b = packer<tile_cols>(p.b, p.precision);
  const Operand B{p.b.data, p.b.stride, p.n, p.b.transposed};
  const int64_t step = pieces(p.k, pieces(p.k, depth));
  const Tensor panels(std::min(pieces(p.n, tile_cols) * tile_cols, cols_at_once), step);
  float* const b = panels.data();
  for (int64_t j0 = 0; j0 < p.n; j0 += cols_at_once)
    for (int64_t k0 = 0; k0 < p.k; k0 += step) {
      const Cut cut{b,
                    j0,
                    std::min(cols_at_once, p.n - j0),
                    k0,
                    std::min(step, p.k - k0),
                    k0 == 0 ? p.beta : 1,
                    k0 + step >= p.k,
                    writes_past(p)};
      parallel_for(pieces(cut.cols, tile_cols), 4, [&](int64_t begin, int64_t end) {
        for (int64_t j = begin * tile_cols; j < end * tile_cols; j += tile_cols)
          pack_b(B, j0 + j, k0, cut.count, b + j * cut.count);
      });
      parallel_for(pieces(p.m, tile_rows), 2, [&](int64_t begin, int64_t end) {
        multiply_rows(p, cut, begin * tile_rows, std::min(end * tile_rows, p.m));
      });
    }
}

// ---- dot products ---------------------------------------------------------------------------------------------------
// Rows of op(A) as f32, each padded with zeros to a whole number of vectors.
struct Rows {
  const float* data;
  int64_t stride;
};

// R rows of A from i0 on times C rows of B's memory from j0 on.
template <class Read, int64_t R, int64_t C>
HWY_NOINLINE void dots(const ProductCall& p, const Rows& x, int64_t i0, int64_t j0) {
  int64_t row[C];
  for (int64_t j = 0; j < C; ++j) row[j] = std::min(j0 + j, p.n - 1) * p.b.stride;
  const float* const from = x.data + i0 * x.stride;
  V sum[R][C], w[C];
#pragma GCC unroll 4
  for (int64_t i = 0; i < R; ++i)
#pragma GCC unroll 8
    for (int64_t j = 0; j < C; ++j) sum[i][j] = hn::Zero(D());
  const auto add = [&](int64_t k) HWY_ATTR {
#pragma GCC unroll 4
    for (int64_t i = 0; i < R; ++i) {
      const V v = hn::LoadU(D(), from + i * x.stride + k);
#pragma GCC unroll 8
      for (int64_t j = 0; j < C; ++j) sum[i][j] = hn::MulAdd(v, w[j], sum[i][j]);
    }
  };
  int64_t k = 0;
  for (; k + width <= p.k; k += width) {
#pragma GCC unroll 8
    for (int64_t j = 0; j < C; ++j) w[j] = Read::read(D(), p.b.data, row[j] + k);
    add(k);
  }
  if (k < p.k) {
    for (int64_t j = 0; j < C; ++j) {
      float rest[width] = {};
      for (int64_t q = k; q < p.k; ++q) rest[q - k] = Read::one(p.b.data, row[j] + q);
      w[j] = hn::LoadU(D(), rest);
    }
    add(k);
  }
  for (int64_t i = 0; i < R; ++i) {
    float sums[C], *const c = p.c + (i0 + i) * p.stride + j0;
    for (int64_t j = 0; j < C; j += 4) sums_of_four(sum[i] + j, sums + j);
    for (int64_t j = 0; j < std::min(C, p.n - j0); ++j)
      c[j] = p.beta == 0 ? p.alpha * sums[j] : p.alpha * sums[j] + p.beta * c[j];
  }
}

template <class Read>
void copy_rows(const ProductCall& p, const Tensor& rows) {
  parallel_for(p.m, row_grain(rows.cols()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* const row = rows.data() + i * rows.cols();
      int64_t k = 0;
      if (!p.a.transposed)
        for (; k + width <= p.k; k += width) hn::StoreU(Read::read(D(), p.a.data, i * p.a.stride + k), D(), row + k);
      for (; k < p.k; ++k) row[k] = Read::one(p.a.data, p.a.transposed ? k * p.a.stride + i : i * p.a.stride + k);
      std::fill(row + p.k, row + rows.cols(), 0.0f);
    }
  });
}
Tensor padded_rows(const ProductCall& p) {
  Tensor rows(p.m, pieces(p.k, width) * width);
  if (p.a.type == Type::bf16)
    copy_rows<Widened>(p, rows);
  else
    p.precision == Type::bf16 ? copy_rows<Rounded>(p, rows) : copy_rows<AsIs>(p, rows);
  return rows;
}

template <class Read>
void dots_of(const ProductCall& p) {
  constexpr int64_t C = 8, block = 48;  // rows of A that stay near while B goes by
  const Tensor padded = padded_rows(p);
  const Rows x{padded.data(), padded.cols()};
  const int64_t grain = std::max<int64_t>(1, (1 << 15) / padded.size());
  parallel_for(pieces(p.n, C), grain, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * C, last = std::min(end * C, p.n);
    for (int64_t i0 = 0; i0 < p.m; i0 += block) {
      const int64_t i1 = std::min(i0 + block, p.m);
      for (int64_t j = first; j < last; j += C) {
        int64_t i = i0;
        for (; i + 4 <= i1; i += 4) {
          dots<Read, 4, 4>(p, x, i, j);
          if (j + 4 < last) dots<Read, 4, 4>(p, x, i, j + 4);
        }
        for (; i < i1; ++i) dots<Read, 1, C>(p, x, i, j);
      }
      finish(p, i0, i1 - i0, first, last - first);
    }
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

HWY_EXPORT(packed);
HWY_EXPORT(dot);
HWY_EXPORT(finish_all);
void packed_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(packed)(call); }
void dot_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(dot)(call); }
void finish_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(finish_all)(call); }

}  // namespace stemma
#endif
