#include "stemma/vectors/noise.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "stemma/base/check.h"

namespace stemma {

Noise::Noise(std::span<const int64_t> counts, double power) {
  std::vector<double> share(counts.size());
  std::transform(counts.begin(), counts.end(), share.begin(),
                 [&](int64_t count) { return count > 0 ? std::pow(double(count), power) : 0; });
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  check(sum > 0, "noise distribution: no word has a count");
  cells_.resize(share.size());
  int32_t poor = -1, rich = -1;  // tops of two stacks; until a cell has its alias, that is the next one below
  for (size_t i = 0; i < share.size(); ++i) {
    share[i] *= double(share.size()) / sum;
    cells_[i].alias = std::exchange(share[i] < 1 ? poor : rich, int32_t(i));
  }
  while (poor >= 0 && rich >= 0) {  // the rich fill up the cells of the poor
    const int32_t small = std::exchange(poor, cells_[size_t(poor)].alias), large = rich;
    cells_[size_t(small)] = {.own = uint32_t(share[size_t(small)] * 0x1p32), .alias = large};
    share[size_t(large)] -= 1 - share[size_t(small)];
    if (share[size_t(large)] < 1) rich = std::exchange(cells_[size_t(large)].alias, std::exchange(poor, large));
  }
  for (int32_t top : {poor, rich})  // who is left keeps the whole cell
    while (top >= 0) top = std::exchange(cells_[size_t(top)].alias, top);
}

}  // namespace stemma
