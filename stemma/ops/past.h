// Results written past the caches: reading a line only to overwrite it, and pushing others out for it, pays while
// somebody finds it there afterwards. Of results so large nobody does.
#pragma once
#include <hwy/cache_control.h>

#include "stemma/base/parallel.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

// Where f32 results go.
struct Out {
  float* data = nullptr;
  bool past = false;  // past the caches
  Out() = default;
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
