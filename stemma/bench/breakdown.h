// Where the time of steps went: the rows of a profile.
#pragma once
#include "stemma/base/profile.h"
#include "stemma/bench/bench.h"

namespace stemma {

struct Breakdown {
  // Each path of profile.h with its own time, then matrix products by size, each a step.
  BenchRows rows;
  double gflop = 0;  // of matrix products, a step
};
// `best`: GFLOP/s that products are compared with. The trace goes to options.trace, when there is one.
Breakdown break_down(const std::vector<ProfileEvent>& events, double steps, double best, const BenchOptions& options);

}  // namespace stemma
