// Vectors written past the caches (past.h). Compiled once for each level.
#include <hwy/cache_control.h>

#include <array>

#include "stemma/ops/past.h"
#include "stemma/ops/simd-inl.h"

#if defined(STEMMA_OPS_PAST_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_PAST_INL_H
#undef STEMMA_OPS_PAST_INL_H
#else
#define STEMMA_OPS_PAST_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

constexpr int64_t ahead = 512;  // floats that a stream is fetched before it is read

// to[i ..] = value(i, left) for i < n. Only whole lines go past the caches; then next[.][i], what will be read later,
// is fetched meanwhile: the processor's own guesses are slower where much is computed between two lines.
template <class Next, class Value>
HWY_INLINE void write_vectors(const Out& to, int64_t n, const Next& next, Value&& value) {
  const bool past = to.past && reinterpret_cast<uintptr_t>(to.data) % 64 == 0;
  for (int64_t i = 0; i < n; i += lanes()) {
    if (past)
      for (const float* const p : next) hwy::Prefetch(p + i);
    const V v = value(i, n - i);
    if (past && n - i >= lanes())
      hn::Stream(v, D(), to.data + i);
    else
      store(v, to.data + i, n - i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
