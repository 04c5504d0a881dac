// A pointer: a probability for each row of a sequence to be the wanted one (Vinyals et al. 2015, "Pointer Networks").
#pragma once
#include "stemma/nn/layers.h"

namespace stemma {

// scores: [N, 1] ragged; wanted: for each sequence the number of its row, from 0.
struct PointerLoss {
  Tensor total;         // [1, 1]: sum over sequences of -log softmax(scores of the sequence)[wanted]
  int64_t correct = 0;  // sequences whose wanted row has the greatest score
};
PointerLoss pointer_loss(const Tensor& scores, const std::vector<int64_t>& wanted);

// x with row b of `last` behind sequence b: a place to point at for what is nowhere in the sequence.
Tensor append_rows(const Tensor& x, const Tensor& last);

}  // namespace stemma
