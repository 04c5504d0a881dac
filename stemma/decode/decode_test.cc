// The loop against brute force.
#include "stemma/decode/decode.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/decode/trigrams_test.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// All hypotheses of at most max_length tokens, best first.
std::vector<Hypothesis> brute_force(const Trigrams& m, const DecodeOptions& o) {
  std::vector<Hypothesis> all;
  std::vector<Tokens> open{{}};
  while (!open.empty()) {
    const Tokens t = open.back();
    open.pop_back();
    double score = m.log_p(t) / std::pow(double(t.size()) + 1, o.length_penalty);
    for (int64_t s = 0; s < m.places && o.coverage_penalty > 0; ++s) {
      double sum = m.looks[size_t(bos * m.places + s)];
      for (const int32_t id : t) sum += m.looks[size_t(id * m.places + s)];
      score += o.coverage_penalty * std::log(std::min(sum, 1.0));
    }
    all.push_back({t, score, m.log_p(t)});
    for (int32_t v = 0; v < m.V && int64_t(t.size()) < o.max_length; ++v)
      if (v != eos) open.push_back(t), open.back().push_back(v);
  }
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.score > b.score; });
  return all;
}

TEST(Decode, a_beam_of_full_width_finds_what_brute_force_finds) {
  for (uint64_t seed = 1; seed <= 60; ++seed)
    for (const float length_penalty : {0.0f, 0.6f, 1.0f})
      for (const float coverage_penalty : {0.0f, 0.4f}) {
        DecodeOptions o{.beam = 200, .nbest = 121, .length_penalty = length_penalty, .max_length = 4};
        o.coverage_penalty = coverage_penalty;
        const Trigrams model(seed);
        const auto wanted = brute_force(model, o), found = decode_one(model, o);
        ASSERT_EQ(wanted.size(), 1 + 3 + 9 + 27 + 81);
        ASSERT_EQ(found.size(), wanted.size());
        for (size_t i = 0; i < found.size(); ++i) {
          ASSERT_NEAR(found[i].score, wanted[i].score, 1e-5) << "seed " << seed << ", place " << i;
          ASSERT_NEAR(found[i].log_probability, model.log_p(found[i].tokens), 1e-5);
        }
        ASSERT_EQ(found[0].tokens, wanted[0].tokens) << "seed " << seed;
      }
}

// Beam search without penalties, with nothing left out of the sorting.
std::vector<Tokens> beam_by_hand(const Trigrams& m, size_t width, size_t longest) {
  std::vector<Hypothesis> live = {{}}, done;
  const auto better = [](auto& a, auto& b) { return a.score > b.score; };
  while (!live.empty() && (done.size() < width || live[0].score > done.back().score)) {
    std::vector<Hypothesis> all, next;
    for (const auto& h : live) {
      const double so_far = h.tokens.empty() ? 0 : h.score;
      const size_t n = h.tokens.size();
      const float* p = m.log_p(n > 1 ? h.tokens[n - 2] : n ? bos : 0, n ? h.tokens.back() : bos);
      for (int32_t v = 0; v < m.V; ++v) {
        if (v != eos && n == longest) continue;
        all.push_back({h.tokens, so_far + p[v]});
        all.back().tokens.push_back(v);
      }
    }
    std::stable_sort(all.begin(), all.end(), better);
    for (size_t i = 0; i < all.size() && next.size() < width; ++i) {
      if (all[i].tokens.back() != eos) next.push_back(all[i]);
      if (all[i].tokens.back() == eos && i < width) all[i].tokens.pop_back(), done.push_back(all[i]);
    }
    live = next;
    std::stable_sort(done.begin(), done.end(), better);
    done.resize(std::min(done.size(), width));
  }
  return tokens_of(done);
}

