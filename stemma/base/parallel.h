// Threads: one pool (OpenMP's, which oneDNN shares).
// What a task computes must not depend on how the range was cut: sum within items, never across cuts.
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>

namespace stemma {

void set_threads(int n);  // 0: all cores this process may use; over 1,024: Error
int threads();

namespace detail {
void run_parallel(int64_t n, int64_t grain, void (*call)(void*, int64_t, int64_t), void* context);
}
// Calls f(begin, end) on pieces that cover [0, n), none smaller than `grain` unless n is; serial inside a task.
// The first exception of a task is thrown again here.
template <class F>
void parallel_for(int64_t n, int64_t grain, F&& f) {
  using Body = std::remove_reference_t<F>;
  detail::run_parallel(
      n, grain, [](void* context, int64_t begin, int64_t end) { (*static_cast<Body*>(context))(begin, end); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

}  // namespace stemma
