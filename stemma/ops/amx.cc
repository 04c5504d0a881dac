// The unit multiplies tiles: C [16, 16] of f32 += A [16, 32] B [32, 16] of bf16, 1 KiB each. In a tile of A a line is a
// row of A; in a tile of B a line holds two rows of B, element by element in turn, because the unit adds two products
// at a time. So a line of B is the 32-bit transpose of sixteen lines of its transpose, and one way of reading an
// operand serves both sides. Four tiles of C are held at once, which loads each tile of A and B for two products.
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
#include "stemma/ops/amx.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {

constexpr int64_t side = 16, step = 32;          // a tile: 16 lines of 32 elements of k
constexpr int64_t panel = 2 * side;              // two tiles side by side
constexpr int64_t tile_bytes = side * step * 2;  // 1 KiB
constexpr int64_t depth = 8 * step;              // two panels about so deep fit the first cache,
constexpr int64_t block_bytes = 256 << 10;       // so much of A the second
constexpr int64_t cols_at_once = 64 * panel;
constexpr int64_t ahead = 8 * tile_bytes;  // how far memory is asked for when it is read once

// An operand of `size` rows of op(A), or columns of op(B). `along`: neighbours in k lie side by side.
struct Operand {
  const void* data;
  int64_t stride, size;
  Type type;
  bool along, is_b;
};

// Where the lines of one tile begin, and how many of them and of k there are.
struct Corner {
  int64_t line, k, lines, count;
};

// One panel times another: `steps` tiles of k. C begins as `start` (null: zeros), which may be C itself.
struct Block {
  int64_t steps = 0;
  const char *a = nullptr, *b = nullptr;
  float* c = nullptr;
  const float* start = nullptr;
  int64_t stride = 0, start_stride = 0;
  int64_t ahead = 0;  // B comes from memory: bytes by which it is asked for before it is read
};

// What becomes of the sums of a block, [32, 32] side by side, on their way to C. `past`: without a place in the caches.
struct Finish {
  const float* sums;
  float* c;
  const float *bias, *residual;
  int64_t stride, rows, cols;
  bool relu, past;
};

// Only plain functions stand here: a template instantiated under these options could be the one that the linker keeps
// for processors that lack them.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")

inline __mmask32 first(int64_t n) { return n >= 32 ? ~__mmask32{0} : n <= 0 ? 0 : (__mmask32{1} << n) - 1; }