TEST(Decode, narrow_beams_are_sorted_distinct_honest_and_better_than_greedy) {
  int gained = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const Trigrams model(seed, 5);
    DecodeOptions o{.beam = 1, .length_penalty = 0, .max_length = 5};
    const auto best = brute_force(model, o)[0];
    const auto greedy = decode_one(model, o)[0];
    o.beam = o.nbest = 4;
    const auto found = decode_one(model, o);
    EXPECT_EQ(tokens_of(found), beam_by_hand(model, 4, 5)) << "seed " << seed;
    ASSERT_EQ(found.size(), 4);
    auto different = tokens_of(found);
    std::sort(different.begin(), different.end());
    EXPECT_EQ(std::unique(different.begin(), different.end()), different.end());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i].score, model.log_p(found[i].tokens), 1e-5);
      EXPECT_LE(found[i].score, (i ? found[i - 1].score : best.score + 1e-5));
    }
    gained += found[0].score > greedy.score + 1e-6;
    EXPECT_GE(found[0].score, greedy.score - 1e-6) << "seed " << seed;
  }
  EXPECT_GT(gained, 20);
}

TEST(Decode, greedy_takes_the_most_likely_token) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const Trigrams model(seed, 6);
    Tokens wanted;
    int32_t before = 0, last = bos;
    while (wanted.size() < 7) {
      const float* p = model.log_p(before, last);
      const auto t = int32_t(std::max_element(p, p + model.V) - p);
      if (t == eos) break;
      wanted.push_back(t), before = last, last = t;
    }
    EXPECT_EQ(decode_one(model, {.beam = 1, .max_length = 7})[0].tokens, wanted) << "seed " << seed;
  }
}

TEST(Decode, sentences_do_not_depend_on_their_batch) {
  const std::vector<Trigrams> models = {Trigrams(1, 6), Trigrams(2, 6), Trigrams(3, 6), Trigrams(4, 6)};
  const std::vector<size_t> order = {2, 0, 3, 1};
  std::vector<DecodeOptions> ways(4);
  ways[1] = {.beam = 6, .nbest = 6, .groups = 3};
  ways[2] = {.beam = 1, .nbest = 5, .sample = true};
  ways[3].rules.no_repeat_ngram = 2;
  for (auto& o : ways) {
    o.max_length = 7, o.coverage_penalty = 0.2f;
    auto r = request(4);
    r.numbers = {10, 11, 12, 13};
    const auto together = decode(system_of(models), r, o);
    std::vector<Trigrams> shuffled;
    r.numbers.clear();
    for (const size_t i : order) shuffled.push_back(models[i]), r.numbers.push_back(10 + int64_t(i));
    const auto moved = decode(system_of(shuffled), r, o);
    for (size_t i = 0; i < 4; ++i) {
      auto single = request();
      single.numbers = {10 + int64_t(i)};
      const auto alone = decode_one(models[i], o, single);
      const auto place = size_t(std::find(order.begin(), order.end(), i) - order.begin());
      for (const auto& other : {together[i], moved[place]}) {
        ASSERT_EQ(tokens_of(alone), tokens_of(other));
        for (size_t k = 0; k < alone.size(); ++k) EXPECT_EQ(alone[k].score, other[k].score);
      }
    }
  }
}

// Vijayakumar et al. 2018, algorithm 1, with groups of one.
std::vector<Tokens> diverse_by_hand(const Trigrams& m, int64_t groups, double diversity, size_t longest) {
  std::vector<Tokens> found(static_cast<size_t>(groups));
  std::vector<bool> done(found.size());
  for (size_t t = 0; t <= longest; ++t) {
    std::vector<double> cost(size_t(m.V), 0);
    for (size_t g = 0; g < found.size(); ++g) {
      if (done[g]) continue;
      const auto& h = found[g];
      const float* p = m.log_p(t > 1 ? h[t - 2] : t ? bos : 0, t ? h.back() : bos);
      int32_t best = eos;
      for (int32_t v = 0; v < m.V && t < longest; ++v)
        if (p[v] - cost[size_t(v)] > p[best] - cost[size_t(best)]) best = v;
      cost[size_t(best)] += diversity;
      done[g] = best == eos;
      if (!done[g]) found[g].push_back(best);
    }
  }
  return found;
}

