#include "stemma/nn/state.h"

#include <numeric>

namespace stemma {

RowLists row_lists(const Tensor& x) {
  RowLists lists;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    std::vector<int32_t> list(size_t(x.end(b) - x.begin(b)));
    std::iota(list.begin(), list.end(), int32_t(x.begin(b)));
    lists.push_back(std::make_shared<const std::vector<int32_t>>(std::move(list)));
  }
  return lists;
}

bool one_to_one(const RowLists& lists, const Tensor& x) {
  if (int64_t(lists.size()) != x.sequences()) return false;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    const auto& list = *lists[size_t(b)];
    if (int64_t(list.size()) != x.end(b) - x.begin(b) || (!list.empty() && list[0] != x.begin(b))) return false;
  }
  return true;
}

std::pair<std::vector<int64_t>, Splits> flatten(const RowLists& lists) {
  std::vector<int64_t> all, begins{0};
  for (const auto& list : lists) {
    all.insert(all.end(), list->begin(), list->end());
    begins.push_back(int64_t(all.size()));
  }
  return {std::move(all), make_splits(std::move(begins))};
}

}  // namespace stemma
