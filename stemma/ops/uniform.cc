#include "stemma/ops/uniform.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/uniform.cc"
#include <hwy/foreach_target.h>
// After its targets.
#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// Of blocks of four elements [begin, end); x has n elements in all.
void fill_blocks(float* x, int64_t n, float bound, uint64_t seed, int64_t begin, int64_t end) {
  const auto numbers = [&](VU bits) HWY_ATTR {  // 24 bits fit a float
    const V u = hn::ConvertTo(D(), hn::BitCast(hn::RebindToSigned<D>(), hn::ShiftRight<8>(bits)));
    return hn::Mul(hn::Sub(hn::Mul(u, all(0x1p-23f)), all(1)), all(bound));
  };
  HWY_ALIGN float last[HWY_MAX_BYTES];
  for (int64_t b = begin; b < end; b += lanes()) {
    const auto r = philox(seed, uint64_t(b));
    const int64_t left = std::min(n - 4 * b, 4 * std::min(lanes(), end - b));
    float* const to = left == 4 * lanes() ? x + 4 * b : last;
    hn::StoreInterleaved4(numbers(r.bits[0]), numbers(r.bits[1]), numbers(r.bits[2]), numbers(r.bits[3]), D(), to);
    if (to == last) std::copy_n(last, left, x + 4 * b);
  }
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {
HWY_EXPORT(fill_blocks);
}  // namespace

void fill_uniform(float* x, int64_t n, float bound, uint64_t seed) {
  parallel_for((n + 3) / 4, row_grain(4), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(fill_blocks)(x, n, bound, seed, begin, end);
  });
}

}  // namespace stemma
#endif
