#include "stemma/nn/parts.h"

#include <algorithm>

namespace stemma {

std::vector<Tensor> parts_of(const Tensor& x, int64_t rows) {
  std::vector<Tensor> parts;
  for (int64_t b = 0; b < x.sequences();) {
    const int64_t first = x.begin(b), left = x.rows() - first;
    const int64_t wanted = left / std::max<int64_t>(1, (left + rows / 2) / rows);
    std::vector<int64_t> begins{0};
    do begins.push_back(x.end(b++) - first);
    while (b < x.sequences() && x.end(b) - first <= wanted);
    const int64_t n = begins.back();
    parts.push_back(x.row_view(first, n).with_splits(make_splits(std::move(begins))));
  }
  return parts;
}

}  // namespace stemma
