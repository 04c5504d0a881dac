#include "stemma/ops/packed_matrix.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/amx.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/product.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/packed_matrix.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr int64_t depth = 256;            // a panel of B of this depth stays in the first cache while rows of A go by
int64_t across() { return 2 * lanes(); }  // columns of a panel

struct Panels {  // of op(B), each [k, across()]
  const Tensor& B;
  bool transposed;
  int64_t k() const { return transposed ? B.cols() : B.rows(); }
  int64_t n() const { return transposed ? B.rows() : B.cols(); }
  int64_t count() const { return pieces(n(), across()); }
  int64_t size() const { return k() * across(); }
  void pack(int64_t panel, float* to) const {
    const int64_t j = panel * across(), width = std::min(across(), n() - j);
    if (transposed) return transpose_scaled(B.data() + j * B.cols(), B.cols(), width, k(), 1, {to, across()});
    for (int64_t p = 0; p < k(); ++p)
      for_vectors(width, [&](int64_t i, int64_t left) {
        hn::StoreU(load(B.data() + p * B.cols() + j + i, left), D(), to + p * across() + i);
      });
  }
};

void pack(const Tensor& B, bool transposed, const Tensor& to) {
  const Panels panels{B, transposed};
  parallel_for(panels.count(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) panels.pack(i, to.data() + i * panels.size());
  });
}
int64_t packed_size(const Tensor& B, bool transposed) {
  const Panels panels{B, transposed};
  return panels.count() * panels.size();
}

int64_t depth_of_cuts(int64_t k) { return pieces(k, std::max<int64_t>(1, pieces(k, depth))); }

// The part of a product that one panel makes; a narrow last one goes through `edge`.
void multiply_panel(const PackedProduct& p, const float* panel, int64_t j, int64_t k0, float* edge) {
  const int64_t m = p.A.rows(), k = std::min(depth_of_cuts(p.A.cols()), p.A.cols() - k0), n = p.C.cols();
  const int64_t width = std::min(across(), n - j);
  const bool add = p.add || k0 > 0;
  const Left a{p.A.data() + k0, p.A.cols(), 1};
  const Right b{panel + k0 * across(), across()};
  float* const c = p.C.data() + j;
  if (width % lanes() == 0) return small_product(a, b, {c, n, add}, {m, width, k});
  if (add)
    for (int64_t i = 0; i < m; ++i) std::copy_n(c + i * n, width, edge + i * across());
  small_product(a, b, {edge, across(), add}, {m, width, k});
  for (int64_t i = 0; i < m; ++i) std::copy_n(edge + i * across(), width, c + i * n);
}

void multiply(const PackedProduct& p) {
  const Panels panels{p.B, p.transposed};
  const int64_t grain = 1 + (1 << 16) / (1 + p.A.size() * across());
  parallel_for(panels.count(), grain, [&](int64_t begin, int64_t end) {
    const Tensor edge(p.A.rows(), across()), own = p.panels ? Tensor() : Tensor(1, panels.size());
    for (int64_t q = begin; q < end; ++q) {
      const int64_t i = p.backwards ? begin + end - 1 - q : q;
      if (own) panels.pack(i, own.data());
      const float* const panel = own ? own.data() : p.panels.data() + i * panels.size();
      for (int64_t k0 = 0; k0 < panels.k(); k0 += depth_of_cuts(panels.k()))
        multiply_panel(p, panel, i * across(), k0, edge.data());
    }
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(pack);
HWY_EXPORT(packed_size);
HWY_EXPORT(multiply);
Tensor pack_cpu(const Tensor& B, bool transposed) {
  if (precision() == Type::bf16) {
    const Tensor tiles(amx_panel_tiles(B, transposed), amx_tile_cols, Type::bf16);
    amx_pack(B, transposed, tiles);
    return tiles;
  }
  const Tensor panels(1, HWY_DYNAMIC_DISPATCH(packed_size)(B, transposed));
  HWY_DYNAMIC_DISPATCH(pack)(B, transposed, panels);
  return panels;
}
void multiply_cpu(const PackedProduct& p) {
  if (!p.panels || p.panels.type() == Type::f32) return HWY_DYNAMIC_DISPATCH(multiply)(p);
  MatrixView b = view(p.B, p.transposed);
  b.panels = &p.panels;
  amx_panel_product({.m = p.C.rows(),
                     .n = p.C.cols(),
                     .k = p.A.cols(),
                     .a = view(p.A),
                     .b = b,
                     .c = p.C.data(),
                     .stride = p.C.cols(),
                     .beta = p.add ? 1.0f : 0.0f});
}

constexpr Kernel<Tensor(const Tensor& B, bool transposed)> pack_kernel{"pack", pack_cpu, ON_CUDA(pack_cuda)};
constexpr Kernel<void(const PackedProduct&)> multiply_kernel{"packed product", multiply_cpu,
                                                             ON_CUDA(packed_product_cuda)};

}  // namespace

Cost cost_of(const PackedProduct& p) {
  const double m = double(p.A.rows()), k = double(p.A.cols()), n = double(p.C.cols());
  return {.flops = 2 * m * n * k,
          .bytes = 4 * (m * k + k * n + (p.add ? 2 : 1) * m * n),
          .sizes = str(p.A.rows(), " x ", p.C.cols(), " x ", p.A.cols())};
}

namespace {

// Who packs and multiplies this: we ourselves in f32, the tile unit in bf16; else it is a product like any other.
bool can_pack(const Tensor& B) { return precision() == Type::f32 ? B.type() == Type::f32 : has_amx(); }

}  // namespace

PackedMatrix::PackedMatrix(const Tensor& B, Transposed t, int64_t products) : B_(B.detach()), transposed_(t.b) {
  if (can_pack(B) && products > 1) panels_ = pack_kernel(B_, transposed_);
}

void PackedMatrix::multiply(const Tensor& A, const Tensor& C, bool add) const {
  const bool own = panels_ || (precision() == Type::f32 && B_.type() == Type::f32);
  if (!own) return product(A, B_, C, {.transposed = {.b = transposed_}, .beta = add ? 1.0f : 0.0f});
  const int64_t k = transposed_ ? B_.cols() : B_.rows(), n = transposed_ ? B_.rows() : B_.cols();
  check(A.cols() == k && C.rows() == A.rows() && C.cols() == n, "product of ", A, " and ", B_, " into ", C);
  backwards_ = !backwards_;
  multiply_kernel(PackedProduct{A, B_, C, transposed_, add, panels_, backwards_});
}

}  // namespace stemma
#endif
