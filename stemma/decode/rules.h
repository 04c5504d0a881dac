// Rules edit the scores of the next token: forbidding is minus infinity. Greedy search, beam search and sampling all
// obey the same list, in order.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stemma/base/fields.h"

namespace stemma {

struct Moment {
  int64_t sentence;                 // of the request
  std::span<const int32_t> tokens;  // what the hypothesis holds so far, <s> not counted
};
// scores: log p over the vocabulary, edited in place.
using Rule = std::function<void(const Moment&, std::span<float> scores)>;

struct RuleOptions {
  float temperature = 1;              // > 0; scores are divided by it
  int64_t top_k = 0;                  // the k most likely (Fan et al. 2018); 0: all
  float top_p = 1;                    // the smallest set of likely tokens that holds this mass (Holtzman et al. 2020)
  float min_p = 0;                    // those at least so likely, relative to the most likely (Nguyen et al. 2024)
  int64_t no_repeat_ngram = 0;        // no n-gram twice (Paulus et al. 2018); 0: free
  float repetition_penalty = 1;       // log p of tokens already there is multiplied by it (Keskar et al. 2019)
  std::vector<int32_t> suppressed{};  // never
  std::vector<int32_t> allowed{};     // nothing but these and </s>; empty: everything
  FIELDS(temperature, top_k, top_p, min_p, no_repeat_ngram, repetition_penalty, suppressed, allowed)
  void validate() const;
};

Rule forced_prefix(std::vector<std::vector<int32_t>> prefixes);  // one for each sentence of the request
Rule min_length(int64_t n, int32_t eos);                         // no </s> before n tokens
Rule max_length(std::vector<int64_t> n, int32_t eos);            // nothing but </s> after n tokens, for each sentence
Rule temperature(float t);
Rule top_k(int64_t k);
Rule top_p(float p);
Rule min_p(float p);
Rule no_repeat_ngram(int64_t n);
Rule repetition_penalty(float factor);
Rule suppress(std::vector<int32_t> ids);
Rule allow_only(std::vector<int32_t> ids, int32_t eos);

// The rules that the options ask for, in the order in which they must act.
std::vector<Rule> rules_of(const RuleOptions& options, int32_t eos);

}  // namespace stemma
