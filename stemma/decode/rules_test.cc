#include "stemma/decode/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

constexpr float never = -std::numeric_limits<float>::infinity();
constexpr int32_t eos = 2;

// The scores after the rule, for a hypothesis that holds `tokens`.
std::vector<float> after(const Rule& rule, const std::vector<int32_t>& tokens, std::vector<float> scores,
                         int64_t sentence = 0) {
  rule({sentence, tokens}, scores);
  return scores;
}
std::vector<float> logs(std::vector<float> p) {
  for (float& x : p) x = std::log(x);
  return p;
}
// Which tokens are still possible.
std::vector<size_t> left(const std::vector<float>& scores) {
  std::vector<size_t> out;
  for (size_t i = 0; i < scores.size(); ++i)
    if (scores[i] != never) out.push_back(i);
  return out;
}

TEST(Rules, forced_prefix) {
  const auto rule = forced_prefix({{3, 1}, {}});
  EXPECT_THAT(after(rule, {}, {-1, -2, -3, -4}), ElementsAre(never, never, never, -4));
  EXPECT_THAT(after(rule, {3}, {-1, -2, -3, -4}), ElementsAre(never, -2, never, never));
  EXPECT_THAT(after(rule, {3, 1}, {-1, -2, -3, -4}), ElementsAre(-1, -2, -3, -4));
  EXPECT_THAT(after(rule, {}, {-1, -2, -3, -4}, 1), ElementsAre(-1, -2, -3, -4));
}

TEST(Rules, lengths) {
  EXPECT_THAT(after(min_length(2, eos), {0}, {-1, -2, -3}), ElementsAre(-1, -2, never));
  EXPECT_THAT(after(min_length(2, eos), {0, 0}, {-1, -2, -3}), ElementsAre(-1, -2, -3));
  const auto longest = max_length({2, 5}, eos);
  EXPECT_THAT(after(longest, {0}, {-1, -2, -3}), ElementsAre(-1, -2, -3));
  EXPECT_THAT(after(longest, {0, 0}, {-1, -2, -3}), ElementsAre(never, never, -3));
  EXPECT_THAT(after(longest, {0, 0, 0}, {-1, -2, -3}), ElementsAre(never, never, -3));
  EXPECT_THAT(after(longest, {0, 0}, {-1, -2, -3}, 1), ElementsAre(-1, -2, -3));
}

TEST(Rules, temperature) {
  EXPECT_THAT(after(temperature(0.5f), {}, {-1, -2, never}), ElementsAre(-2, -4, never));
  EXPECT_THAT(after(temperature(4), {}, {-1, -2}), ElementsAre(-0.25f, -0.5f));
}

TEST(Rules, top_k) {
  EXPECT_THAT(left(after(top_k(2), {}, {-3, -1, -2, -4})), ElementsAre(1, 2));
  EXPECT_THAT(left(after(top_k(1), {}, {-3, -1, -1, -4})), ElementsAre(1));  // ties: the first
  EXPECT_THAT(left(after(top_k(3), {}, {-1, -2, -2, -2})), ElementsAre(0, 1, 2));
  EXPECT_THAT(left(after(top_k(9), {}, {-3, -1})), ElementsAre(0, 1));
  EXPECT_THAT(left(after(top_k(3), {}, {-3, never, never, -1})), ElementsAre(0, 3));
}

