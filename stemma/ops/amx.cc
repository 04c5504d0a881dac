// The unit multiplies tiles: C [16, 16] of f32 += A [16, 32] B [32, 16] of bf16 (tiles.h). Four tiles of C are held at
// once, which loads each tile of A and B for two products.
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
#include "stemma/ops/amx.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/tiles.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {

constexpr int64_t side = tile_side, step = tile_step, panel = tile_panel;
constexpr int64_t depth = 8 * step;         // two panels about so deep fit the first cache,
constexpr int64_t block_bytes = 256 << 10;  // so much of A the second
constexpr int64_t cols_at_once = 64 * panel;
constexpr int64_t ahead = 8 * tile_bytes;  // how far memory is asked for when it is read once

// One panel times another: `steps` tiles of k. C begins as `start` (null: zeros), which may be C itself.
struct Block {
  int64_t steps = 0;
  const char *a = nullptr, *b = nullptr;
  float* c = nullptr;
  const float* start = nullptr;
  int64_t stride = 0, start_stride = 0;
  int64_t ahead = 0;  // B comes from memory: bytes by which it is asked for before it is read
};

// What becomes of the sums of a block, [32, 32] side by side, on their way to C, which is f32 or, rounded, `narrow`.
// `past`: without a place in the caches.
struct Finish {
  const float* sums;
  float* c;
  bf16* narrow;
  const float *bias, *residual;
  int64_t stride, rows, cols;
  bool relu, past;
};

// Only plain functions stand here: a template instantiated under these options could be the one that the linker keeps
// for processors that lack them.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16")

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

// f(sums + bias) + residual from (i, j) on
inline __m512 finished(const Finish& f, int64_t i, int64_t j) {
  const __mmask16 there = __mmask16(first_of_32(f.cols - j));
  __m512 c = _mm512_load_ps(f.sums + i * panel + j);
  if (f.bias) c = _mm512_add_ps(c, _mm512_maskz_loadu_ps(there, f.bias + j));
  if (f.relu) c = _mm512_max_ps(_mm512_setzero_ps(), c);  // the second operand when one is NaN
  if (f.residual) c = _mm512_add_ps(c, _mm512_maskz_loadu_ps(there, f.residual + i * f.stride + j));
  return c;
}
void finish(const Finish& f) {
  const __mmask32 there = first_of_32(f.cols);
  for (int64_t i = 0; i < f.rows; ++i) {
    const __m512 low = finished(f, i, 0), high = finished(f, i, side);
    if (f.narrow) {
      auto* const to = f.narrow + i * f.stride;
      const auto c = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
      f.past ? _mm512_stream_si512(reinterpret_cast<__m512i*>(to), c) : _mm512_mask_storeu_epi16(to, there, c);
    } else if (f.past) {
      _mm512_stream_ps(f.c + i * f.stride, low);
      _mm512_stream_ps(f.c + i * f.stride + side, high);
    } else {
      _mm512_mask_storeu_ps(f.c + i * f.stride, __mmask16(there), low);
      _mm512_mask_storeu_ps(f.c + i * f.stride + side, __mmask16(there >> side), high);
    }
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
  if (whole && !more && !past && !p.narrow) {
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
          .narrow = p.narrow ? p.narrow + i * p.stride + j : nullptr,
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
  const TileOperand A{p.a.data, p.a.stride, p.m, p.a.type, !p.a.transposed, false};
  const int64_t steps = pieces(cut.count, step), panel_bytes = steps * 2 * tile_bytes;
  const int64_t rows_at_once = panel * std::max<int64_t>(1, (A.along ? 1 : 2) * block_bytes / panel_bytes);
  const int64_t across = pieces(cut.cols, panel) * panel, most = std::min(rows_at_once, (to - from) * panel);
  const auto memory = allocate(size_t(most / panel * panel_bytes));
  char* const a = static_cast<char*>(memory.get());
  const Tensor stage = cut.staged ? Tensor(most, across) : Tensor();
  open_tiles();
  for (int64_t i0 = from * panel; i0 < to * panel; i0 += rows_at_once) {
    const int64_t panels = std::min(rows_at_once / panel, to - i0 / panel);
    pack_panels(A, {i0, panels, cut.k0, cut.count}, a);
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

// k is cut into equal parts near `depth`, so that 262 stays whole; but a large C should be written once, and one that
// is rounded can be written only once.
int64_t depth_of_cuts(const ProductCall& p) {
  const int64_t cuts = p.narrow || (large(p) && p.k <= 8 * depth) ? 1 : std::max<int64_t>(1, (p.k + depth / 2) / depth);
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
  const bool lines = p.stride % (p.narrow ? panel : side) == 0 &&  // rows begin at whole ones
                     (reinterpret_cast<uintptr_t>(p.c) | reinterpret_cast<uintptr_t>(p.narrow)) % 64 == 0;
  check(p.alpha == 1 && (p.beta == 0 || (p.beta == 1 && !p.narrow)), "AMX product with alpha ", p.alpha, " and beta ",
        p.beta);
  const TileOperand B{p.b.data, p.b.stride, p.n, p.b.type, p.b.transposed, true};
  const auto memory = allocate(size_t(pieces(std::min(p.n, cols_at_once), panel) * panel * deep) * 2);
  char* const b = static_cast<char*>(memory.get());
  for (int64_t j0 = 0; j0 < p.n; j0 += cols_at_once)
    for (int64_t k0 = 0; k0 < p.k; k0 += deep) {
      Cut cut{b, j0, std::min(cols_at_once, p.n - j0), k0, std::min(deep, p.k - k0), k0 == 0, k0 + deep >= p.k};
      const bool once = large(p) && cut.first && cut.last;  // a line that is only written need not be read
      cut.past = once && lines, cut.staged = once && !lines && !p.narrow && !p.bias && !p.relu && !p.residual;
      const int64_t panel_bytes = pieces(cut.count, step) * 2 * tile_bytes;
      parallel_for(pieces(cut.cols, panel), 2, [&](int64_t begin, int64_t end) {
        pack_panels(B, {j0 + begin * panel, end - begin, k0, cut.count}, b + begin * panel_bytes);
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
    pack_panels({B.raw(), B.cols(), n, B.type(), transposed, true}, {begin * panel, end - begin, 0, k},
                static_cast<char*>(panels.raw()) + begin * bytes);
  });
}

void amx_panel_product(const ProductCall& p) {
  const TileOperand A{p.a.data, p.a.stride, p.m, p.a.type, true, false};
  const int64_t steps = pieces(p.k, step), bytes = steps * 2 * tile_bytes, row_panels = pieces(p.m, panel);
  const auto memory = allocate(size_t(row_panels * bytes));
  char* const a = static_cast<char*>(memory.get());
  const char* const b = static_cast<const char*>(p.b.panels->raw());
  parallel_for(row_panels, 8, [&](int64_t begin, int64_t end) {
    pack_panels(A, {begin * panel, end - begin, 0, p.k}, a + begin * bytes);
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
