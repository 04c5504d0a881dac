// Results written past the caches: reading a line only to overwrite it, and pushing others out for it, pays while
// somebody finds it there afterwards. Of results so large nobody does. Compiled once for each level.
#include <hwy/cache_control.h>

#include "stemma/base/parallel.h"
#include "stemma/ops/simd-inl.h"

#ifndef STEMMA_OPS_PAST_ONCE
#define STEMMA_OPS_PAST_ONCE
namespace stemma {

// Where f32 results go.
struct Out {
  float* data = nullptr;
  bool past = false;  // past the caches
  Out(float* data, bool past = false) : data(data), past(past) {}
  explicit Out(const Tensor& y) : data(y.data()), past(y.bytes() >= 16 << 20) {}
  Out from(int64_t i) const { return {data + i, past}; }
};
// parallel_for on pieces of what goes to `out`.
template <class F>
void parallel_into(const Out& out, int64_t n, int64_t grain, F&& f) {
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    f(begin, end);
    if (out.past) hwy::FlushStream();
  });
}

}  // namespace stemma
#endif

#if defined(STEMMA_OPS_PAST_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_PAST_INL_H
#undef STEMMA_OPS_PAST_INL_H
#else
#define STEMMA_OPS_PAST_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

// to[i ..] = value(i, left) for i < n. Only whole lines go past the caches; then what is read there, `from`, is fetched
// ahead: the processor's own guesses are slower where much is computed between two lines.
template <class Value, class... From>
HWY_INLINE void write_vectors(const Out& to, int64_t n, Value&& value, const From*... from) {
  constexpr int64_t ahead = 512;
  const bool past = to.past && reinterpret_cast<uintptr_t>(to.data) % 64 == 0;
  for (int64_t i = 0; i < n; i += lanes()) {
    if (past) (hwy::Prefetch(from + i + ahead), ...);
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
