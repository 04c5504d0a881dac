// A batch in parts, where nothing is recorded: what a layer leaves is still in the second cache when the next one reads
// it. Sequences do not feel it, as they do not feel their batch.
#pragma once
#include "stemma/nn/module.h"

namespace stemma {

constexpr int64_t part_rows = 256;  // whose hidden layers, four times as wide, the second cache holds

// Whole sequences of x, one after another, in parts of like size: about `rows` each. Views.
std::vector<Tensor> parts_of(const Tensor& x, int64_t rows);

// f of each part, end to end; f gives a row for each row. Who records or listens gets f(x).
template <class F>
Tensor in_parts(const Tensor& x, F&& f) {
  if (recording() || observing() || x.rows() < 2 * part_rows) return f(x);
  std::vector<Tensor> done;
  for (const Tensor& part : parts_of(x, part_rows)) done.push_back(f(part));
  return vstack(done).with_splits(x.splits());
}

}  // namespace stemma
