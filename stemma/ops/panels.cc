#include "stemma/ops/panels.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/amx.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/panels.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr int64_t width = int64_t(hn::MaxLanes(D()));
// Sums held in registers: most_rows x vectors, which leaves room for a row of the panel and one element of A. On
// Sapphire Rapids 6 x 4 reach 95 % of what the unit can do, 12 x 2 only 85 %: they load more for each product.
constexpr int64_t vectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2, tile_cols = vectors * width;
constexpr int64_t most_rows = HWY_TARGET <= HWY_AVX2 ? 6 : 4;
// A block of so many rows and so deep stays in the second cache while all panels go by, and a cut of a panel so deep
// beside it. Less deep ones could stay in the first, but then C comes and goes more often, which costs more.
constexpr int64_t block_rows = 128, depth = 512;
constexpr int64_t ahead = 4096 / sizeof(float);  // how far memory is asked for when it is read once

// ---- a cut of a panel times a few rows of A -------------------------------------------------------------------------
struct Cut {
  const float* b;               // `count` rows of panel_cols
  int64_t k0, count, j0;        // where it begins in k and in the columns of C
  bool first, last;             // of its panel
  const float* next = nullptr;  // what comes after it, to be asked for meanwhile, `pace` lines in four steps
  int64_t pace = 0;             // 0: it is read once, and asks for its own rows
};
constexpr int64_t steps = 4, line = 64 / sizeof(float);

// f(i, v) for all rows and vectors of a tile, written out: what it indexes stays in registers.
template <int M, class F>
HWY_INLINE void each(F&& f) {
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) f(i, v);
}

// A tile of C in registers. `whole`: all its columns exist, so none is masked.
template <int M>
struct Tile {
  V sum[M][vectors];
  float* c;  // its first element
  int64_t stride, cols;

  template <bool whole>
  HWY_INLINE int64_t left(int v) const {
    return whole ? width : std::max<int64_t>(cols - v * width, 0);
  }
  template <bool whole>
  HWY_INLINE void begin(bool first) {
    if (first) return each<M>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::Zero(D()); });
    each<M>([&](int i, int v) HWY_ATTR { sum[i][v] = load(c + i * stride + v * width, left<whole>(v)); });
  }
  template <bool whole>
  HWY_INLINE void finish(const float* bias, bool relu, const float* residual) {
    if (bias)
      each<M>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::Add(sum[i][v], load(bias + v * width, left<whole>(v))); });
    if (relu)  // NaN stays
      each<M>([&](int i, int v)
                  HWY_ATTR { sum[i][v] = hn::IfThenElse(hn::Lt(sum[i][v], hn::Zero(D())), hn::Zero(D()), sum[i][v]); });
    if (residual)
      each<M>([&](int i, int v) HWY_ATTR {
        sum[i][v] = hn::Add(sum[i][v], load(residual + i * stride + v * width, left<whole>(v)));
      });
    each<M>([&](int i, int v) HWY_ATTR { store(sum[i][v], c + i * stride + v * width, left<whole>(v)); });
  }
};

// Rows [i0, i0 + M) of C, columns [j0, j0 + tile_cols).
template <int M, bool once>
HWY_NOINLINE void rows_of_cut(const ProductCall& p, const Cut& cut, int64_t i0) {
  const int64_t at = i0 * p.stride + cut.j0;
  Tile<M> tile;
  tile.c = p.c + at, tile.stride = p.stride, tile.cols = p.n - cut.j0;
  const bool whole = tile.cols >= tile_cols;
  whole ? tile.template begin<true>(cut.first) : tile.template begin<false>(cut.first);
  const float *a[M], *b = cut.b, *next = cut.next;
  for (int i = 0; i < M; ++i) a[i] = static_cast<const float*>(p.a.data) + (i0 + i) * p.a.stride + cut.k0;
  const auto step = [&](int64_t k, int64_t ahead_of_b) HWY_ATTR {
    V row[vectors];
    each<1>([&](int, int v) HWY_ATTR {
      row[v] = hn::LoadU(D(), b + ahead_of_b * panel_cols + v * width);
      if constexpr (once) __builtin_prefetch(b + ahead_of_b * panel_cols + v * width + ahead);
    });
    each<M>([&](int i, int v) HWY_ATTR { tile.sum[i][v] = hn::MulAdd(all(a[i][k]), row[v], tile.sum[i][v]); });
  };
  int64_t k = 0;
  for (; k + steps <= cut.count; k += steps, b += steps * panel_cols) {
    if constexpr (!once)
      for (int64_t i = 0; i < cut.pace; ++i, next += line)
        __builtin_prefetch(next, 0, 2);  // to the second cache: the first is full
#pragma GCC unroll 4
    for (int64_t i = 0; i < steps; ++i) step(k + i, i);
  }
  for (; k < cut.count; ++k, b += panel_cols) step(k, 0);
  const float *const bias = cut.last && p.bias ? p.bias + cut.j0 : nullptr, *const residual = cut.last && p.residual
                                                                                                  ? p.residual + at
                                                                                                  : nullptr;
  const bool relu = cut.last && p.relu;
  whole ? tile.template finish<true>(bias, relu, residual) : tile.template finish<false>(bias, relu, residual);
}
template <int M>
HWY_INLINE void rows_of_cut(int64_t rows, const ProductCall& p, const Cut& cut, int64_t i0) {
  if (rows == M) return cut.pace == 0 ? rows_of_cut<M, true>(p, cut, i0) : rows_of_cut<M, false>(p, cut, i0);
  if constexpr (M > 1) rows_of_cut<M - 1>(rows, p, cut, i0);
}

