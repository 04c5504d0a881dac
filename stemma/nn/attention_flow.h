// What a text and a question about it say of each other: Seo et al. 2017, "Bidirectional Attention Flow for Machine
// Comprehension", section 2, attention flow layer.
#pragma once
#include "stemma/nn/layers.h"

namespace stemma {

// H: [T, d], the rows of texts; U: [J, d], those of their questions; sequence i of one belongs to sequence i of the
// other, and none is empty.
//
//   S_tj = w [h_t; u_j; h_t * u_j]                                        eq. 1
//   u~_t = sum_j softmax_j(S_tj) u_j                                      context to query
//   h~   = sum_t softmax_t(max_j S_tj) h_t                                query to context: a row for each text
//   G_t  = [h_t; u~_t; h_t * u~_t; h_t * h~]      -> [T, 4 d]             eq. 2
//
// S itself is never held. With w = [w_h; w_u; w_hu] it is w_h h_t + q_t u_j, where q_t = w_hu * h_t + w_u. Its first
// term does not depend on j, so the softmax over j is that of plain attention with queries q; and all that the maximum
// over j needs is which u_j is the best for each row.
//
// Somebody observing gets "attention" (softmax_j) as the op gives it, and "query to context", [T, 1] (softmax_t).
struct AttentionFlow {
  Param w_h, w_u, w_hu;  // [1, d]
  FIELDS(w_h, w_u, w_hu)

  AttentionFlow() = default;
  explicit AttentionFlow(int64_t d);
  // h~ beside G, for whoever wants one row for each text.
  struct Flow {
    Tensor G, context;  // [T, 4 d], [B, d]
  };
  Flow operator()(const Tensor& H, const Tensor& U) const;
};

}  // namespace stemma