TEST(Decode, diverse_groups_avoid_what_the_earlier_ones_chose) {
  int differing = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const Trigrams model(seed, 6);
    for (const float diversity : {0.0f, 0.7f, 100.0f}) {
      const DecodeOptions o{.beam = 3, .nbest = 3, .max_length = 5, .groups = 3, .diversity = diversity};
      auto wanted = diverse_by_hand(model, 3, diversity, 5), found = tokens_of(decode_one(model, o));
      differing += wanted[0] != wanted[2];
      std::sort(wanted.begin(), wanted.end()), std::sort(found.begin(), found.end());
      wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
      EXPECT_EQ(found, wanted) << "seed " << seed << ", diversity " << diversity;
    }
    DecodeOptions plain{.beam = 4, .nbest = 4, .max_length = 5}, one_group = plain;
    one_group.diversity = 100;
    EXPECT_EQ(tokens_of(decode_one(model, plain)), tokens_of(decode_one(model, one_group)));
  }
  EXPECT_GT(differing, 40);
}

TEST(Decode, lengths_are_kept) {
  for (uint64_t seed = 1; seed <= 20; ++seed)
    for (const bool sample : {false, true}) {
      const Trigrams model(seed);
      for (const auto& h : decode_one(model, {.nbest = 4, .min_length = 3, .max_length = 5, .sample = sample})) {
        EXPECT_GE(h.tokens.size(), 3);
        EXPECT_LE(h.tokens.size(), 5);
      }
      DecodeOptions free{.sample = sample};
      free.rules.allowed = {0, 3};
      const auto never_ends = suppress({eos});
      auto r = request();
      r.rules = {never_ends};
      EXPECT_EQ(decode_one(model, free, r)[0].tokens.size(), 2 * 3 + 20);  // twice the source and 20
    }
}

TEST(Decode, every_rule_reaches_the_loop) {
  const auto count = [](const Tokens& t, int32_t id) { return std::count(t.begin(), t.end(), id); };
  for (uint64_t seed = 1; seed <= 20; ++seed)
    for (const bool sample : {false, true}) {
      const Trigrams model(seed, 6);
      const auto run = [&](auto&& change) {
        DecodeOptions o{.beam = 3, .nbest = 3, .max_length = 6, .sample = sample};
        change(o.rules);
        return decode_one(model, o);
      };
      for (const auto& h : run([](auto& r) { r.suppressed = {0, 5}; }))
        EXPECT_EQ(count(h.tokens, 0) + count(h.tokens, 5), 0);
      for (const auto& h : run([](auto& r) { r.allowed = {3, 4}; }))
        EXPECT_EQ(count(h.tokens, 3) + count(h.tokens, 4), int64_t(h.tokens.size()));
      for (const auto& h : run([](auto& r) { r.no_repeat_ngram = 1; }))
        for (const int32_t t : h.tokens) EXPECT_EQ(count(h.tokens, t), 1);
      for (const auto& h : run([](auto& r) { r.repetition_penalty = 1e6f; }))
        for (const int32_t t : h.tokens) EXPECT_EQ(count(h.tokens, t), 1);
      EXPECT_EQ(run([](auto& r) { r.top_k = 1; })[0].tokens, decode_one(model, {.beam = 1, .max_length = 6})[0].tokens);
      const auto heated = run([](auto& r) { r.temperature = 2; })[0];
      const double length = double(heated.tokens.size()) + 1;
      EXPECT_NEAR(heated.log_probability, model.log_p(heated.tokens), 1e-5);  // rules do not touch it
      EXPECT_NEAR(heated.score, model.log_p(heated.tokens) / 2 / length, 1e-5);
    }
}

TEST(Decode, a_forced_prefix_stands_whatever_the_rules_say) {
  const std::vector<Trigrams> models(3, Trigrams(5, 6));
  auto r = request(3);
  r.prefixes = {{4, 4, 4}, {}, {0, 3, 0, 3, 0, 3}};
  for (const bool sample : {false, true}) {
    DecodeOptions o{.beam = 3, .nbest = 3, .max_length = 5, .sample = sample};
    o.rules.suppressed = {4}, o.rules.no_repeat_ngram = 1;
    const auto found = decode(system_of(models), r, o);
    for (const auto& h : found[0]) {
      ASSERT_GE(h.tokens.size(), 3);
      EXPECT_THAT(Tokens(h.tokens.begin(), h.tokens.begin() + 3), ElementsAre(4, 4, 4));
      EXPECT_EQ(std::count(h.tokens.begin() + 3, h.tokens.end(), 4), 0);
      EXPECT_NEAR(h.log_probability, models[0].log_p(h.tokens), 1e-5);
    }
    EXPECT_EQ(tokens_of(found[1]), tokens_of(decode(
                                       system_of(models),
                                       [&] {
                                         auto none = r;
                                         none.prefixes = {};
                                         return none;
                                       }(),
                                       o)[1]));
    EXPECT_EQ(found[2][0].tokens, (Tokens{0, 3, 0, 3, 0}));  // as long as may be
  }
}

