// What a language model's loss says, whatever its tokens are: bits per byte compares models of different vocabularies.
#pragma once
#include <cmath>
#include <cstdint>

#include "stemma/base/fields.h"

namespace stemma {

struct LanguageScore {
  int64_t tokens = 0, bytes = 0;  // predicted tokens, and the bytes of text they stand for
  double nll = 0;                 // -log p of the text, in nats
  FIELDS(tokens, bytes, nll)
  double loss() const { return tokens == 0 ? 0 : nll / double(tokens); }  // nats per token
  double perplexity() const { return std::exp(loss()); }
  double bits_per_byte() const { return bytes == 0 ? 0 : nll / double(bytes) / std::log(2.0); }
  LanguageScore& operator+=(const LanguageScore& other) {
    tokens += other.tokens, bytes += other.bytes, nll += other.nll;
    return *this;
  }
};

}  // namespace stemma
