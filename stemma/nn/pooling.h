// From the rows of a sequence to one row.
#pragma once
#include "stemma/base/check.h"
#include "stemma/nn/layers.h"

namespace stemma {

struct PoolingShape {
  std::string pooling = "mean";  // last|first|max|mean|attention
  int64_t width = 0;             // d, of the rows
  int64_t attention_width = 0;   // attention: the width inside; 0: that of the rows
  int64_t backwards = 0;         // last, first: so many columns, the last ones, were read back to front
  FIELDS(pooling, width, attention_width, backwards)
};

// [N, d] ragged -> [B, d]; an empty sequence gives zeros.
//   last, first   its last or first row, in the order of reading
//   max, mean     of each column
//   attention     u_i = tanh(W h_i + b);  a_i = softmax_i(u_i v);  s = sum_i a_i h_i      Yang et al. 2016, eq. 5-7
// Somebody observing attention gets "pooling", [N, 1]: a.
struct Pooling {
  Linear W;  // [a, d]
  Param v;   // [1, a]
  FIELDS(W, v)
  PoolingShape shape;

  Pooling() = default;
  explicit Pooling(const PoolingShape& shape);
  Tensor operator()(const Tensor& h) const;
};

}  // namespace stemma
