// How fast memory can be moved on this machine: what ops that compute little are compared with.
#pragma once
#include <array>
#include <vector>

#include "stemma/tensor/tensor.h"

namespace stemma {

// Up to four tensors are read and up to three are written, all f32 and of one size, by as many threads as ops take:
//   to[j] = sum of from[i], element by element
struct Streams {
  static constexpr size_t most_reads = 4, most_writes = 3;
  std::vector<Tensor> from, to;
  bool past = false;  // written past the caches
  int64_t times = 1;  // one after the other, for caches that are read in less time than a call takes
  double bytes() const;
};
float stream(
    const Streams& streams);  // what a caller must use, so that nothing is left out: a sum without `to`, else 0

}  // namespace stemma
