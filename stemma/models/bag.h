// A bag of words: every token is its own vector, whatever stands around it. The oldest encoder; Mikolov et al. 2013
// gave it good vectors, Iyyer et al. 2015 ("Deep averaging network") the layers above their mean.
#pragma once
#include "stemma/nn/token_input.h"

namespace stemma {

struct Bag {
  static constexpr const char* pooling = "mean";
  struct Config {
    TokenInputShape input;
    FIELDS(input)
  };
  TokenInput input;
  FIELDS(input)
  Config config;

  Bag(const Config& c, const TokenCounts& counts) : input(c.input, counts), config(c) {}
  int64_t width() const { return input.width(); }
  Tensor operator()(const TokenRows& x) const { return input(x); }
};

}  // namespace stemma
