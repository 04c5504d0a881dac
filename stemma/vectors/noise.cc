#include "stemma/vectors/noise.h"

#include <cmath>
#include <numeric>

#include "stemma/base/check.h"

namespace stemma {

Noise::Noise(std::span<const int64_t> counts, double power) {
  std::vector<double> share;
  for (const int64_t count : counts) share.push_back(count > 0 ? std::pow(double(count), power) : 0);
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  check(sum > 0, "noise distribution: no word has a count");
  std::vector<int32_t> poor, rich;
  for (size_t i = 0; i < share.size(); ++i) {
    share[i] *= double(share.size()) / sum;
    (share[i] < 1 ? poor : rich).push_back(int32_t(i));
  }
  cells_.resize(share.size());
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i].alias = int32_t(i);
  while (!poor.empty() && !rich.empty()) {  // the rich fill up the cells of the poor
    const int32_t small = poor.back(), large = rich.back();
    poor.pop_back();
    cells_[size_t(small)].own = uint32_t(share[size_t(small)] * 0x1p32);
    cells_[size_t(small)].alias = large;
    share[size_t(large)] -= 1 - share[size_t(small)];
    if (share[size_t(large)] < 1) rich.pop_back(), poor.push_back(large);
  }
}

}  // namespace stemma
