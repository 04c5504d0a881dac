// Srivastava et al. 2014, scaled in training:
//
//   y = x m / (1 - p)     dx = dy m / (1 - p)     m ~ Bernoulli(1 - p)
//
// The mask is drawn in forward and again in backward (mask.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/dropout.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/mask.h"
#include "stemma/ops/past-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

template <bool add>
HWY_INLINE void mask_row(const float* x, const float* base, const Out& y, int64_t d, const Mask& mask, uint64_t first) {
  const bool stream = streams(y) && lanes() == 16;
  const VU least = hn::Set(DU(), mask.threshold << 16);
  const V factor = all(mask.scale());
  for (int64_t tile = 0; tile < d; tile += 128) {
    for (int64_t j = 0; j < 16 && tile + j < d; j += lanes()) {
      const auto random = philox(mask.key, first + uint64_t(tile / 8 + j));
      for (int64_t h = 0; h < 8; ++h) {
        const int64_t i = tile + 16 * h + j;
        if (i >= d) break;
        const VU number = random.bits[h / 2];  // its low bits go up; those below 65,536 of the threshold do not count
        const VU half = h % 2 ? number : hn::ShiftLeft<16>(number);
        const auto dropped = hn::RebindMask(D(), hn::Lt(half, least));
        const V kept = hn::IfThenZeroElse(dropped, hn::Mul(load(x + i, d - i), factor));
        put(add ? hn::Add(load(base + i, d - i), kept) : kept, y.data + i, d - i, stream);
      }
    }
  }
}

void masked(const MaskedRows& r, const Mask& mask) {
  const auto blocks = uint64_t((r.d + 127) / 128 * 16);
  for (int64_t i = 0; i < r.end - r.begin; ++i) {
    const int64_t at = i * r.d;
    const uint64_t first = mask.first + uint64_t(r.begin + i) * blocks;
    if (r.base)
      mask_row<true>(r.x + at, r.base + at, r.y.from(at), r.d, mask, first);
    else
      mask_row<false>(r.x + at, nullptr, r.y.from(at), r.d, mask, first);
  }
}

void whole(const MaskedRows& r) {
  write_vectors(r.y, (r.end - r.begin) * r.d, std::array{r.x + ahead}, [&](int64_t i, int64_t left) {
    const V v = load(r.x + i, left);
    return r.base ? hn::Add(load(r.base + i, left), v) : v;
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(masked);
HWY_EXPORT(whole);

Mask draw_mask(const Tensor& x, float p) {
  check(p >= 0 && p < 1, "dropout: p = ", p, " is not in [0, 1)");
  Random* rng = training();
  const auto threshold = std::min<uint32_t>(65535, uint32_t(double(p) * 65536 + 0.5));
  if (!rng || threshold == 0) return {};
  const auto blocks = uint64_t(x.rows() * ((x.cols() + 127) / 128) * 16);
  return {.key = rng->key, .first = rng->take(blocks), .threshold = threshold};
}

void mask_rows(const MaskedRows& rows, const Mask& mask) {
  if (mask.threshold == 0)
    HWY_DYNAMIC_DISPATCH(whole)(rows);
  else
    HWY_DYNAMIC_DISPATCH(masked)(rows, mask);
}

namespace {

void dropout_cpu(const Tensor& x, const Tensor& y, const Mask& mask) {
  const Out out(y);
  const int64_t d = x.cols();
  parallel_into(out, x.rows(), row_grain(d), [&, from = x.data()](int64_t begin, int64_t end) {
    mask_rows({.x = from + begin * d, .y = out.from(begin * d), .d = d, .begin = begin, .end = end}, mask);
  });
}
constexpr Kernel<void(const Tensor& x, const Tensor& y, const Mask& mask)> kernel{"dropout", dropout_cpu,
                                                                                  ON_CUDA(dropout_cuda)};

Tensor masked(const Tensor& x, const Mask& mask) {
  Tensor y = Tensor::like(x);
  kernel(x, y, mask);
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, float p) {
  const Mask mask = draw_mask(x, p);
  if (mask.threshold == 0) return x;
  return record(masked(x, mask), {x}, [mask](const Tensor& dy) { return Grads{masked(dy, mask)}; });
}

}  // namespace stemma
#endif
