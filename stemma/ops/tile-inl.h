// Small products from cache, for one thread: C[m, n] (+)= A B with rows of B and C padded to whole vectors. The sum
// over k runs upwards with one rounding a step, whatever m and n are. Compiled once for each level.
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

HWY_INLINE int64_t padded(int64_t n) { return (n + lanes() - 1) / lanes() * lanes(); }

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
  constexpr int most = HWY_TARGET <= HWY_AVX3 && N <= 2 ? 12 : 6;
  for (int64_t tiles = (m + most - 1) / most; tiles > 0; --tiles) {
    const int64_t rows = (m + tiles - 1) / tiles;  // tiles of like height
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

// y[j][i] = c x[i][j] for x of n rows and d columns; y has whole vectors in a row, zero past n.
inline void transpose_scaled(const float* x, int64_t stride, int64_t n, int64_t d, float c, Result y) {
  int64_t n4 = 0, d4 = 0;
#if HWY_TARGET != HWY_SCALAR
  n4 = n / 4 * 4, d4 = d / 4 * 4;
  const hn::FixedTag<float, 4> four;
  const hn::Repartition<double, decltype(four)> two;
  for (int64_t i = 0; i < n4; i += 4)
    for (int64_t j = 0; j < d4; j += 4) {
      const auto row = [&](int64_t k) { return hn::LoadU(four, x + (i + k) * stride + j); };
      const auto put = [&](int64_t k, auto v) {
        hn::StoreU(hn::Mul(hn::Set(four, c), hn::BitCast(four, v)), four, y.data + (j + k) * y.stride + i);
      };
      const auto a0 = row(0), a1 = row(1), a2 = row(2), a3 = row(3);
      const auto low = hn::BitCast(two, hn::InterleaveLower(four, a0, a1)),
                 low2 = hn::BitCast(two, hn::InterleaveLower(four, a2, a3)),
                 high = hn::BitCast(two, hn::InterleaveUpper(four, a0, a1)),
                 high2 = hn::BitCast(two, hn::InterleaveUpper(four, a2, a3));
      put(0, hn::InterleaveLower(two, low, low2)), put(1, hn::InterleaveUpper(two, low, low2));
      put(2, hn::InterleaveLower(two, high, high2)), put(3, hn::InterleaveUpper(two, high, high2));
    }
#endif
  for (int64_t j = 0; j < d; ++j) {
    for (int64_t i = j < d4 ? n4 : 0; i < n; ++i) y.data[j * y.stride + i] = c * x[i * stride + j];
    std::fill(y.data + j * y.stride + n, y.data + j * y.stride + padded(n), 0.0f);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
