// Recurrent encoders: Elman 1990, LSTM (Hochreiter & Schmidhuber 1997), GRU (Cho et al. 2014), each in one direction or
// both (Schuster & Paliwal 1997), stacked (Graves et al. 2013).
#pragma once
#include "stemma/nn/token_input.h"

namespace stemma {

struct RecurrentEncoder {
  static constexpr const char* pooling = "max";
  struct Config {
    TokenInputShape input;
    int64_t width = 128, layers = 1;  // width: of one direction
    bool bidirectional = true;
    float between = 0.3f;  // dropout between layers (Zaremba et al. 2014)
    FIELDS(input, width, layers, bidirectional, between)
  };
  TokenInput input;
  StackedRecurrent forwards;                 // one direction,
  std::vector<BidirectionalRecurrent> both;  // or two
  FIELDS(input, forwards, both)
  Config config;

  RecurrentEncoder(Cell cell, const Config& c, const TokenCounts& counts) : input(c.input, counts), config(c) {
    check(c.width > 0 && c.layers > 0, "width, layers: must be positive");
    check(c.between >= 0 && c.between < 1, "between = ", c.between, ": must be in [0, 1)");
    if (!c.bidirectional) {
      forwards = StackedRecurrent(cell, input.width(), c.width, c.layers, false, c.between);
      return;
    }
    for (int64_t i = 0; i < c.layers; ++i) both.emplace_back(cell, i ? 2 * c.width : input.width(), c.width);
  }
  int64_t width() const { return config.width * (config.bidirectional ? 2 : 1); }
  int64_t backwards() const { return config.bidirectional ? config.width : 0; }
  Tensor operator()(const TokenRows& x) const {
    Tensor y = input(x);
    if (both.empty()) {
      StackedRecurrent::State s;
      return forwards(y, s);
    }
    for (size_t i = 0; i < both.size(); ++i) {
      RecurrentState s;
      y = both[i](i ? dropout(y, config.between) : y, s);
    }
    return y;
  }
};

}  // namespace stemma
