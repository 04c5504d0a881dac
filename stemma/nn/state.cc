#include "stemma/nn/state.h"

#include <numeric>

namespace stemma {

std::vector<int64_t> one_to_one(const Tensor& x) {
  std::vector<int64_t> which(size_t(x.sequences()));
  std::iota(which.begin(), which.end(), 0);
  return which;
}

bool is_one_to_one(const std::vector<int64_t>& which, const Tensor& x) {
  if (int64_t(which.size()) != x.sequences()) return false;
  for (size_t i = 0; i < which.size(); ++i)
    if (which[i] != int64_t(i)) return false;
  return true;
}

RowRuns runs_of(const Tensor& x, const std::vector<int64_t>& which) {
  RowRuns runs;
  for (const int64_t b : which) {
    runs.add({x.begin(b), x.end(b) - x.begin(b)});
    runs.end();
  }
  return runs;
}

Tensor gather_sequences(const Tensor& x, const std::vector<int64_t>& which) {
  if (is_one_to_one(which, x)) return x.splits() ? x : x.with_splits(make_splits({0, x.rows()}));
  const auto [rows, splits] = runs_of(x, which).flat();
  return gather(x, rows, splits);
}

}  // namespace stemma
