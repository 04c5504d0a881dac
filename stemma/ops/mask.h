// The mask of dropout, drawn from a counter and never stored. What dropout.cc and norm.cc share.
//
// Row i of d columns owns ceil(d / 128) tiles of 16 Philox blocks; element e of a tile takes half h = e / 16 of block
// e % 16: number h / 2, its low 16 bits where h is even, else the high ones. It is dropped when they are below the
// threshold: p, to the nearest 1 / 65,536. The same at every level of SIMD and with any number of threads.
#pragma once
#include "stemma/ops/ops.h"
#include "stemma/ops/past.h"

namespace stemma {

struct Mask {
  uint64_t key = 0, first = 0;
  uint32_t threshold = 0;  // of 65,536; 0: nothing is dropped
  float scale() const { return 65536.0f / float(65536 - threshold); }
};
// For one use on rows like those of x. Nothing is dropped, and nothing drawn, outside a Training scope.
Mask draw_mask(const Tensor& x, float p);

// y = x m / (1 - p) [+ base] for rows begin .. end of d columns; the pointers are where the first of them lies. base
// may be null, and any of them may be the same.
struct MaskedRows {
  const float *x = nullptr, *base = nullptr;
  Out y = {};
  int64_t d = 0, begin = 0, end = 0;
};
void mask_rows(const MaskedRows& rows, const Mask& mask);

}  // namespace stemma
