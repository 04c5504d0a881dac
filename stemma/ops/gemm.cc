#include "stemma/ops/gemm.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/memory.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/gemm.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/operand-inl.h"
#include "stemma/ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

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

// Cuts of k are alike, none much deeper than `deep`.
int64_t depth_of_cuts(int64_t k, int64_t deep = depth) {
  return pieces(k, std::max<int64_t>(1, (k + deep / 2) / deep));
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
      for (int64_t k = 0, deep = depth_of_cuts(p.k); k < p.k; k += deep) {
        const Block block{0, p.m, k, std::min(deep, p.k - k), a.data + k, a.stride};
        Later later = panel_later(next + k * panel_cols, block.count, p.m);
        panel(p, own.data() + k * panel_cols, j, block, &later);
      }
    }
  });
}

// Of all panels, `count` rows from k on.
struct Panels {
  const float* data;
  int64_t k, count;
  Later next = {};  // what is read after them
};
// The `rows` rows of op(A) from i on, and of them `count` of k from k on.
Later rows_of_a_later(const ProductCall& p, int64_t i, int64_t rows, int64_t k, int64_t count) {
  return p.a.transposed ? rows_later(floats(p.a) + k * p.a.stride + i, count, rows, p.a.stride)
                        : rows_later(floats(p.a) + i * p.a.stride + k, rows, count, p.a.stride);
}
// Rows [from, to) of C: a block of A meets all panels. Where these stay in the second cache, the next block comes from
// afar. C is written through the caches: what needs it comes at once.
void multiply_rows(const ProductCall& p, const Panels& b, int64_t from, int64_t to) {
  const int64_t rows = to - from, blocks = std::max<int64_t>(1, (rows + block_rows / 2) / block_rows);
  const int64_t deep = std::min(depth_of_cuts(p.k), b.count), size = b.count * panel_cols;
  const bool near = p.n * b.count <= 1 << 17;
  const Tensor copy = as_they_lie(p) ? Tensor() : Tensor(pieces(rows, blocks), padded(deep));
  for (int64_t i = 0; i < blocks; ++i)
    for (int64_t k = 0; k < b.count; k += deep) {
      const int64_t i0 = from + rows * i / blocks, i1 = from + rows * (i + 1) / blocks;
      const int64_t count = std::min(deep, b.count - k);
      const Rows a = rows_of(p, i0, i1, b.k + k, count, copy);
      const Block block{i0, i1, b.k + k, count, a.data, a.stride};
      Later later;
      if (near) later = i + 1 < blocks ? rows_of_a_later(p, i1, i1 - i0, b.k + k, count) : b.next;
      for (int64_t j = 0; j < p.n; j += panel_cols) {
        const float* const at = b.data + j / panel_cols * size + k * panel_cols;
        if (!near) later = panel_later(at + size, count, i1 - i0);
        panel(p, at, j, block, &later);
      }
    }
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

// A long sum into a C that stays in the second cache, as the gradient of a weight is: each thread copies the cuts of B
// itself, so that nobody waits, and asks for the next ones meanwhile. They are less deep, since both stay near.
bool is_long_sum(const ProductCall& p) { return !p.b.transposed && p.n <= p.m && p.m * p.n <= 1 << 18 && p.k >= 1024; }
void by_cuts(const ProductCall& p) {
  const int64_t deep = depth_of_cuts(p.k, 192);
  parallel_for(pieces(p.m, most_rows), 2, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * most_rows, to = std::min(end * most_rows, p.m);
    const Tensor panels(pieces(p.n, panel_cols) * deep, panel_cols);
    for (int64_t k = 0; k < p.k; k += deep) {
      const int64_t next = std::min(k + deep, p.k), count = std::min(deep, p.k - next);
      const Later b = rows_later(floats(p.b) + next * p.b.stride, count, p.n, p.b.stride);
      Later a = rows_of_a_later(p, from, std::min(to - from, block_rows), next, count);
      a.then = &b;
      pack_all(p, k, next - k, panels.data());
      multiply_rows(p, {panels.data(), k, next - k, a}, from, to);
    }
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
  if (p.m < 2 * block_rows) return by_columns(p);
  is_long_sum(p) ? by_cuts(p) : by_rows(p);
}

bool has_many_registers() { return HWY_TARGET <= HWY_AVX3; }

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

HWY_EXPORT(packed);
HWY_EXPORT(has_many_registers);
void packed_product(const ProductCall& call) { HWY_DYNAMIC_DISPATCH(packed)(call); }
bool packed_is_best() { return HWY_DYNAMIC_DISPATCH(has_many_registers)(); }

}  // namespace stemma
#endif
