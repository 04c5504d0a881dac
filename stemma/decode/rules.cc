#include "stemma/decode/rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stemma/base/check.h"

namespace stemma {

namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

float& at(std::span<float> scores, int32_t id) {
  check(id >= 0 && size_t(id) < scores.size(), "token ", id, " is not in the vocabulary of ", scores.size());
  return scores[size_t(id)];
}

void keep_only(std::span<float> scores, std::span<const int32_t> ids) {
  std::vector<float> kept;
  for (const int32_t id : ids) kept.push_back(at(scores, id));
  std::fill(scores.begin(), scores.end(), never);
  for (size_t i = 0; i < ids.size(); ++i) scores[size_t(ids[i])] = kept[i];
}

}  // namespace

void RuleOptions::validate() const {
  check(temperature > 0, "temperature: ", temperature, " is not positive (use beam = 1 without sampling for greedy)");
  check(top_k >= 0, "top_k: ", top_k, " is negative");
  check(top_p > 0 && top_p <= 1, "top_p: ", top_p, " is not in (0, 1]");
  check(min_p >= 0 && min_p <= 1, "min_p: ", min_p, " is not in [0, 1]");
  check(no_repeat_ngram >= 0, "no_repeat_ngram: ", no_repeat_ngram, " is negative");
  check(repetition_penalty > 0, "repetition_penalty: ", repetition_penalty, " is not positive");
}

Rule forced_prefix(std::vector<std::vector<int32_t>> prefixes) {
  return [prefixes = std::move(prefixes)](const Moment& now, std::span<float> scores) {
    const auto& prefix = prefixes[size_t(now.sentence)];
    if (now.tokens.size() < prefix.size()) keep_only(scores, {&prefix[now.tokens.size()], 1});
  };
}

Rule min_length(int64_t n, int32_t eos) {
  return [=](const Moment& now, std::span<float> scores) {
    if (int64_t(now.tokens.size()) < n) scores[size_t(eos)] = never;
  };
}

Rule max_length(std::vector<int64_t> n, int32_t eos) {
  return [n = std::move(n), eos](const Moment& now, std::span<float> scores) {
    if (int64_t(now.tokens.size()) >= n[size_t(now.sentence)]) keep_only(scores, {&eos, 1});
  };
}

Rule temperature(float t) {
  return [t](const Moment&, std::span<float> scores) {
    for (float& s : scores) s /= t;
  };
}

Rule top_k(int64_t k) {
  return [k](const Moment&, std::span<float> scores) {
    if (k >= int64_t(scores.size())) return;
    std::vector<float> sorted(scores.begin(), scores.end());
    std::nth_element(sorted.begin(), sorted.begin() + k - 1, sorted.end(), std::greater<>());
    const float least = sorted[size_t(k - 1)];
    auto ties = k - std::count_if(scores.begin(), scores.end(), [&](float s) { return s > least; });
    for (float& s : scores)
      if (s < least || (s == least && ties-- <= 0)) s = never;
  };
}

Rule top_p(float p) {
  return [p](const Moment&, std::span<float> scores) {
    std::vector<int32_t> order(scores.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = int32_t(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return scores[size_t(a)] > scores[size_t(b)]; });
    const double top = scores[size_t(order[0])];
    double total = 0;
    for (const float s : scores) total += std::exp(s - top);
    double mass = 0;
    for (const int32_t id : order) {
      float& s = scores[size_t(id)];
      const double share = std::exp(s - top) / total;
      if (mass >= p) s = never;
      mass += share;
    }
  };
}

Rule min_p(float p) {
  return [p](const Moment&, std::span<float> scores) {
    const float least = *std::max_element(scores.begin(), scores.end()) + std::log(p);
    for (float& s : scores)
      if (s < least) s = never;
  };
}

Rule no_repeat_ngram(int64_t n) {
  return [n](const Moment& now, std::span<float> scores) {
    const auto& t = now.tokens;
    const int64_t context = n - 1;
    for (int64_t i = 0; i + context < int64_t(t.size()); ++i)
      if (std::equal(t.begin() + i, t.begin() + i + context, t.end() - context))
        scores[size_t(t[size_t(i + context)])] = never;
  };
}

Rule repetition_penalty(float factor) {
  return [factor](const Moment& now, std::span<float> scores) {
    std::vector<int32_t> seen(now.tokens.begin(), now.tokens.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const int32_t id : seen) scores[size_t(id)] *= factor;  // log p is negative
  };
}

Rule suppress(std::vector<int32_t> ids) {
  return [ids = std::move(ids)](const Moment&, std::span<float> scores) {
    for (const int32_t id : ids) at(scores, id) = never;
  };
}

Rule allow_only(std::vector<int32_t> ids, int32_t eos) {
  if (eos >= 0 && std::find(ids.begin(), ids.end(), eos) == ids.end()) ids.push_back(eos);
  return [ids = std::move(ids)](const Moment&, std::span<float> scores) { keep_only(scores, ids); };
}

std::vector<Rule> rules_of(const RuleOptions& o, int32_t eos) {
  o.validate();
  std::vector<Rule> rules;
  if (o.repetition_penalty != 1) rules.push_back(repetition_penalty(o.repetition_penalty));
  if (o.no_repeat_ngram > 0) rules.push_back(no_repeat_ngram(o.no_repeat_ngram));
  if (!o.suppressed.empty()) rules.push_back(suppress(o.suppressed));
  if (!o.allowed.empty()) rules.push_back(allow_only(o.allowed, eos));
  if (o.temperature != 1) rules.push_back(temperature(o.temperature));
  if (o.top_k > 0) rules.push_back(top_k(o.top_k));
  if (o.top_p < 1) rules.push_back(top_p(o.top_p));
  if (o.min_p > 0) rules.push_back(min_p(o.min_p));
  return rules;
}

}  // namespace stemma
