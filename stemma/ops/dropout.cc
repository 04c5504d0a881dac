// Srivastava et al. 2014, scaled in training:
//
//   y = x m / (1 - p)     dx = dy m / (1 - p)     m ~ Bernoulli(1 - p)
//
// The mask is never stored: element 64 t + 16 l + j takes number l of the Philox block first + 16 t + j, in forward and
// again in backward, at every level of SIMD and with any number of threads.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/dropout.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// The tiles (64 elements each) begin .. end of n elements; an element whose number is below `threshold` is dropped.
void drop(const float* x, float* y, int64_t n, int64_t begin, int64_t end, uint64_t key, uint64_t first,
          uint32_t threshold, float scale) {
  const VU least = hn::Set(DU(), threshold);
  const V factor = all(scale);
  for (int64_t tile = begin; tile < end; ++tile) {
    for (int64_t j = 0; j < 16; j += lanes()) {
      const auto random = philox(key, first + uint64_t(16 * tile + j));
      for (int64_t l = 0; l < 4; ++l) {
        const int64_t i = 64 * tile + 16 * l + j;
        if (i >= n) break;
        const auto dropped = hn::RebindMask(D(), hn::Lt(random.bits[l], least));
        store(hn::IfThenZeroElse(dropped, hn::Mul(load(x + i, n - i), factor)), y + i, n - i);
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/ops.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(drop);

namespace {

constexpr int64_t tile = 64, blocks_per_tile = 16;
struct Mask {
  uint64_t key = 0, first = 0;
  float p = 0;
};

void dropout_cpu(const Tensor& x, const Tensor& y, const Mask& mask) {
  const auto threshold = uint32_t(double(mask.p) * 0x1p32);
  const float scale = 1 / (1 - mask.p);
  parallel_for((x.size() + tile - 1) / tile, element_grain / tile,
               [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
                 HWY_DYNAMIC_DISPATCH(drop)
                 (from, to, x.size(), begin, end, mask.key, mask.first, threshold, scale);
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
  check(p >= 0 && p < 1, "dropout: p = ", p, " is not in [0, 1)");
  Random* rng = training();
  if (!rng || p == 0) return x;
  const auto blocks = uint64_t((x.size() + tile - 1) / tile * blocks_per_tile);
  const Mask mask{.key = rng->key, .first = rng->take(blocks), .p = p};
  return record(masked(x, mask), {x}, [mask](const Tensor& dy) { return Grads{masked(dy, mask)}; });
}

}  // namespace stemma
#endif
