// For kernels that go sequence by sequence.
#pragma once
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

using Begins = std::vector<int64_t>;  // what Splits point to

inline Splits splits_of(const Tensor& x) { return x.splits() ? x.splits() : make_splits({0, x.rows()}); }

// Calls f(s, begin, end) for each sequence; `cols` is the work for a row, in elements.
template <class F>
void for_sequences(const Begins& begins, int64_t cols, F&& f) {
  const int64_t n = int64_t(begins.size()) - 1;
  parallel_for(n, row_grain(cols * begins.back() / std::max<int64_t>(n, 1)), [&](int64_t from, int64_t to) {
    for (int64_t s = from; s < to; ++s) f(s, begins[size_t(s)], begins[size_t(s) + 1]);
  });
}

}  // namespace stemma
