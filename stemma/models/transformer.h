// The Transformer. Vaswani et al. 2017, "Attention is all you need"; child of the attention RNN (rnn_search.h), whose
// recurrence it gives up.
#pragma once
#include "stemma/models/output.h"
#include "stemma/nn/transformer.h"

namespace stemma {

struct Transformer {
  struct Config : TransformerShape {
    int64_t encoder_layers = 6, decoder_layers = 6;
    // none: three tables; target: target embedding = output; all: source embedding too (one joint vocabulary).
    // Press & Wolf 2017; Vaswani et al. 2017, section 3.4.
    std::string tie = "all";
    FIELDS(encoder_layers, decoder_layers, width, heads, feed_forward, dropout, attention_dropout, activation_dropout,
           norm, norm_kind, activation, positions, max_positions, tie)
  };
  // `layers` hold the rows of all hypotheses; the other members follow them and say which are whose.
  struct State {
    Pages own;                    // of the target so far
    std::vector<int64_t> source;  // the source sequence that each looks at
    FIELDS(own, source)
    std::vector<DecoderLayer::State> layers;
  };

  Embedding source, target;
  Positions source_positions, target_positions;
  std::vector<EncoderLayer> encoder;
  std::vector<DecoderLayer> decoder;
  std::optional<Norm> encoder_norm, decoder_norm;  // pre-norm only
  Output output;
  FIELDS(source, target, source_positions, target_positions, encoder, encoder_norm, decoder, decoder_norm, output)
  Config config;

  Transformer(const Config& config, int64_t source_vocabulary, int64_t target_vocabulary);
  int64_t longest_source() const { return source_positions.longest(); }
  int64_t longest_target() const { return target_positions.longest(); }
  State start(const Tensor& source_ids) const;
  Tensor operator()(const Tensor& target_ids, State& s) const;

 private:
  Tensor embed(const Embedding& E, const Positions& positions, const Tensor& ids,
               const std::vector<int64_t>& past = {}) const;
  Tensor encode(const Tensor& source_ids) const;
};

}  // namespace stemma