TEST(Rules, top_p) {
  const auto p = logs({0.1f, 0.5f, 0.15f, 0.25f});
  EXPECT_THAT(left(after(top_p(0.4f), {}, p)), ElementsAre(1));
  EXPECT_THAT(left(after(top_p(0.6f), {}, p)), ElementsAre(1, 3));  // the token that crosses the mass stays
  EXPECT_THAT(left(after(top_p(0.8f), {}, p)), ElementsAre(1, 2, 3));
  EXPECT_THAT(left(after(top_p(0.99f), {}, p)), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(left(after(top_p(1e-6f), {}, p)), ElementsAre(1));
  // What other rules took away has no mass: of 0.25 and 0.15 the first holds 0.625.
  EXPECT_THAT(left(after(top_p(0.6f), {}, {never, never, p[2], p[3]})), ElementsAre(3));
  EXPECT_THAT(after(top_p(0.6f), {}, p), ElementsAre(never, p[1], never, p[3]));  // values stay
}

TEST(Rules, min_p) {
  const auto p = logs({0.1f, 0.5f, 0.15f, 0.25f});
  EXPECT_THAT(left(after(min_p(0.29f), {}, p)), ElementsAre(1, 2, 3));
  EXPECT_THAT(left(after(min_p(0.31f), {}, p)), ElementsAre(1, 3));
  EXPECT_THAT(left(after(min_p(1), {}, p)), ElementsAre(1));
}

TEST(Rules, no_repeat_ngram) {
  const std::vector<float> s(6, -1);
  EXPECT_THAT(left(after(no_repeat_ngram(1), {3, 5, 3}, s)), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(left(after(no_repeat_ngram(2), {3, 5, 0, 3}, s)), ElementsAre(0, 1, 2, 3, 4));  // 3 5 was there
  EXPECT_THAT(left(after(no_repeat_ngram(2), {3, 5, 3, 4, 3}, s)), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(left(after(no_repeat_ngram(2), {3, 3}, s)), ElementsAre(0, 1, 2, 4, 5));
  EXPECT_THAT(left(after(no_repeat_ngram(3), {3, 5, 0, 3, 5}, s)), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(left(after(no_repeat_ngram(3), {3, 5, 0, 4, 5}, s)), ElementsAre(0, 1, 2, 3, 4, 5));
  for (const auto& few : {std::vector<int32_t>{}, {3}, {3, 3}})
    EXPECT_THAT(left(after(no_repeat_ngram(4), few, s)), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Rules, repetition_penalty) {
  EXPECT_THAT(after(repetition_penalty(1.5f), {3, 1, 3}, {-1, -2, -3, -4}), ElementsAre(-1, -3, -3, -6));  // once each
  EXPECT_THAT(after(repetition_penalty(2), {}, {-1, -2}), ElementsAre(-1, -2));
}

TEST(Rules, sets) {
  EXPECT_THAT(after(suppress({1, 3}), {}, {-1, -2, -3, -4}), ElementsAre(-1, never, -3, never));
  EXPECT_THAT(after(allow_only({3}, eos), {}, {-1, -2, -3, -4}), ElementsAre(never, never, -3, -4));
  EXPECT_THAT(after(allow_only({eos, 0, 0}, eos), {}, {-1, -2, -3, -4}), ElementsAre(-1, never, -3, never));
}

TEST(Rules, act_in_their_order) {
  RuleOptions o;
  EXPECT_TRUE(rules_of(o, eos).empty());
  o.suppressed = {0}, o.temperature = 2, o.top_k = 2;
  std::vector<float> scores = {-1, -2, -4, -3};
  for (const auto& rule : rules_of(o, eos)) rule({0, {}}, scores);
  EXPECT_THAT(scores, ElementsAre(never, FloatEq(-1), never, FloatEq(-1.5f)));  // the two best of those that are left
  o.repetition_penalty = 3, o.no_repeat_ngram = 1, o.allowed = {0, 1}, o.top_p = 0.5f, o.min_p = 0.1f;
  EXPECT_EQ(rules_of(o, eos).size(), 8);
}

TEST(Rules, wrong_values_are_named) {
  const auto message = [](const RuleOptions& o) { return error_of([&] { o.validate(); }); };
  EXPECT_EQ(message({}), "no error");
  EXPECT_THAT(message({.temperature = 0}), HasSubstr("temperature: 0 is not positive"));
  EXPECT_THAT(message({.top_k = -1}), HasSubstr("top_k: -1"));
  EXPECT_THAT(message({.top_p = 0}), HasSubstr("top_p: 0"));
  EXPECT_THAT(message({.top_p = 1.5f}), HasSubstr("top_p: 1.5"));
  EXPECT_THAT(message({.min_p = 2}), HasSubstr("min_p: 2"));
  EXPECT_THAT(message({.no_repeat_ngram = -2}), HasSubstr("no_repeat_ngram: -2"));
  EXPECT_THAT(message({.repetition_penalty = 0}), HasSubstr("repetition_penalty: 0"));
  for (const int32_t id : {-1, 4}) {
    const auto wanted = HasSubstr(str("token ", id, " is not in the vocabulary of 4"));
    const std::vector<float> s(4, -1);
    EXPECT_THAT(error_of([&] { after(suppress({id}), {}, s); }), wanted);
    EXPECT_THAT(error_of([&] { after(allow_only({id}, eos), {}, s); }), wanted);
    EXPECT_THAT(error_of([&] { after(forced_prefix({{id}}), {}, s); }), wanted);
  }
}

}  // namespace
}  // namespace stemma
