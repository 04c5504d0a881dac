// Rows of A times panels of B, for one thread. A panel is 64 columns of op(B), side by side for each k. An element of
// C is one sum over k, upwards, whatever the tiles and the cuts of k are. Compiled once for each level.
#include <algorithm>

#include "stemma/ops/grain.h"
#include "stemma/ops/panels.h"
#include "stemma/ops/tile-inl.h"

#if defined(STEMMA_OPS_PANEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_PANEL_INL_H
#undef STEMMA_OPS_PANEL_INL_H
#else
#define STEMMA_OPS_PANEL_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

// Sums held in registers: most_rows x vectors, which leaves room for a row of the panel and one element of A. On
// Sapphire Rapids 6 x 4 reach 95 % of what the unit can do, 12 x 2 only 85 %: they load more for each product.
constexpr int64_t vectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2, vector_cols = int64_t(hn::MaxLanes(D()));
constexpr int64_t tile_cols = vectors * vector_cols, most_rows = HWY_TARGET <= HWY_AVX2 ? 6 : 4;
// A block of so many rows and so deep stays in the second cache while all panels go by, and a cut of a panel so deep
// beside it. Less deep ones could stay in the first, but then C comes and goes more often, which costs more.
constexpr int64_t block_rows = 128, depth = 512;
constexpr int64_t ahead = 4096 / sizeof(float);  // how far memory is asked for when it is read once

constexpr int64_t steps = 4, line = 64 / sizeof(float);

// Memory that is read later, rows of whole lines: asked for, one line after the other, while products are made.
struct Later {
  const float* at = nullptr;
  int64_t lines = 1, jump = 0;  // in a row; floats from its end to the next one
  int64_t all = 0;              // not asked for yet
  int64_t pace = 1;             // so many in four steps
  const Later* then = nullptr;
  int64_t left = lines;  // in this row
};
inline Later rows_later(const float* at, int64_t rows, int64_t cols, int64_t stride) {
  const int64_t lines = pieces(cols, line);
  return {.at = at, .lines = lines, .jump = stride - lines * line, .all = rows * lines};
}
// `count` rows of the panel that so many rows of A meet next: all of them.
inline Later panel_later(const float* at, int64_t count, int64_t rows) {
  Later later = rows_later(at, 1, count * panel_cols, 0);
  later.pace = steps * panel_cols / (pieces(rows, most_rows) * line) + 1;
  return later;
}

// A cut of a panel, and the rows of A that meet it.
struct Cut {
  const float *a, *b;         // row i of A at a + i * stride; `count` rows of panel_cols
  int64_t stride, count, j0;  // j0: of the columns of C
  float beta;                 // 0: C begins here
  bool last, once;            // of its panel; B is read once, and asks for its own rows
  Later* later;
  int64_t pace = 0;  // lines of `later` in four steps
};

// A tile of M rows and N vectors of C in registers. `whole`: none of its columns is missing, so none is masked. What is
// indexed by unrolled loops stays in registers.
template <int M, int N, bool whole>
struct Tile {
  V sum[M][N];
  float* c;  // its first element
  int64_t stride, cols;

  HWY_INLINE int64_t left(int v) const { return whole ? vector_cols : cols - v * vector_cols; }
  HWY_INLINE V at(const float* rows, int i, int v) const { return load(rows + i * stride + v * vector_cols, left(v)); }
  HWY_INLINE void begin(float beta) {
    if (beta == 0) return unrolled<M, N>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::Zero(D()); });
    unrolled<M, N>([&](int i, int v) HWY_ATTR { sum[i][v] = at(c, i, v); });
    if (beta != 1) unrolled<M, N>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::Mul(all(beta), sum[i][v]); });
  }
  HWY_INLINE void add(const float* bias, bool relu, const float* residual) {
    if (bias)
      unrolled<M, N>([&](int i, int v)
                         HWY_ATTR { sum[i][v] = hn::Add(sum[i][v], load(bias + v * vector_cols, left(v))); });
    if (relu)  // NaN stays
      unrolled<M, N>([&](int i, int v) HWY_ATTR {
        sum[i][v] = hn::IfThenElse(hn::Lt(sum[i][v], hn::Zero(D())), hn::Zero(D()), sum[i][v]);
      });
    if (residual) unrolled<M, N>([&](int i, int v) HWY_ATTR { sum[i][v] = hn::Add(sum[i][v], at(residual, i, v)); });
  }
  HWY_INLINE void end() {
    unrolled<M, N>([&](int i, int v) HWY_ATTR { store(sum[i][v], c + i * stride + v * vector_cols, left(v)); });
  }
};

