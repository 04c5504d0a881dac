#include "stemma/metrics/bleu.h"

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "stemma/metrics/ngrams.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

constexpr size_t orders = 4;

// The counts of a sentence: hypothesis length, reference length, matches of each order, n-grams of each order.
enum Slot : size_t {
  sys_len_slot,
  ref_len_slot,
  matches_slot,
  totals_slot = matches_slot + orders,
  slots = totals_slot + orders
};

double default_smoothing(const std::string& method) {
  if (method == "floor") return 0.1;
  if (method == "add-k") return 1;
  check(method == "exp" || method == "none", "BLEU: no smoothing '", method, "'",
        suggestion(method, {"exp", "floor", "add-k", "none"}));
  return 0;
}

// The length nearest to the hypothesis'; of two as near, the shorter.
int64_t closest(const std::vector<std::span<const std::u32string_view>>& sentences) {
  const auto distance = [&](int64_t length) { return std::abs(length - int64_t(sentences[0].size())); };
  int64_t best = int64_t(sentences[1].size());
  for (size_t r = 2; r < sentences.size(); ++r) {
    const int64_t length = int64_t(sentences[r].size());
    if (distance(length) < distance(best) || (distance(length) == distance(best) && length < best)) best = length;
  }
  return best;
}

}  // namespace

Bleu::Bleu(BleuOptions options) : options_(std::move(options)), tokenizer_(find_score_tokenizer(options_.tokenize)) {
  const double value = default_smoothing(options_.smooth_method);
  if (options_.smooth_value < 0) options_.smooth_value = value;
}

std::string Bleu::options() const {
  const bool valued = options_.smooth_method == "floor" || options_.smooth_method == "add-k";
  return str("case:", options_.lowercase ? "lc" : "mixed", "|eff:", options_.effective_order ? "yes" : "no",
             "|tok:", options_.tokenize, "|smooth:", options_.smooth_method,
             valued ? str("[", fixed_decimals(options_.smooth_value, 2), "]") : "");
}

MetricCounts Bleu::count(std::string_view hypothesis, const std::vector<std::string_view>& references) const {
  std::vector<std::u32string> texts;
  const auto tokenized = [&](std::string_view line) {
    return tokenizer_(strip_right(options_.lowercase ? to_lower_code_points(line) : to_code_points(line)));
  };
  texts.push_back(tokenized(hypothesis));
  for (std::string_view reference : references) texts.push_back(tokenized(reference));
  std::vector<std::vector<std::u32string_view>> tokens;
  for (const std::u32string& text : texts) tokens.push_back(split_words(text));
  const std::vector<std::span<const std::u32string_view>> sentences(tokens.begin(), tokens.end());

  const std::vector<int64_t> matches = clipped_matches(sentences, orders);
  MetricCounts counts(slots, 0);
  counts[sys_len_slot] = double(tokens[0].size());
  counts[ref_len_slot] = double(closest(sentences));
  for (size_t n = 0; n < orders; ++n) {
    counts[matches_slot + n] = double(matches[n]);
    counts[totals_slot + n] = double(ngram_count(tokens[0].size(), int64_t(n) + 1));
  }
  return counts;
}

BleuScore Bleu::result(const MetricCounts& sum) const {
  BleuScore out{.sys_len = int64_t(sum[sys_len_slot]), .ref_len = int64_t(sum[ref_len_slot])};
  out.precisions.assign(orders, 0);
  out.counts.assign(&sum[matches_slot], &sum[totals_slot]);
  out.totals.assign(&sum[totals_slot], &sum[totals_slot] + orders);
  if (out.sys_len < out.ref_len) {
    out.bp = out.sys_len > 0 ? std::exp(1 - double(out.ref_len) / double(out.sys_len)) : 0;
  }
  if (std::accumulate(out.counts.begin(), out.counts.end(), int64_t{0}) == 0) return out;

  double halvings = 1;  // exp: the k-th order without a match counts 1 / 2^k matches
  size_t used = orders;
  for (size_t n = 0; n < orders; ++n) {
    const double k = options_.smooth_method == "add-k" && n > 0 ? options_.smooth_value : 0;
    const double matches = sum[matches_slot + n] + k, total = sum[totals_slot + n] + k;
    if (total == 0) break;
    if (options_.effective_order) used = n + 1;
    if (matches > 0) {
      out.precisions[n] = 100. * matches / total;
    } else if (options_.smooth_method == "exp") {
      halvings *= 2;
      out.precisions[n] = 100. / (halvings * total);
    } else if (options_.smooth_method == "floor") {
      out.precisions[n] = 100. * options_.smooth_value / total;
    }
  }
  double logs = 0;
  for (size_t n = 0; n < used; ++n) logs += std::log(out.precisions[n]);  // of 0: -inf, which makes the score 0
  out.score = out.bp * std::exp(logs / double(used));
  return out;
}

Json Bleu::details(const MetricCounts& sum) const {
  const BleuScore result = this->result(sum);
  Json out = to_json(result);
  out["verbose_score"] = result.verbose();
  return out;
}

std::string BleuScore::verbose() const {
  std::string out;
  for (double precision : precisions) out += (out.empty() ? "" : "/") + fixed_decimals(precision, 1);
  const double ratio = ref_len > 0 ? double(sys_len) / double(ref_len) : 0;
  return str(out, " (BP = ", fixed_decimals(bp, 3), " ratio = ", fixed_decimals(ratio, 3), " hyp_len = ", sys_len,
             " ref_len = ", ref_len, ")");
}

BleuScore corpus_bleu(const std::vector<std::string>& hypotheses,
                      const std::vector<std::vector<std::string>>& references, const BleuOptions& options) {
  const Bleu metric(options);
  return metric.result(sum_counts(count_sentences(metric, hypotheses, references)));
}

BleuScore sentence_bleu(std::string_view hypothesis, const std::vector<std::string_view>& references,
                        BleuOptions options) {
  check(!references.empty(), "BLEU: no reference to score against");
  options.effective_order = true;
  const Bleu metric(std::move(options));
  return metric.result(metric.count(hypothesis, references));
}

}  // namespace stemma
