// The one stopwatch of all benches.
#pragma once
#include <algorithm>
#include <chrono>
#include <vector>

namespace stemma {

struct Timing {
  double best = 0, median = 0;  // seconds
};
inline Timing timing_of(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2]};
}

template <class F>
double seconds_of(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of one f(). What is short is repeated within a round, so that a round lasts 2 ms at the least; the first is not
// counted.
template <class F>
Timing time_of(int64_t rounds, F&& f) {
  f();
  const double once = std::max(seconds_of(f), 1e-8);
  const auto repeats = int64_t(std::max(1.0, 2e-3 / once));
  std::vector<double> all;
  for (int64_t i = 0; i < rounds; ++i)
    all.push_back(seconds_of([&] {
                    for (int64_t k = 0; k < repeats; ++k) f();
                  }) /
                  double(repeats));
  return timing_of(std::move(all));
}

}  // namespace stemma
