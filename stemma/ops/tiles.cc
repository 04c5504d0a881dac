#include "stemma/ops/tiles.h"

#include <immintrin.h>

#include <algorithm>

#include "stemma/ops/grain.h"

namespace stemma {

namespace {

// Where the lines of one tile begin, and how many of them and of k there are.
struct Corner {
  int64_t line, k, lines, count;
};

// Only plain functions stand here: a template instantiated under these options could be the one that the linker keeps
// for processors that lack them.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")

// 32 neighbours, rounded; zeros past n.
inline __m512i read_32(const TileOperand& x, int64_t at, int64_t n) {
  const __mmask32 there = first_of_32(n);
  if (x.type == Type::bf16) return _mm512_maskz_loadu_epi16(there, static_cast<const uint16_t*>(x.data) + at);
  const float* const from = static_cast<const float*>(x.data) + at;
  const __m512 low = _mm512_maskz_loadu_ps(__mmask16(there), from);
  const __m512 high = n > 16 ? _mm512_maskz_loadu_ps(__mmask16(there >> 16), from + 16) : _mm512_setzero_ps();
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// 16 neighbours of each of two rows, element by element in turn; rows past `count` are zeros.
inline __m512i read_pair(const TileOperand& x, int64_t at, int64_t n, int64_t count) {
  const __mmask16 there = __mmask16(first_of_32(n)), second = count > 1 ? there : 0;
  const int64_t next = second ? at + x.stride : at;
  __m512i both;
  if (x.type == Type::bf16) {
    const auto* const from = static_cast<const uint16_t*>(x.data);
    both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi16(there, from + at)),
                              _mm256_maskz_loadu_epi16(second, from + next), 1);
  } else {
    const auto* const from = static_cast<const float*>(x.data);
    both = reinterpret_cast<__m512i>(
        _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(second, from + next), _mm512_maskz_loadu_ps(there, from + at)));
  }
  const __m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(both));
  const __m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(both, 1));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 16 lines of 16 words become 16 lines of 16 words.
inline void transpose(__m512i* r) {
  __m512i t[tile_side];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      r[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
    // r[4 i + c] has columns c, 4 + c, 8 + c, 12 + c of rows 4 i .. 4 i + 3, in quarters.
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512i even_0 = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88);
    const __m512i even_1 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
    const __m512i odd_0 = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xDD);
    const __m512i odd_1 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xDD);
    t[c] = _mm512_shuffle_i32x4(even_0, even_1, 0x88);
    t[4 + c] = _mm512_shuffle_i32x4(odd_0, odd_1, 0x88);
    t[8 + c] = _mm512_shuffle_i32x4(even_0, even_1, 0xDD);
    t[12 + c] = _mm512_shuffle_i32x4(odd_0, odd_1, 0xDD);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = t[i];
}

void pack_tile(const TileOperand& x, const Corner& from, char* out) {
  __m512i line[tile_side];
  if (x.along) {
#pragma GCC unroll 16
    for (int64_t i = 0; i < tile_side; ++i)
      line[i] = i < from.lines ? read_32(x, (from.line + i) * x.stride + from.k, from.count) : _mm512_setzero_si512();
  } else {
#pragma GCC unroll 16
    for (int64_t i = 0; i < tile_side; ++i)
      line[i] = 2 * i < from.count
                    ? read_pair(x, (from.k + 2 * i) * x.stride + from.line, from.lines, from.count - 2 * i)
                    : _mm512_setzero_si512();
  }
  if (x.along == x.is_b) transpose(line);
#pragma GCC unroll 16
  for (int64_t i = 0; i < tile_side; ++i) _mm512_store_si512(out + i * 64, line[i]);
}

#pragma GCC pop_options

}  // namespace

// Memory is read in its own order.
void pack_panels(const TileOperand& x, const TilePanels& w, char* out) {
  const int64_t steps = pieces(w.count, tile_step);
  for (int64_t i = 0; i < steps * w.panels; ++i) {
    const int64_t p = x.along ? i % steps : i / w.panels, which = x.along ? i / steps : i % w.panels;
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t begin = w.line + which * tile_panel + half * tile_side;
      pack_tile(x,
                {begin, w.k + p * tile_step, std::clamp<int64_t>(x.size - begin, 0, tile_side),
                 std::min(tile_step, w.count - p * tile_step)},
                out + ((which * steps + p) * 2 + half) * tile_bytes);
    }
  }
}

}  // namespace stemma
