// Transformer blocks and stacks. Vaswani et al. 2017; pre-norm as in Xiong et al. 2020, fig. 1b.
#pragma once
#include "stemma/nn/multi_head.h"

namespace stemma {

struct TransformerShape {
  int64_t width = 512, heads = 8, feed_forward = 2048;
  float dropout = 0.1f;                  // on each sublayer's output and on the sum of embedding and position
  float attention_dropout = 0;           // on the attention weights
  float activation_dropout = 0;          // inside the feed-forward
  std::string norm = "post";             // post: norm(x + f(x));  pre: x + f(norm(x)) and a norm at the end
  std::string norm_kind = "layer";       // layer | rms
  std::string activation = "relu";       // relu | gelu | swiglu
  std::string positions = "sinusoidal";  // sinusoidal | learned
  int64_t max_positions = 512;           // learned positions only: the longest sequence
  FIELDS(width, heads, feed_forward, dropout, attention_dropout, activation_dropout, norm, norm_kind, activation,
         positions, max_positions)
  void validate() const;  // throws Error naming the field
};

// FFN(x) = max(0, x W_1 + b_1) W_2 + b_2, section 3.3; swiglu: (silu(x W) * x V) W_2, Shazeer 2020, eq. 6.
struct FeedForward {
  Linear up, gate, down;
  FIELDS(up, gate, down)
  Activation f = Activation::relu;
  float dropout_inside = 0;

  FeedForward() = default;
  explicit FeedForward(const TransformerShape& shape);
  Tensor operator()(const Tensor& x) const;
};

// One sublayer's wrapping: where the norm stands.
struct Sublayer {
  Norm norm;
  FIELDS(norm)
  bool pre = false;
  float p = 0;

  Sublayer() = default;
  explicit Sublayer(const TransformerShape& s)
      : norm(s.width, s.norm_kind == "rms"), pre(s.norm == "pre"), p(s.dropout) {}
  template <class F>
  Tensor operator()(const Tensor& x, F&& f) const {
    return pre ? x + dropout(f(norm(x)), p) : norm.after(x, f(x), p);
  }
};

struct EncoderLayer {
  MultiHead attend;
  FeedForward feed;
  Sublayer attend_around, feed_around;
  FIELDS(attend, attend_around, feed, feed_around)

  EncoderLayer() = default;
  explicit EncoderLayer(const TransformerShape& s);
  Tensor operator()(const Tensor& x) const;
};

// Each row looks at itself and at what stood before it.
struct CausalLayer {
  MultiHead attend;
  FeedForward feed;
  Sublayer attend_around, feed_around;
  FIELDS(attend, attend_around, feed, feed_around)

  CausalLayer() = default;
  explicit CausalLayer(const TransformerShape& s);
  // Whole sequences from their beginning, or, told how, sequences that continue.
  Tensor operator()(const Tensor& x, KeyValues& own, const Continuation* more = nullptr) const;
};

struct DecoderLayer {
  MultiHead attend, cross;
  FeedForward feed;
  Sublayer attend_around, cross_around, feed_around;
  FIELDS(attend, attend_around, cross, cross_around, feed, feed_around)
  struct State {
    KeyValues own, memory;
  };

  DecoderLayer() = default;
  explicit DecoderLayer(const TransformerShape& s);
  // Whole sequences from their beginning, or, told how, sequences that continue. `source`: the rows of the memory that
  // each sequence looks at; null: those of its own, one to one.
  Tensor operator()(const Tensor& y, State& s, const Continuation* more = nullptr,
                    const RowRuns* source = nullptr) const;
};

// sqrt(width) E[id] + position. Section 3.4 and 3.5:
//   PE(pos, 2i) = sin(pos / 10000^(2i / width)), PE(pos, 2i + 1) = cos(the same)
struct Positions {
  Param P;  // learned: [max_positions, width]
  FIELDS(P)
  bool learned = false;

  Positions() = default;
  explicit Positions(const TransformerShape& s);
  int64_t longest() const { return learned ? P.w.rows() : 0; }  // 0: any length
  // `past`: how many positions each sequence already has; empty: none.
  Tensor operator()(const Tensor& x, const std::vector<int64_t>& past = {}) const;
};

}  // namespace stemma
