// The rows of ragged sequences by step instead of by sequence: the order in which a recurrence works.
//
// Sequences are sorted by length, longest first, so that step t works on the first active(t) of them: a block of rows.
// States lie in one matrix: B initial states, then the block of each step; gates have the same blocks.
#pragma once
#include <algorithm>
#include <numeric>
#include <vector>

#include "stemma/tensor/tensor.h"

namespace stemma {

struct Packing {
  using Rows = std::vector<int64_t>;
  int64_t sequences = 0, steps = 0;
  Splits splits;
  Rows begin;         // [steps + 1], of each step's block of gates
  Rows place;         // [B], of each sequence in the sorted order
  Rows input, order;  // [N], [B]: row of x and sequence in packed order
  Rows output;        // [N]: row of a gate in packed order for each row of x
  Rows last, before;  // [B], [N]: state rows; `before` in packed order
  explicit Packing(const Tensor& x);
  int64_t rows() const { return begin.back(); }
  int64_t states() const { return sequences + rows(); }
  int64_t active(int64_t t) const { return begin[size_t(t) + 1] - begin[size_t(t)]; }
  const int64_t* input_of(int64_t t) const { return input.data() + begin[size_t(t)]; }
  Tensor gates(const Tensor& all, int64_t t) const { return all ? all.row_view(begin[size_t(t)], active(t)) : all; }
  Tensor state(const Tensor& all, int64_t t) const {
    return all ? all.row_view(sequences + begin[size_t(t)], active(t)) : all;
  }
  Tensor state_before(const Tensor& all, int64_t t) const {
    return all ? all.row_view(t == 0 ? 0 : sequences + begin[size_t(t) - 1], active(t)) : all;
  }
};

inline Packing::Packing(const Tensor& x)
    : sequences(x.sequences()), splits(x.splits()), place(size_t(sequences)), order(size_t(sequences)) {
  const auto length = [&](int64_t b) { return x.end(b) - x.begin(b); };
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  for (int64_t i = 0; i < sequences; ++i) place[size_t(order[size_t(i)])] = i;
  steps = sequences > 0 ? length(order[0]) : 0;
  output.resize(size_t(x.rows())), last = place;
  begin.push_back(0);
  for (int64_t t = 0; t < steps; ++t) {
    for (int64_t i = 0; i < sequences && length(order[size_t(i)]) > t; ++i) {
      const int64_t b = order[size_t(i)], row = x.begin(b) + t, packed = int64_t(input.size());
      input.push_back(row);
      before.push_back(t == 0 ? i : sequences + begin[size_t(t) - 1] + i);
      output[size_t(row)] = packed, last[size_t(b)] = sequences + packed;
    }
    begin.push_back(int64_t(input.size()));
  }
}

}  // namespace stemma
