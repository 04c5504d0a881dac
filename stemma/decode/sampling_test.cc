// Sampling against the probabilities it must follow.
#include <map>

#include "stemma/decode/trigrams_test.h"

namespace stemma {
namespace {

// How often each hypothesis must be drawn: p of its tokens, each step's scores first changed by `rules`.
std::map<Tokens, double> probabilities(const Trigrams& m, const std::vector<Rule>& rules, int64_t longest) {
  std::map<Tokens, double> out;
  std::vector<std::pair<Tokens, double>> open{{{}, 1}};
  while (!open.empty()) {
    const auto [t, p] = open.back();
    open.pop_back();
    if (int64_t(t.size()) == longest) {
      out[t] = p;
      continue;
    }
    const float* row = m.log_p(t.size() > 1 ? t[t.size() - 2] : t.empty() ? 0 : bos, t.empty() ? bos : t.back());
    std::vector<float> scores(row, row + m.V);
    for (const auto& rule : rules) rule({0, t}, scores);
    double total = 0;
    for (const float s : scores) total += std::exp(double(s));
    for (int32_t v = 0; v < m.V; ++v) {
      const double q = p * std::exp(double(scores[size_t(v)])) / total;
      if (q == 0) continue;
      if (v == eos) {
        out[t] = q;
      } else {
        open.push_back({t, q});
        open.back().first.push_back(v);
      }
    }
  }
  return out;
}

TEST(Sampling, frequencies_are_the_probabilities) {
  constexpr int64_t samples = 20000;
  std::vector<RuleOptions> cases(6);
  cases[1].temperature = 0.5f;
  cases[2].temperature = 2;
  cases[3].top_k = 2;
  cases[4].top_p = 0.7f;
  cases[5].min_p = 0.4f;
  const Trigrams model(3, 4, 0.8);
  for (size_t i = 0; i < cases.size(); ++i) {
    DecodeOptions o{.nbest = samples, .max_length = 2, .sample = true, .seed = 5 + i};
    o.rules = cases[i];
    std::map<Tokens, int64_t> counts;
    for (const auto& h : decode_one(model, o)) ++counts[h.tokens];
    const auto wanted = probabilities(model, rules_of(cases[i], eos), 2);
    double chi_square = 0, cells = 0;
    for (const auto& [tokens, p] : wanted) {
      const double expected = p * samples;
      chi_square += std::pow(double(counts[tokens]) - expected, 2) / expected;
      ++cells;
    }
    EXPECT_EQ(counts.size(), wanted.size()) << "case " << i << ": something impossible was drawn";
    // Far in the tail: mean cells - 1, deviation sqrt(2 (cells - 1)).
    EXPECT_LT(chi_square, cells - 1 + 5 * std::sqrt(2 * (cells - 1))) << "case " << i;
  }
}

TEST(Sampling, depends_on_seed_and_sentence_number_alone) {
  const Trigrams model(3, 5, 0.5);
  DecodeOptions o{.nbest = 30, .max_length = 6, .sample = true};
  auto r = request(2);
  r.numbers = {17, 18};
  const auto pair = decode(system_of({model, model}), r, o);
  EXPECT_NE(tokens_of(pair[0]), tokens_of(pair[1]));
  auto one = request();
  one.numbers = {18};
  EXPECT_EQ(tokens_of(decode_one(model, o, one)), tokens_of(pair[1]));
  o.seed = 2;
  EXPECT_NE(tokens_of(decode_one(model, o, one)), tokens_of(pair[1]));
}

}  // namespace
}  // namespace stemma