TEST(Decode, where_the_rules_forbid_everything_a_hypothesis_ends) {
  const Trigrams model(5);
  auto r = request();
  r.rules = {[](const Moment& now, std::span<float> scores) {
    if (now.tokens.size() == 2) std::fill(scores.begin(), scores.end(), -INFINITY);
  }};
  for (const bool sample : {false, true})
    for (const auto& h : decode_one(model, {.beam = 3, .nbest = 3, .min_length = 2, .sample = sample}, r)) {
      EXPECT_EQ(h.tokens.size(), 2);
      EXPECT_NEAR(h.log_probability, model.log_p(h.tokens), 1e-5);
      EXPECT_NEAR(h.score, model.log_p(h.tokens) / 3, 1e-5);  // paid for in full
    }
}

TEST(Decode, without_an_end_every_answer_has_the_greatest_length_and_pays_for_its_tokens_alone) {
  const Trigrams model(3);
  auto r = request();
  r.eos = -1;
  double best = -1e9;  // of all 4^3 texts
  Tokens wanted;
  for (int32_t i = 0; i < 64; ++i) {
    const Tokens t = {i / 16, i / 4 % 4, i % 4};
    const double log_p = model.log_p(0, bos)[t[0]] + model.log_p(bos, t[0])[t[1]] + model.log_p(t[0], t[1])[t[2]];
    if (log_p > best) best = log_p, wanted = t;
  }
  const auto found = decode_one(model, {.beam = 64, .nbest = 64, .length_penalty = 0, .max_length = 3}, r);
  ASSERT_EQ(found.size(), 64u);
  EXPECT_EQ(found[0].tokens, wanted);
  EXPECT_NEAR(found[0].log_probability, best, 1e-5);
  EXPECT_NEAR(found[0].score, best, 1e-5);
  const RuleOptions rules{.temperature = 0.7f, .allowed = {1, 3}};
  for (const auto& h : decode_one(model, {.nbest = 9, .max_length = 5, .sample = true, .rules = rules}, r)) {
    EXPECT_EQ(h.tokens.size(), 5u);
    EXPECT_TRUE(std::all_of(h.tokens.begin(), h.tokens.end(), [](int32_t t) { return t == 1 || t == 3; }));
  }
}

TEST(Decode, wrong_options_are_named) {
  const auto message = [](const DecodeOptions& o) { return error_of([&] { o.validate(); }); };
  EXPECT_EQ(message({}), "no error");
  EXPECT_THAT(message({.beam = 0}), HasSubstr("beam: 0"));
  EXPECT_THAT(message({.nbest = 0}), HasSubstr("nbest: 0"));
  EXPECT_THAT(message({.nbest = 5}), HasSubstr("more than the beam of 4"));
  EXPECT_EQ(message({.nbest = 5, .sample = true}), "no error");
  EXPECT_THAT(message({.groups = 3}), HasSubstr("a beam of 4 does not divide into 3"));
  EXPECT_THAT(message({.groups = 2, .sample = true}), HasSubstr("groups"));
  EXPECT_THAT(message({.min_length = -1}), HasSubstr("min_length"));
  EXPECT_THAT(message({.min_length = 5, .max_length = 4}), HasSubstr("more than max_length 4"));
  const Trigrams model(1);
  auto r = request();
  r.prefixes = {{}, {}};
  EXPECT_THAT(error_of([&] { decode_one(model, {}, r); }), HasSubstr("2 prefixes for 1 sentences"));
  r.prefixes.clear(), r.numbers = {1, 2, 3};
  EXPECT_THAT(error_of([&] { decode_one(model, {}, r); }), HasSubstr("3 numbers for 1 sentences"));
  EXPECT_TRUE(decode(system_of(std::vector<Trigrams>{}), request(0), {}).empty());
}

}  // namespace
}  // namespace stemma
