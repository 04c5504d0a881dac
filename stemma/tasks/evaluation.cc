#include "stemma/tasks/evaluation.h"

#include <array>
#include <chrono>
#include <cmath>

#include "stemma/metrics/score.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

struct Letters {
  int64_t chinese = 0, words = 0, others = 0;
};

Letters letters_of(std::string_view line) {
  Letters out;
  bool inside = false;
  for (const auto [c, begin, size] : code_points(line)) {
    const bool chinese = is_chinese(c), letter = !chinese && !is_space(c) && !is_chinese_punctuation(c);
    out.chinese += chinese, out.others += letter, out.words += letter && !inside;
    inside = letter;
  }
  return out;
}

constexpr std::array<int64_t, 8> ends = {5, 10, 15, 20, 25, 30, 40, 50};  // of the ranges

std::string range_name(size_t i) {
  if (i == ends.size()) return str(ends.back() + 1, "+");
  return str(i == 0 ? 1 : ends[i - 1] + 1, "-", ends[i]);
}

}  // namespace

std::string bleu_tokenizer(const std::vector<std::string>& text) {
  int64_t chinese = 0, others = 0;
  for (const auto& line : text) {
    const auto letters = letters_of(line);
    chinese += letters.chinese, others += letters.others;
  }
  return chinese > others ? "zh" : "13a";
}

std::vector<LengthBucket> bleu_by_length(const std::vector<std::string>& source,
                                         const std::vector<std::string>& hypotheses,
                                         const std::vector<std::string>& target, const std::string& tokenize) {
  const Json options = Json::object({{"tokenize", tokenize}});
  std::array<std::vector<std::string>, ends.size() + 1> found, wanted;
  for (size_t i = 0; i < source.size(); ++i) {
    const auto letters = letters_of(source[i]);
    size_t bucket = 0;
    while (bucket < ends.size() && letters.chinese + letters.words > ends[bucket]) ++bucket;
    found[bucket].push_back(hypotheses[i]), wanted[bucket].push_back(target[i]);
  }
  std::vector<LengthBucket> out;
  for (size_t b = 0; b < found.size(); ++b)
    if (!found[b].empty())
      out.push_back({range_name(b), int64_t(found[b].size()), score("bleu", found[b], {wanted[b]}, options).score});
  return out;
}

Evaluated evaluate(const Translator& system, const std::vector<std::string>& source,
                   const std::vector<std::string>& target, const DecodeOptions& options, const std::string& tokenize) {
  check(source.size() == target.size(), "the source has ", source.size(), " lines, the target ", target.size());
  check(!source.empty(), "nothing to evaluate: no lines");
  const std::string split = tokenize.empty() ? bleu_tokenizer(target) : tokenize;
  const Json bleu_options = Json::object({{"tokenize", split}});
  make_metric("bleu", bleu_options);  // an unknown tokenizer is an Error before anything is translated
  Evaluated out;
  Evaluation& scores = out.scores;
  scores.sentences = int64_t(source.size());
  const auto begun = std::chrono::steady_clock::now();
  int64_t tokens = 0;
  for (auto& found : system.translate(source, options)) {
    tokens += int64_t(found.at(0).pieces.size()) + 1;
    out.hypotheses.push_back(std::move(found[0].text));
  }
  scores.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  scores.tokens_per_second = double(tokens) / scores.seconds;
  scores.ms_per_sentence = scores.seconds * 1000 / double(source.size());

  const Score bleu = score("bleu", out.hypotheses, {target}, bleu_options);
  const Score chrf = score("chrf", out.hypotheses, {target});
  scores.bleu = bleu.score, scores.bleu_signature = bleu.signature;
  scores.chrf = chrf.score, scores.chrf_signature = chrf.signature;
  scores.by_length = bleu_by_length(source, out.hypotheses, target, split);

  double log_p = 0;
  int64_t target_tokens = 0;
  for (const double p : system.score(source, target)) log_p += p;
  for (const auto& line : target) target_tokens += int64_t(system.target().encode(line).size()) + 1;
  scores.perplexity = std::exp(-log_p / double(target_tokens));
  return out;
}

}  // namespace stemma