// Rows [i0, i1) of A, and of them [k0, k0 + count).
struct Block {
  int64_t i0, i1, k0, count;
};
// The panel b, which makes the columns of C from j0 on, times a block of A.
void panel(const ProductCall& p, const float* b, int64_t j0, const Block& block) {
  const auto& [i0, i1, k0, count] = block;
  const int64_t tiles = (i1 - i0 + most_rows - 1) / most_rows;
  for (int64_t part = 0; part < panel_cols && j0 + part < p.n; part += tile_cols) {
    const float* const begin = b + k0 * panel_cols + part;
    Cut cut{begin, k0, count, j0 + part, k0 == 0, k0 + count == p.k};
    for (int64_t left = tiles, i = i0; left > 0; --left) {  // tiles of like height
      const int64_t rows = (i1 - i + left - 1) / left;
      if (tiles > 1) {  // the panel is read again and again: each tile asks for its share of the next one
        cut.pace = steps * panel_cols / (tiles * line) + 1;
        cut.next = begin + p.k * panel_cols + (tiles - left) * cut.pace * line * (count / steps);
      }
      rows_of_cut<most_rows>(rows, p, cut, i);
      i += rows;
    }
  }
}

void multiply(const ProductCall& p) {
  const float* const panels = p.b.panels->data();
  const int64_t blocks = std::max<int64_t>(1, (p.m + block_rows / 2) / block_rows),
                deep = p.m > most_rows ? depth : p.k;  // one tile reads memory from one end to the other
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (p.m * p.k * panel_cols / 4 + 1));
  parallel_for((p.n + panel_cols - 1) / panel_cols, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < blocks; ++i)
      for (int64_t k = 0; k < p.k; k += deep)
        for (int64_t j = begin; j < end; ++j)
          panel(p, panels + j * p.k * panel_cols, j * panel_cols,
                {p.m * i / blocks, p.m * (i + 1) / blocks, k, std::min(deep, p.k - k)});
  });
}

// ---- packing --------------------------------------------------------------------------------------------------------
void fill(const Tensor& W, const Tensor& panels) {
  const int64_t n = W.rows(), k = W.cols();
  parallel_for((n + panel_cols - 1) / panel_cols, std::max<int64_t>(1, (1 << 14) / k), [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t there = std::min(panel_cols, n - j * panel_cols);
      float* const to = panels.data() + j * k * panel_cols;
      if (there < panel_cols) std::fill_n(to, k * panel_cols, 0.0f);
      transpose_scaled(W.data() + j * panel_cols * k, k, there, k, 1, {to, panel_cols});
    }
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(multiply);
HWY_EXPORT(fill);

int64_t panel_rows(const Tensor& W) { return (W.rows() + panel_cols - 1) / panel_cols * W.cols(); }

}  // namespace

bool in_panels(const ProductCall& p) {
  return p.b.panels && p.b.transposed && !p.a.transposed && p.alpha == 1 && p.beta == 0 && p.a.type == Type::f32 &&
         p.precision == p.b.panels->type();
}
void panel_product(const ProductCall& call) {
  call.precision == Type::bf16 ? amx_panel_product(call) : HWY_DYNAMIC_DISPATCH(multiply)(call);
}

void pack(const std::vector<Tensor*>& weights, const std::function<void()>& after_each) {
  const bool tiles = precision() == Type::bf16;
  if (tiles && !has_amx()) return;  // nothing is won
  const auto rows_of = [&](const Tensor& W) { return tiles ? amx_panel_tiles(W, true) : panel_rows(W); };
  int64_t rows = 0;
  for (const auto* W : weights) rows += rows_of(*W);
  // One block, so that all of it lies in huge pages.
  const Tensor arena(rows, tiles ? amx_tile_cols : panel_cols, tiles ? Type::bf16 : Type::f32);
  rows = 0;
  for (auto* W : weights) {
    check(!W->tracked(), "pack: ", *W, " is being trained");
    const Tensor panels = arena.row_view(rows, rows_of(*W));
    tiles ? amx_pack(*W, true, panels) : HWY_DYNAMIC_DISPATCH(fill)(*W, panels);
    W->set_panels(panels);
    rows += panels.rows();
    if (after_each) after_each();
  }
}

}  // namespace stemma
#endif
