// The Transformer as a language model: its decoder without a source. Vaswani et al. 2017; Liu et al. 2018, "Generating
// Wikipedia by summarizing long sequences"; Radford et al. 2018. Child of the Transformer (transformer.h).
#pragma once
#include <string>

#include "stemma/models/language_model.h"
#include "stemma/models/output.h"
#include "stemma/nn/transformer.h"

namespace stemma {

struct TransformerLanguageModel {
  struct Config : TransformerShape {
    int64_t layers = 4;
    std::string tie = "output";  // none | output: output = embedding (Press & Wolf 2017)
    Config() { width = 256, heads = 4, feed_forward = 1024, norm = "pre", activation = "gelu"; }
    FIELDS(layers, width, heads, feed_forward, dropout, attention_dropout, activation_dropout, norm, norm_kind,
           activation, positions, max_positions, tie)
    void validate() const;  // Error naming the field
  };
  // `layers` hold the rows of all hypotheses; `own` follows them and says which are whose.
  struct State {
    Pages own;
    FIELDS(own)
    std::vector<KeyValues> layers;
  };

  Embedding embed;
  Positions positions;
  std::vector<CausalLayer> layers;
  std::optional<Norm> norm;  // pre-norm only
  Output output;
  FIELDS(embed, positions, layers, norm, output)
  Config config;

  TransformerLanguageModel(const Config& config, int64_t vocabulary);
  // Sequences of ids continue from s. Hidden rows [N, width], before the output.
  Tensor operator()(const Tensor& ids, State& s) const { return run(embedded(ids), s).hidden; }
  Tensor embedded(const Tensor& ids) const;
  Reading run(const Tensor& rows, State& s) const;

  int64_t longest() const { return positions.longest(); }
  bool forgets() const { return true; }  // all, at the beginning of a window
  // A window sees nothing before itself: nothing is carried.
  std::vector<int64_t> carried_widths() const { return {}; }
  std::vector<Tensor> carried(const State&) const { return {}; }
  State start(const std::vector<Tensor>&) const { return {}; }
};

}  // namespace stemma
