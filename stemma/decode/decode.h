// One loop for greedy search, beam search, diverse beam search and sampling.
//   greedy    a beam of one
//   sampling  groups of one over log p + Gumbel noise: the argmax of that is an exact sample (Gumbel 1954)
//   diverse   groups of beams, each told what the earlier ones chose (Vijayakumar et al. 2018)
// The states of models follow the hypotheses by `reorder`.
#pragma once
#include <functional>
#include <vector>

#include "stemma/decode/rules.h"
#include "stemma/models/translation_model.h"

namespace stemma {

struct DecodeOptions {
  int64_t beam = 4;            // hypotheses kept for each sentence
  int64_t nbest = 1;           // returned, best first, all different; at most beam (or: how many samples)
  float length_penalty = 1;    // a: score = log p / length^a, </s> counted; 0: none
  float coverage_penalty = 0;  // b: + b sum_i log min(sum_t attention_ti, 1), Wu et al. 2016, eq. 14
  int64_t min_length = 0;
  int64_t max_length = 0;  // tokens; 0: twice the source and 20
  int64_t groups = 1;      // diverse beam: beam / groups each
  float diversity = 0.5f;  // taken from a token's score for each hypothesis of earlier groups that chose it just now
  bool sample = false;
  uint64_t seed = 1;
  RuleOptions rules{};
  FIELDS(beam, nbest, length_penalty, coverage_penalty, min_length, max_length, groups, diversity, sample, seed, rules)
  void validate() const;
};

struct Hypothesis {
  std::vector<int32_t> tokens;  // without <s> and </s>
  double score = 0;             // what hypotheses are compared by: penalties and rules counted
  double log_probability = 0;   // of the tokens and </s>, by the model alone
};

struct DecodeRequest {
  std::vector<int64_t> source_lengths{};         // of each sentence, in tokens; by default the answer's length follows
  std::vector<std::vector<int32_t>> prefixes{};  // forced first tokens of each, whatever rules say; empty: none
  int64_t longest_target = 0;                    // tokens that the system has positions for, <s> counted; 0: any
  std::vector<int64_t> numbers{};                // of each sentence, for its own random numbers; empty: 0, 1, ...
  int32_t bos = 1, eos = 2;                      // eos -1: nothing ends an answer but its greatest length
  std::vector<Rule> rules{};                     // the caller's own, after all others
};

// What the loop asks of a system: logits over the vocabulary [H, V], log p but for a number of each row, for each live
// hypothesis after it has taken tokens[i]; hypothesis i continues hypothesis parents[i] of the call before.
// `attention`, when wanted, are the weights that it gave to the source, [H, longest source].
struct Advance {
  std::vector<int32_t> tokens;
  std::vector<int64_t> parents;
  bool want_attention = false;
};
struct Advanced {
  Tensor logits, attention;
};
using System = std::function<Advanced(const Advance&)>;

// Several models of one vocabulary are an ensemble: log of the mean of their p.
System system_of(const std::vector<const TranslationModel*>& models, const Tensor& source);

// For each sentence its n best, best first.
std::vector<std::vector<Hypothesis>> decode(const System& system, const DecodeRequest& request,
                                            const DecodeOptions& options);
// source: ids, a sequence for each sentence; its lengths, and what the models can hold, join the request.
std::vector<std::vector<Hypothesis>> decode(const std::vector<const TranslationModel*>& models, const Tensor& source,
                                            const DecodeRequest& request, const DecodeOptions& options);

// log p of each target token and </s>, given pairs: as long as the targets, +1 each, end to end.
std::vector<float> score_pairs(const TranslationModel& model, const Tensor& source, const Tensor& target, int32_t bos,
                               int32_t eos);

}  // namespace stemma
