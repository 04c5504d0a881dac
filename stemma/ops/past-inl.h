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

// Only whole lines go past the caches.
HWY_INLINE bool streams(const Out& to) { return to.past && reinterpret_cast<uintptr_t>(to.data) % 64 == 0; }
HWY_INLINE void put(V v, float* to, int64_t left, bool stream) {
  if (stream && left >= lanes())
    hn::Stream(v, D(), to);
  else
    store(v, to, left);
}

// to[i ..] = value(i, left) for i < n. Where they go past the caches, next[.][i], what will be read later,
// is fetched meanwhile: the processor's own guesses are slower where much is computed between two lines.
template <class Next, class Value>
HWY_INLINE void write_vectors(const Out& to, int64_t n, const Next& next, Value&& value) {
  const bool stream = streams(to);
  for (int64_t i = 0; i < n; i += lanes()) {
    if (stream)
      for (const float* const p : next) hwy::Prefetch(p + i);
    put(value(i, n - i), to.data + i, n - i, stream);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
