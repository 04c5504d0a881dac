// Documents by their sentences: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification". What
// any encoder and pooling made of the words of each sentence becomes one vector for each document.
#pragma once
#include "stemma/nn/pooling.h"
#include "stemma/nn/recurrent.h"

namespace stemma {

// s: [S, d], a row for each sentence, a sequence for each document -> [B, 2 width]
//   h_i = [GRU(s_1 .. s_i); GRU(s_L .. s_i)]                                     section 2.2, sentence encoder
//   u_i = tanh(W h_i + b);  a_i = softmax_i(u_i u_s);  v = sum_i a_i h_i         eq. 8-10
// Somebody observing gets "sentences.pooling", [S, 1]: a.
struct SentenceLevel {
  BidirectionalRecurrent read;
  Pooling attend;
  FIELDS(read, attend)

  SentenceLevel() = default;
  SentenceLevel(int64_t d, int64_t width, int64_t attention_width)
      : read(Cell::gru, d, width),
        attend({.pooling = "attention", .width = 2 * width, .attention_width = attention_width}) {}
  Tensor operator()(const Tensor& s) const {
    const At here("sentences");
    RecurrentState states;
    return attend(read(s, states));
  }
};

}  // namespace stemma