// 32 neighbours, rounded; zeros past n.
inline __m512i read_32(const Operand& x, int64_t at, int64_t n) {
  const __mmask32 there = first(n);
  if (x.type == Type::bf16) return _mm512_maskz_loadu_epi16(there, static_cast<const uint16_t*>(x.data) + at);
  const float* const from = static_cast<const float*>(x.data) + at;
  const __m512 low = _mm512_maskz_loadu_ps(__mmask16(there), from);
  const __m512 high = n > 16 ? _mm512_maskz_loadu_ps(__mmask16(there >> 16), from + 16) : _mm512_setzero_ps();
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// 16 neighbours of each of two rows, element by element in turn; rows past `count` are zeros.
inline __m512i read_pair(const Operand& x, int64_t at, int64_t n, int64_t count) {
  const __mmask16 there = __mmask16(first(n)), second = count > 1 ? there : 0;
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
  __m512i t[side];
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

void pack_tile(const Operand& x, const Corner& from, char* out) {
  __m512i line[side];
  if (x.along) {
#pragma GCC unroll 16
    for (int64_t i = 0; i < side; ++i)
      line[i] = i < from.lines ? read_32(x, (from.line + i) * x.stride + from.k, from.count) : _mm512_setzero_si512();
  } else {
#pragma GCC unroll 16
    for (int64_t i = 0; i < side; ++i)
      line[i] = 2 * i < from.count
                    ? read_pair(x, (from.k + 2 * i) * x.stride + from.line, from.lines, from.count - 2 * i)
                    : _mm512_setzero_si512();
  }
  if (x.along == x.is_b) transpose(line);
#pragma GCC unroll 16
  for (int64_t i = 0; i < side; ++i) _mm512_store_si512(out + i * 64, line[i]);
}

struct alignas(64) TileConfiguration {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfiguration configuration;
void open_tiles() { _tile_loadconfig(&configuration); }
void close_tiles() { _tile_release(); }

// The compiler knows nothing of what tile instructions read and write: the empty asm lines hold memory still.
[[gnu::noinline]] void multiply(const Block& t) {
  asm volatile("" ::: "memory");
  const int64_t from = t.start_stride * 4, stride = t.stride * 4;
  if (t.start) {
    _tile_loadd(0, t.start, from);
    _tile_loadd(1, t.start + side, from);
    _tile_loadd(2, t.start + side * t.start_stride, from);
    _tile_loadd(3, t.start + side * t.start_stride + side, from);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const char *a = t.a, *b = t.b;
  for (int64_t i = 0; i < t.steps; ++i, a += 2 * tile_bytes, b += 2 * tile_bytes) {
    for (int64_t line = 0; line < (t.ahead ? 2 * tile_bytes : 0); line += 64) __builtin_prefetch(b + t.ahead + line);
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + tile_bytes, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a + tile_bytes, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, t.c, stride);
  _tile_stored(1, t.c + side, stride);
  _tile_stored(2, t.c + side * t.stride, stride);
  _tile_stored(3, t.c + side * t.stride + side, stride);
  asm volatile("" ::: "memory");
}

// The same for the first of the two tiles of A.
[[gnu::noinline]] void multiply_low(const Block& t) {
  asm volatile("" ::: "memory");
  if (t.start) {
    _tile_loadd(0, t.start, t.start_stride * 4);
    _tile_loadd(1, t.start + side, t.start_stride * 4);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  const char *a = t.a, *b = t.b;
  for (int64_t i = 0; i < t.steps; ++i, a += 2 * tile_bytes, b += 2 * tile_bytes) {
    for (int64_t line = 0; line < (t.ahead ? 2 * tile_bytes : 0); line += 64) __builtin_prefetch(b + t.ahead + line);
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + tile_bytes, 64);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, t.c, t.stride * 4);
  _tile_stored(1, t.c + side, t.stride * 4);
  asm volatile("" ::: "memory");
}

// c = f(sums + bias) + residual
void finish(const Finish& f) {
  for (int64_t i = 0; i < f.rows; ++i)
    for (int64_t j = 0; j < f.cols; j += side) {
      const __mmask16 there = __mmask16(first(f.cols - j));
      float* const to = f.c + i * f.stride + j;
      __m512 c = _mm512_load_ps(f.sums + i * panel + j);
      if (f.bias) c = _mm512_add_ps(c, _mm512_maskz_loadu_ps(there, f.bias + j));
      if (f.relu) c = _mm512_max_ps(_mm512_setzero_ps(), c);  // the second operand when one is NaN
      if (f.residual) c = _mm512_add_ps(c, _mm512_maskz_loadu_ps(there, f.residual + i * f.stride + j));
      f.past ? _mm512_stream_ps(to, c) : _mm512_mask_storeu_ps(to, there, c);
    }
}

// Rows whose beginnings are no lines of the cache: all whole lines go past the caches.
void stream_rows(const float* from, int64_t from_stride, float* to, int64_t stride, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; ++i, from += from_stride, to += stride) {
    int64_t j = std::min<int64_t>(cols, -(reinterpret_cast<uintptr_t>(to) / sizeof(float)) % side);
    std::copy_n(from, j, to);
    for (; j + side <= cols; j += side) _mm512_stream_ps(to + j, _mm512_loadu_ps(from + j));
    std::copy_n(from + j, cols - j, to + j);
  }
}

#pragma GCC pop_options

// out: [panels][steps][2 tiles]. Memory is read in its own order.
void pack_panels(const Operand& x, int64_t line, int64_t panels, int64_t k, int64_t count, char* out) {
  const int64_t steps = pieces(count, step);
  for (int64_t i = 0; i < steps * panels; ++i) {
    const int64_t p = x.along ? i % steps : i / panels, which = x.along ? i / steps : i % panels;
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t begin = line + which * panel + half * side;
      pack_tile(x,
                {begin, k + p * step, std::clamp<int64_t>(x.size - begin, 0, side), std::min(step, count - p * step)},
                out + ((which * steps + p) * 2 + half) * tile_bytes);
    }
  }
}

// One cut of k and of the columns: its panels of B, shared by all threads. Staged: C is copied past the caches.
struct Cut {
  const char* b = nullptr;
  int64_t j0 = 0, cols = 0, k0 = 0, count = 0;
  bool first = true, last = true, past = false, staged = false;
};

// The 32 x 32 of C at (i, j), or what there is of it.
void multiply_block(const ProductCall& p, const Cut& cut, int64_t i, int64_t j, Block block) {
  const int64_t rows = std::min(panel, p.m - i), cols = std::min(panel, p.n - j);
  const bool whole = rows == panel && cols == panel, add = !cut.first || p.beta != 0;
  const bool more = cut.last && (p.bias || p.relu || p.residual), past = cut.past && cols == panel;
  float* const c = p.c + i * p.stride + j;
  if (whole && add) block.start = c, block.start_stride = p.stride;
  if (whole && !more && !past) {
    block.c = c, block.stride = p.stride;
    return multiply(block);
  }
  alignas(64) float sums[panel * panel];
  if (!whole && add) {
    for (int64_t r = 0; r < rows; ++r) std::copy_n(c + r * p.stride, cols, sums + r * panel);
    block.start = sums, block.start_stride = panel;
  }
  block.c = sums, block.stride = panel;
  rows <= side ? multiply_low(block) : multiply(block);
  finish({.sums = sums,
          .c = c,
          .bias = more && p.bias ? p.bias + j : nullptr,
          .residual = more && p.residual ? p.residual + i * p.stride + j : nullptr,
          .stride = p.stride,
          .rows = rows,
          .cols = cols,
          .relu = more && p.relu,
          .past = past});
}

// Panels [from, to) of 32 rows of C for one cut.
void multiply_rows(const ProductCall& p, const Cut& cut, int64_t from, int64_t to) {
  const Operand A{p.a.data, p.a.stride, p.m, p.a.type, !p.a.transposed, false};
  const int64_t steps = pieces(cut.count, step), panel_bytes = steps * 2 * tile_bytes;
  const int64_t rows_at_once = panel * std::max<int64_t>(1, (A.along ? 1 : 2) * block_bytes / panel_bytes);
  const int64_t across = pieces(cut.cols, panel) * panel, most = std::min(rows_at_once, (to - from) * panel);
  const auto memory = allocate(size_t(most / panel * panel_bytes));
  char* const a = static_cast<char*>(memory.get());
  const Tensor stage = cut.staged ? Tensor(most, across) : Tensor();
  open_tiles();
  for (int64_t i0 = from * panel; i0 < to * panel; i0 += rows_at_once) {
    const int64_t panels = std::min(rows_at_once / panel, to - i0 / panel);
    pack_panels(A, i0, panels, cut.k0, cut.count, a);
    ProductCall q = p;
    const int64_t top = stage ? 0 : i0, left = stage ? 0 : cut.j0;
    if (stage) q.m -= i0, q.n -= cut.j0, q.c = stage.data(), q.stride = across;
    for (int64_t j = 0; j < pieces(cut.cols, panel); ++j)
      for (int64_t i = 0; i < panels; ++i)
        multiply_block(q, cut, top + i * panel, left + j * panel,
                       {steps, a + i * panel_bytes, cut.b + j * panel_bytes});
    if (stage)
      stream_rows(stage.data(), across, p.c + i0 * p.stride + cut.j0, p.stride, std::min(panels * panel, q.m),
                  cut.cols);
  }
  close_tiles();
}

// C does not fit the second cache, and is only written.
bool large(const ProductCall& p) { return p.m * p.n >= (1 << 19) && p.beta == 0; }

// k is cut into equal parts near `depth`, so that 262 stays whole; but a large C should be written once.
int64_t depth_of_cuts(const ProductCall& p) {
  const int64_t cuts = large(p) && p.k <= 8 * depth ? 1 : std::max<int64_t>(1, (p.k + depth / 2) / depth);
  return pieces(pieces(p.k, cuts), step) * step;
}

}  // namespace

bool has_amx() {
  static const bool has = [] {
    constexpr long ask_for_state = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
    return __builtin_cpu_supports("amx-bf16") && __builtin_cpu_supports("avx512bf16") &&
           ::syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
  }();
  return has;
}

void amx_product(const ProductCall& p) {
  const int64_t deep = depth_of_cuts(p);
  const bool lines = p.stride % side == 0 && reinterpret_cast<uintptr_t>(p.c) % 64 == 0;  // rows begin at whole ones
  check(p.alpha == 1 && (p.beta == 0 || p.beta == 1), "AMX product with alpha ", p.alpha, " and beta ", p.beta);
  const Operand B{p.b.data, p.b.stride, p.n, p.b.type, p.b.transposed, true};
  const auto memory = allocate(size_t(pieces(std::min(p.n, cols_at_once), panel) * panel * deep) * 2);
  char* const b = static_cast<char*>(memory.get());
  for (int64_t j0 = 0; j0 < p.n; j0 += cols_at_once)
    for (int64_t k0 = 0; k0 < p.k; k0 += deep) {
      Cut cut{b, j0, std::min(cols_at_once, p.n - j0), k0, std::min(deep, p.k - k0), k0 == 0, k0 + deep >= p.k};
      const bool once = large(p) && cut.first && cut.last;  // a line that is only written need not be read
      cut.past = once && lines, cut.staged = once && !lines && !p.bias && !p.relu && !p.residual;
      const int64_t panel_bytes = pieces(cut.count, step) * 2 * tile_bytes;
      parallel_for(pieces(cut.cols, panel), 2, [&](int64_t begin, int64_t end) {
        pack_panels(B, j0 + begin * panel, end - begin, k0, cut.count, b + begin * panel_bytes);
      });
      parallel_for(pieces(p.m, panel), 1, [&](int64_t begin, int64_t end) { multiply_rows(p, cut, begin, end); });
    }
}

int64_t amx_panel_tiles(const Tensor& B, bool transposed) {
  return pieces(transposed ? B.rows() : B.cols(), panel) * pieces(transposed ? B.cols() : B.rows(), step) * 2;
}

void amx_pack(const Tensor& B, bool transposed, const Tensor& panels) {
  const int64_t k = transposed ? B.cols() : B.rows(), n = transposed ? B.rows() : B.cols();
  parallel_for(pieces(n, panel), 2, [&, bytes = pieces(k, step) * 2 * tile_bytes](int64_t begin, int64_t end) {
    pack_panels({B.raw(), B.cols(), n, B.type(), transposed, true}, begin * panel, end - begin, 0, k,
                static_cast<char*>(panels.raw()) + begin * bytes);
  });
}

void amx_panel_product(const ProductCall& p) {
  const Operand A{p.a.data, p.a.stride, p.m, p.a.type, true, false};
  const int64_t steps = pieces(p.k, step), bytes = steps * 2 * tile_bytes, row_panels = pieces(p.m, panel);
  const auto memory = allocate(size_t(row_panels * bytes));
  char* const a = static_cast<char*>(memory.get());
  const char* const b = static_cast<const char*>(p.b.panels->raw());
  parallel_for(row_panels, 8, [&](int64_t begin, int64_t end) {
    pack_panels(A, begin * panel, end - begin, 0, p.k, a + begin * bytes);
  });
  const int64_t whole = p.m / panel;  // panels of rows; what is left over does without cuts of k, which copy C
  parallel_for(pieces(p.n, panel), 4, [&](int64_t begin, int64_t end) {
    open_tiles();
    for (int64_t j = begin; j < end; ++j) {
      const auto block = [&](int64_t i, int64_t s, int64_t count) {
        multiply_block(p, {.first = s == 0, .last = s + count == steps}, i * panel, j * panel,
                       {.steps = count,
                        .a = a + i * bytes + s * 2 * tile_bytes,
                        .b = b + j * bytes + s * 2 * tile_bytes,
                        .ahead = i == 0 ? ahead : 0});
      };
      const int64_t deep = whole > 1 ? depth / step : steps;
      for (int64_t s = 0; s < steps; s += deep)
        for (int64_t i = 0; i < whole; ++i) block(i, s, std::min(deep, steps - s));
      if (whole < row_panels) block(whole, 0, steps);
    }
    close_tiles();
  });
}

}  // namespace stemma
