#include "stemma/vectors/noise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/check.h"

namespace stemma {

Noise::Noise(std::span<const int64_t> counts, double power) {
  std::vector<double> share(counts.size());
  std::transform(counts.begin(), counts.end(), share.begin(),
                 [&](int64_t count) { return count > 0 ? std::pow(double(count), power) : 0; });
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  check(sum > 0, "noise distribution: no word has a count");
  std::vector<int32_t> piles(share.size());  // one memory for both: the poor from its begin, the rich from its end
  size_t poor = 0, rich = piles.size();
  for (size_t i = 0; i < share.size(); ++i) {
    share[i] *= double(share.size()) / sum;
    piles[share[i] < 1 ? poor++ : --rich] = int32_t(i);
  }
  cells_.resize(share.size());
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i].alias = int32_t(i);
  while (poor > 0 && rich < piles.size()) {  // the rich fill up the cells of the poor
    const int32_t small = piles[--poor], large = piles[rich];
    cells_[size_t(small)].own = uint32_t(share[size_t(small)] * 0x1p32);
    cells_[size_t(small)].alias = large;
    share[size_t(large)] -= 1 - share[size_t(small)];
    if (share[size_t(large)] < 1) ++rich, piles[poor++] = large;
  }
}

}  // namespace stemma
