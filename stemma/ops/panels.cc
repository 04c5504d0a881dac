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
// Sums held in registers: most_rows x vectors, which leaves room for a row of the panel and one element of A.
constexpr int64_t vectors = 2, tile_cols = vectors * width;
constexpr int64_t most_rows = HWY_TARGET <= HWY_AVX3 ? 12 : HWY_TARGET <= HWY_AVX2 ? 6 : 4;
constexpr int64_t depth = HWY_TARGET <= HWY_AVX3 ? 256 : 128;  // a cut of a panel fits the first cache,
constexpr int64_t block_bytes = 1 << 20;                       // a block of rows of A the second
constexpr int64_t ahead = 4096 / sizeof(float);                // how far memory is asked for when it is read once

// ---- a cut of a panel times a few rows of A -------------------------------------------------------------------------
struct Cut {
  const float* b;               // `count` rows of panel_cols
  int64_t k0, count, j0;        // where it begins in k and in the columns of C
  bool first, last;             // of its panel
  const float* next = nullptr;  // what comes after it, to be asked for meanwhile, `pace` elements a step
  int64_t pace = 0;             // 0: it is read once, and asks for its own rows
};

// f(i, v) for all rows and vectors of a tile, written out: what it indexes stays in registers.
template <int M, class F>
HWY_INLINE void each(F&& f) {
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) f(i, v);
}

template <int M>
HWY_INLINE void put(const ProductCall& p, const Cut& cut, int64_t i0, V (&sum)[M][vectors]) {
  each<M>([&](int i, int v) HWY_ATTR {
    const int64_t j = cut.j0 + v * width, ij = (i0 + i) * p.stride + j, left = p.n - j;
    if (left <= 0) return;
    V c = sum[i][v];
    if (cut.last) {
      if (p.bias) c = hn::Add(c, load(p.bias + j, left));
      if (p.relu) c = hn::IfThenElse(hn::Lt(c, hn::Zero(D())), hn::Zero(D()), c);  // NaN stays
      if (p.residual) c = hn::Add(c, load(p.residual + ij, left));
    }
    store(c, p.c + ij, left);
  });
}

// Rows [i0, i0 + M) of C, columns [j0, j0 + tile_cols).
template <int M, bool once>
HWY_NOINLINE void rows_of_cut(const ProductCall& p, const Cut& cut, int64_t i0) {
  V sum[M][vectors];
  each<M>([&](int i, int v) HWY_ATTR {
    const int64_t j = cut.j0 + v * width;
    sum[i][v] = cut.first || j >= p.n ? hn::Zero(D()) : load(p.c + (i0 + i) * p.stride + j, p.n - j);
  });
  const float *const a = static_cast<const float*>(p.a.data) + i0 * p.a.stride + cut.k0, *b = cut.b;
  const float* next = cut.next;
  const int64_t stride = p.a.stride;
  for (int64_t k = 0; k < cut.count; ++k, b += panel_cols, next += cut.pace) {
    V row[vectors];
    each<1>([&](int, int v) HWY_ATTR { row[v] = hn::LoadU(D(), b + v * width); });
    if constexpr (once)
      __builtin_prefetch(b + ahead), __builtin_prefetch(b + ahead + width);
    else
      __builtin_prefetch(next, 0, 2);  // to the second cache: the first is full
    each<M>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::MulAdd(all(a[i * stride + k]), row[v], sum[i][v]); });
  }
  put<M>(p, cut, i0, sum);
}
template <int M>
HWY_INLINE void rows_of_cut(int64_t rows, const ProductCall& p, const Cut& cut, int64_t i0) {
  if (rows == M) return cut.pace == 0 ? rows_of_cut<M, true>(p, cut, i0) : rows_of_cut<M, false>(p, cut, i0);
  if constexpr (M > 1) rows_of_cut<M - 1>(rows, p, cut, i0);
}

// One panel times rows [i0, i1) of A.
void panel(const ProductCall& p, const float* b, int64_t j0, int64_t i0, int64_t i1) {
  const int64_t tiles = (i1 - i0 + most_rows - 1) / most_rows, step = tiles > 1 ? depth : p.k;
  for (int64_t k0 = 0; k0 < p.k; k0 += step) {
    const int64_t count = std::min(step, p.k - k0);
    for (int64_t half = 0; half < panel_cols && j0 + half < p.n; half += tile_cols) {
      const float* const begin = b + k0 * panel_cols + half;
      Cut cut{begin, k0, count, j0 + half, k0 == 0, k0 + count == p.k};
      for (int64_t left = tiles, i = i0; left > 0; --left) {  // tiles of like height
        const int64_t rows = (i1 - i + left - 1) / left;
        if (tiles > 1) {  // the panel is read again and again: each tile asks for its share of what follows
          cut.pace = panel_cols / tiles + 1;
          cut.next = begin + count * (panel_cols + (tiles - left) * cut.pace);
        }
        rows_of_cut<most_rows>(rows, p, cut, i);
        i += rows;
      }
    }
  }
}

void multiply(const ProductCall& p) {
  const float* const panels = p.b.panels->data();
  const int64_t block = std::max<int64_t>(1, block_bytes / (p.k * int64_t(sizeof(float)) * most_rows)) * most_rows;
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (p.m * p.k * panel_cols / 4 + 1));
  parallel_for((p.n + panel_cols - 1) / panel_cols, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < p.m; i += block)
      for (int64_t j = begin; j < end; ++j)
        panel(p, panels + j * p.k * panel_cols, j * panel_cols, i, std::min(i + block, p.m));
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
  const auto rows_of = [&](const Tensor& W) { return tiles ? amx_panel_tiles(W) : panel_rows(W); };
  int64_t rows = 0;
  for (const auto* W : weights) rows += rows_of(*W);
  // One block, so that all of it lies in huge pages.
  const Tensor arena(rows, tiles ? amx_tile_cols : panel_cols, tiles ? Type::bf16 : Type::f32);
  rows = 0;
  for (auto* W : weights) {
    check(!W->tracked(), "pack: ", *W, " is being trained");
    const Tensor panels = arena.row_view(rows, rows_of(*W));
    tiles ? amx_pack(*W, panels) : HWY_DYNAMIC_DISPATCH(fill)(*W, panels);
    W->set_panels(panels);
    rows += panels.rows();
    if (after_each) after_each();
  }
}

}  // namespace stemma
#endif
