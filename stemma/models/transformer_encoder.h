// The Transformer's encoder on its own. Vaswani et al. 2017; what BERT (Devlin et al. 2019) would later pre-train.
#pragma once
#include "stemma/nn/token_input.h"
#include "stemma/nn/transformer.h"

namespace stemma {

struct TransformerEncoder {
  static constexpr const char* pooling = "mean";
  struct Config : TransformerShape {
    TokenInputShape input;
    int64_t layers = 2;
    Config() { width = 128, heads = 4, feed_forward = 256, norm = "pre", max_positions = 2048; }
    FIELDS(input, layers, width, heads, feed_forward, dropout, attention_dropout, activation_dropout, norm, norm_kind,
           activation, positions, max_positions)
  };
  TokenInput input;
  Linear project;  // of the input onto the width: rows of unit size, which need no sqrt(width)
  Positions positions;
  std::vector<EncoderLayer> layers;
  std::optional<Norm> norm;  // pre-norm only
  FIELDS(input, project, positions, layers, norm)
  Config config;

  TransformerEncoder(const Config& c, const TokenCounts& counts) : input(c.input, counts), config(c) {
    c.validate();
    check(c.layers > 0, "layers: ", c.layers, " is not positive");
    project = Linear(input.width(), c.width);
    positions = Positions(c);
    for (int64_t i = 0; i < c.layers; ++i) layers.emplace_back(c);
    if (c.norm == "pre") norm = Norm(c.width, c.norm_kind == "rms");
  }
  int64_t width() const { return config.width; }
  int64_t longest() const { return positions.longest(); }
  Tensor operator()(const TokenRows& x) const {
    Tensor y = dropout(positions(project(input(x))), config.dropout);
    for (size_t i = 0; i < layers.size(); ++i) {
      const At here("layers", int64_t(i));
      y = layers[i](y);
    }
    return norm ? (*norm)(y) : y;
  }
};

}  // namespace stemma
