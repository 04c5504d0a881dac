#include "stemma/ops/panels.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/amx.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/panels.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

void multiply(const ProductCall& p) {
  const float *const panels = p.b.panels->data(), *const a = static_cast<const float*>(p.a.data);
  const int64_t blocks = std::max<int64_t>(1, (p.m + block_rows / 2) / block_rows);
  const bool once = p.m <= most_rows;  // one tile reads memory from one end to the other
  const int64_t deep = once ? p.k : depth, size = p.k * panel_cols;
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (p.m * size / 4 + 1));
  parallel_for(pieces(p.n, panel_cols), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < blocks; ++i)
      for (int64_t k = 0; k < p.k; k += deep) {
        const int64_t first = p.m * i / blocks, count = std::min(deep, p.k - k);
        const Block block{first, p.m * (i + 1) / blocks, k, count, a + first * p.a.stride + k, p.a.stride};
        for (int64_t j = begin; j < end; ++j) {
          const float* const b = panels + j * size + k * panel_cols;
          Later next = panel_later(b + size, count, block.i1 - block.i0);
          panel(p, b, j * panel_cols, block, once ? nullptr : &next);
        }
      }
  });
}

// ---- packing --------------------------------------------------------------------------------------------------------
void fill(const Tensor& W, const Tensor& panels) {
  const int64_t n = W.rows(), k = W.cols();
  parallel_for(pieces(n, panel_cols), std::max<int64_t>(1, (1 << 14) / k), [&](int64_t begin, int64_t end) {
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

int64_t panel_rows(const Tensor& W) { return pieces(W.rows(), panel_cols) * W.cols(); }

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
