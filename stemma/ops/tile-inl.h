// Small products from cache, for one thread: C[m, n] (+)= A B with rows of B and C padded to whole vectors. The sum
// over k runs upwards with one rounding a step, whatever m and n are. Compiled once for each level.
#include <array>

#include "stemma/ops/grain.h"
#include "stemma/ops/simd-inl.h"

#if defined(STEMMA_OPS_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_TILE_INL_H
#undef STEMMA_OPS_TILE_INL_H
#else
#define STEMMA_OPS_TILE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

HWY_INLINE int64_t padded(int64_t n) { return pieces(n, lanes()) * lanes(); }

struct Left {  // A(i, k) = data[i * row + k * step]
  const float* data;
  int64_t row, step;
};
struct Right {  // rows of whole vectors
  const float* data;
  int64_t stride;
  Right from(int64_t row) const { return {data + row * stride, stride}; }
};
struct Result {
  float* data;
  int64_t stride;
  bool add = false;
};

// f(i, j) for all i < M and j < N, written out: what it indexes stays in registers.
template <int M, int N, class F>
HWY_INLINE void unrolled(F&& f) {
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j) f(i, j);
}

// M rows and N vectors of C stay in registers.
template <int M, int N>
HWY_NOINLINE void tile(const Left a, const Right b, const Result c, int64_t k) {
  V sum[M][N], right[N];
  const auto at = [&](int i, int j) { return c.data + i * c.stride + j * lanes(); };
  unrolled<M, N>([&](int i, int j) { sum[i][j] = c.add ? hn::LoadU(D(), at(i, j)) : hn::Zero(D()); });
  const float *left = a.data, *row = b.data;
  for (int64_t step = 0; step < k; ++step, left += a.step, row += b.stride) {
    unrolled<1, N>([&](int, int j) { right[j] = hn::LoadU(D(), row + j * lanes()); });
    unrolled<M, N>([&](int i, int j) { sum[i][j] = hn::MulAdd(all(left[i * a.row]), right[j], sum[i][j]); });
  }
  unrolled<M, N>([&](int i, int j) { hn::StoreU(sum[i][j], D(), at(i, j)); });
}

template <int M, int N>
HWY_INLINE void tile_of(int64_t rows, const Left& a, const Right& b, const Result& c, int64_t k) {
  if (rows == M) return tile<M, N>(a, b, c, k);
  if constexpr (M > 1) tile_of<M - 1, N>(rows, a, b, c, k);
}
template <int N>
void panel(int64_t m, Left a, const Right& b, Result c, int64_t k) {
  constexpr int most = HWY_TARGET > HWY_AVX3 ? 6 : N <= 2 ? 12 : N == 3 ? 8 : 6;
  for (int64_t tiles = pieces(m, most); tiles > 0; --tiles) {
    const int64_t rows = pieces(m, tiles);  // tiles of like height
    tile_of<most, N>(rows, a, b, c, k);
    m -= rows, a.data += rows * a.row, c.data += rows * c.stride;
  }
}
template <int N>
HWY_INLINE void panel_of(int64_t vectors, int64_t m, const Left& a, const Right& b, const Result& c, int64_t k) {
  if (vectors == N) return panel<N>(m, a, b, c, k);
  if constexpr (N > 1) panel_of<N - 1>(vectors, m, a, b, c, k);
}

struct TileShape {
  int64_t m, n, k;  // n may be any number: whole vectors are written
};
inline void small_product(const Left& a, Right b, Result c, const TileShape& shape) {
  constexpr int most = HWY_TARGET <= HWY_AVX3 ? 4 : 2;  // vectors of C in a row: 32 registers or 16
  const int64_t width = most * lanes();
  for (int64_t n = padded(shape.n); n > 0; n -= width, b.data += width, c.data += width)
    panel_of<most>(std::min<int64_t>(n / lanes(), most), shape.m, a, b, c, shape.k);
}

#if HWY_TARGET != HWY_SCALAR
// Within each block of four columns: those of four rows become four rows.
template <class D4, class Row>
HWY_INLINE auto transposed_blocks(D4 d, const Row& row) {
  const hn::Repartition<double, D4> two;
  const auto a0 = row(0), a1 = row(1), a2 = row(2), a3 = row(3);
  const auto low = hn::BitCast(two, hn::InterleaveLower(d, a0, a1)),
             low2 = hn::BitCast(two, hn::InterleaveLower(d, a2, a3)),
             high = hn::BitCast(two, hn::InterleaveUpper(d, a0, a1)),
             high2 = hn::BitCast(two, hn::InterleaveUpper(d, a2, a3));
  return std::array{
      hn::BitCast(d, hn::InterleaveLower(two, low, low2)), hn::BitCast(d, hn::InterleaveUpper(two, low, low2)),
      hn::BitCast(d, hn::InterleaveLower(two, high, high2)), hn::BitCast(d, hn::InterleaveUpper(two, high, high2))};
}
#endif

// y[j][i] = c x[i][j] for x of n rows and d columns; y has whole vectors in a row, copies of the last past n.
inline void transpose_scaled(const float* x, int64_t stride, int64_t n, int64_t d, float c, Result y) {
  int64_t done = 0;  // columns of x
  [[maybe_unused]] const auto at = [&](int64_t i, int64_t j) { return x + std::min(i, n - 1) * stride + j; };
#if HWY_TARGET <= HWY_AVX3
  for (; done + 16 <= d; done += 16)
    for (int64_t i = 0; i < n; i += 16) {
      std::array<V, 4> group[4];  // [g][t]: columns t, t + 4, t + 8, t + 12 of rows 4 g .. 4 g + 3
      for (int64_t g = 0; g < 4; ++g)
        group[g] = transposed_blocks(D(), [&](int64_t k) { return hn::LoadU(D(), at(i + 4 * g + k, done)); });
      for (size_t t = 0; t < 4; ++t) {  // a transposition of 4 x 4 blocks
        const auto put = [&](int64_t b, V v) {
          hn::StoreU(hn::Mul(all(c), v), D(), y.data + (done + 4 * b + int64_t(t)) * y.stride + i);
        };
        const V p0 = hn::ConcatLowerLower(D(), group[2][t], group[0][t]),
                p1 = hn::ConcatLowerLower(D(), group[3][t], group[1][t]),
                p2 = hn::ConcatUpperUpper(D(), group[2][t], group[0][t]),
                p3 = hn::ConcatUpperUpper(D(), group[3][t], group[1][t]);
        put(0, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(p1), p0)),
            put(1, hn::OddEvenBlocks(p1, hn::SwapAdjacentBlocks(p0)));
        put(2, hn::OddEvenBlocks(hn::SwapAdjacentBlocks(p3), p2)),
            put(3, hn::OddEvenBlocks(p3, hn::SwapAdjacentBlocks(p2)));
      }
    }
#endif
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> four;
  for (; done + 4 <= d; done += 4)
    for (int64_t i = 0; i < n; i += 4) {
      const auto out = transposed_blocks(four, [&](int64_t k) { return hn::LoadU(four, at(i + k, done)); });
      for (size_t t = 0; t < 4; ++t)
        hn::StoreU(hn::Mul(hn::Set(four, c), out[t]), four, y.data + (done + int64_t(t)) * y.stride + i);
    }
#endif
  for (; done < d; ++done)
    for (int64_t i = 0; i < padded(n); ++i) y.data[done * y.stride + i] = c * x[std::min(i, n - 1) * stride + done];
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
