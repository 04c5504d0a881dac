// Where the decoder of a recurrent system looks: every score of Bahdanau et al. 2015 and Luong et al. 2015.
#pragma once
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

struct AlignmentShape {
  std::string attention = "additive";  // none|additive|dot|scaled_dot|general|concat|cosine|location
  std::string window = "global";       // global | monotonic (local-m) | predictive (local-p); Luong 2015, section 3.2
  int64_t window_size = 10;            // D: local attention looks at positions p - D .. p + D
  int64_t attention_width = 0;         // additive, concat: the width inside; 0: that of the query
  int64_t max_source = 512;            // location: the longest source sequence
  FIELDS(attention, window, window_size, attention_width, max_source)
  void validate() const;
};

// The encoder's rows as attention wants them. Sequences stand one to one against the queries' rows.
struct Source {
  Tensor memory;  // [N, m], ragged
  Tensor keys;    // its rows once projected, when the score asks for it
};

// score(s, h):  additive    v^T tanh(W s + U h)          Bahdanau et al. 2015, appendix A.1.2
//               dot         s^T h                        Luong et al. 2015, eq. 8
//               scaled_dot  s^T h / sqrt(d)              Vaswani et al. 2017, eq. 1
//               general     s^T W h                      Luong et al. 2015, eq. 8
//               concat      v^T tanh(W [s; h])           Luong et al. 2015, eq. 8
//               cosine      b s^T h / (|s| |h|)          Graves et al. 2014, eq. 5-6; b learned
//               location    row of W s                   Luong et al. 2015, eq. 9
struct Alignment {
  Linear W, U;  // of the query and of the memory
  Param v, b;   // [1, a]; [1, 1]
  Linear W_p;   // predictive window: p = S sigmoid(v_p^T tanh(W_p s)), Luong 2015, eq. 11
  Param v_p;
  FIELDS(W, U, v, b, W_p, v_p)
  AlignmentShape shape;

  Alignment() = default;
  Alignment(const AlignmentShape& shape, int64_t query_width, int64_t memory_width);

  Source prepare(const Tensor& memory) const { return {memory, U.W ? U(memory) : memory}; }
  // query: [B, q], one row for each sequence of the source; step: [B, 1], its position in the target (monotonic
  // window). Returns the context [B, m]. Somebody observing gets "attention": [B, longest source].
  Tensor operator()(const Tensor& query, const Source& source, const Tensor& step) const;
  // additive and concat without a window are one op, which a recurrence may do before each of its steps.
  bool is_one_op() const {
    return (shape.attention == "additive" || shape.attention == "concat") && shape.window == "global" && !observing();
  }

 private:
  Tensor scores(const Tensor& query, const Source& source) const;  // [N, 1]
};

}  // namespace stemma
