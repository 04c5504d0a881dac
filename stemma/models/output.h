// The last projection onto the target vocabulary, tied to an embedding or not.
#pragma once
#include "stemma/nn/layers.h"

namespace stemma {

struct Output {  // logits = x W^T + b
  Param W, b;
  FIELDS(W, b)

  Output() = default;
  Output(int64_t width, int64_t vocabulary, bool bias) : W(vocabulary, width, {Init::xavier}) {
    if (bias) b = Param(1, vocabulary);
  }
  explicit Output(const Embedding& tied) : W(tied.E) {}
};

}  // namespace stemma