// Rows [i0, i0 + M) of C, N vectors of columns from cut.j0 on. `once`: B is asked for ahead of its use.
template <int M, int N, bool whole, bool once>
HWY_NOINLINE void rows_of_cut(const ProductCall& p, const Cut& cut, int64_t i0) {
  const int64_t at = i0 * p.stride + cut.j0;
  Tile<M, N, whole> tile;
  tile.c = p.c + at, tile.stride = p.stride, tile.cols = p.n - cut.j0;
  tile.begin(cut.beta);
  const float *a[M], *b = cut.b, *later = once ? nullptr : cut.later->at;
  int64_t left = once ? 0 : cut.later->left;
  for (int i = 0; i < M; ++i) a[i] = cut.a + i * cut.stride;
  const auto step = [&](int64_t k, int64_t ahead_of_b) HWY_ATTR {
    V row[N];
    unrolled<1, N>([&](int, int v) HWY_ATTR {
      row[v] = hn::LoadU(D(), b + ahead_of_b * panel_cols + v * vector_cols);
      if constexpr (once) __builtin_prefetch(b + ahead_of_b * panel_cols + v * vector_cols + ahead);
    });
    unrolled<M, N>([&](int i, int v) HWY_ATTR { tile.sum[i][v] = hn::MulAdd(all(a[i][k]), row[v], tile.sum[i][v]); });
  };
  int64_t k = 0;
  for (; k + steps <= cut.count; k += steps, b += steps * panel_cols) {
    if constexpr (!once)
      for (int64_t i = 0; i < cut.pace; ++i) {
        __builtin_prefetch(later, 0, 2);  // to the second cache: the first is full
        later += line;
        if (--left == 0) left = cut.later->lines, later += cut.later->jump;
      }
#pragma GCC unroll 4
    for (int64_t i = 0; i < steps; ++i) step(k + i, i);
  }
  for (; k < cut.count; ++k, b += panel_cols) step(k, 0);
  if (cut.last) tile.add(p.bias ? p.bias + cut.j0 : nullptr, p.relu, p.residual ? p.residual + at : nullptr);
  tile.end();
  if constexpr (!once) cut.later->at = later, cut.later->left = left;
}
// What is left of the columns, in as few vectors as hold it.
template <int M, int N>
HWY_INLINE void last_columns(const ProductCall& p, const Cut& cut, int64_t i0) {
  if constexpr (N > 1)
    if (p.n - cut.j0 <= (N - 1) * vector_cols) return last_columns<M, N - 1>(p, cut, i0);
  rows_of_cut<M, N, false, false>(p, cut, i0);
}
template <int M>
HWY_INLINE void rows_of_cut(int64_t rows, const ProductCall& p, const Cut& cut, int64_t i0) {
  if constexpr (M > 1)
    if (rows < M) return rows_of_cut<M - 1>(rows, p, cut, i0);
  if (p.n - cut.j0 < tile_cols) return last_columns<M, vectors>(p, cut, i0);
  cut.once ? rows_of_cut<M, vectors, true, true>(p, cut, i0) : rows_of_cut<M, vectors, true, false>(p, cut, i0);
}

// Rows [i0, i1) of C, and of the sum over k [k0, k0 + count).
struct Block {
  int64_t i0, i1, k0, count;
  const float* a;  // (i0, k0) of A
  int64_t stride;
};
// The same cut of the panel that makes the columns of C from j0 on, times a block of A. Meanwhile `later` is asked for;
// null: B is read once, from one end to the other.
HWY_INLINE void panel(const ProductCall& p, const float* b, int64_t j0, const Block& block, Later* later) {
  const auto& [i0, i1, k0, count, a, stride] = block;
  const int64_t tiles = pieces(i1 - i0, most_rows);
  Later nothing, &next = later ? *later : nothing;
  for (int64_t part = 0; part < panel_cols && j0 + part < p.n; part += tile_cols) {
    Cut cut{a, b + part, stride, count, j0 + part, k0 == 0 ? p.beta : 1, k0 + count == p.k, !later, &next};
    for (int64_t left = tiles, i = i0; left > 0; --left) {  // tiles of like height
      if (next.all <= 0 && next.then) next = Later(*next.then);
      cut.pace = next.all > 0 ? next.pace : 0, next.all -= cut.pace * (count / steps);
      const int64_t rows = pieces(i1 - i, left);
      rows_of_cut<most_rows>(rows, p, cut, i);
      i += rows, cut.a += rows * stride;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
