#include "stemma/metrics/chrf.h"

#include "stemma/metrics/ngrams.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

bool ascii_punctuation(char32_t c) {
  return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < 0x7F);
}

// Words with one punctuation mark split off: the last character or, failing that, the first.
std::vector<std::u32string_view> split_punctuation(std::u32string_view text) {
  std::vector<std::u32string_view> out;
  for (std::u32string_view word : split_words(text)) {
    size_t cut = 0;
    if (word.size() > 1 && ascii_punctuation(word.back())) {
      cut = word.size() - 1;
    } else if (word.size() > 1 && ascii_punctuation(word.front())) {
      cut = 1;
    }
    if (cut > 0) out.push_back(word.substr(0, cut));
    out.push_back(word.substr(cut));
  }
  return out;
}

struct Symbols {
  Symbols(std::string_view line, const ChrfOptions& options)
      : text(options.lowercase ? to_lower_code_points(line) : to_code_points(line)), characters(text) {
    if (!options.whitespace) std::erase_if(characters, is_white_space);
    if (options.word_order > 0) words = split_punctuation(text);
  }
  Symbols(const Symbols&) = delete;

  std::u32string text, characters;
  std::vector<std::u32string_view> words;  // into `text`
};

template <class Sequence>
void append_counts(MetricCounts& counts, const Sequence& hypothesis, const Sequence& reference, int64_t orders) {
  const std::vector<int64_t> matches =
      clipped_matches<typename Sequence::value_type>({std::span(hypothesis), std::span(reference)}, orders);
  for (int64_t n = 1; n <= orders; ++n) {
    const int64_t in_reference = ngram_count(reference.size(), n);
    counts.push_back(in_reference > 0 ? double(ngram_count(hypothesis.size(), n)) : 0);
    counts.push_back(double(in_reference));
    counts.push_back(double(matches[size_t(n - 1)]));
  }
}

}  // namespace

Chrf::Chrf(const ChrfOptions& options) : options_(options) {
  check(options.char_order >= 0 && options.word_order >= 0 && options.char_order + options.word_order > 0,
        "chrF: char_order ", options.char_order, " and word_order ", options.word_order, " leave nothing to count");
  check(options.beta > 0, "chrF: beta is ", options.beta, ", must be positive");
}

std::string Chrf::name() const { return str("chrF", options_.beta, std::string(size_t(options_.word_order), '+')); }

std::string Chrf::options() const {
  return str("case:", options_.lowercase ? "lc" : "mixed", "|eff:", options_.eps_smoothing ? "no" : "yes",
             "|nc:", options_.char_order, "|nw:", options_.word_order, "|space:", options_.whitespace ? "yes" : "no");
}

MetricCounts Chrf::count(std::string_view hypothesis, const std::vector<std::string_view>& references) const {
  const Symbols ours(hypothesis, options_);
  MetricCounts best;
  for (std::string_view reference : references) {
    const Symbols theirs(reference, options_);
    MetricCounts counts;
    append_counts(counts, ours.characters, theirs.characters, options_.char_order);
    append_counts(counts, ours.words, theirs.words, options_.word_order);
    if (best.empty() || score(counts) > score(best)) best = std::move(counts);
  }
  return best;
}

double Chrf::score(const MetricCounts& sum) const {
  constexpr double eps = 1e-16;
  const double factor = double(options_.beta * options_.beta);
  const auto f_score = [&](double precision, double recall) {
    return (1 + factor) * precision * recall / (factor * precision + recall);
  };
  double total = 0, precisions = 0, recalls = 0, used = 0;
  for (size_t i = 0; i < sum.size(); i += 3) {
    const double in_hypothesis = sum[i], in_reference = sum[i + 1], matches = sum[i + 2];
    const double precision = in_hypothesis > 0 ? matches / in_hypothesis : eps;
    const double recall = in_reference > 0 ? matches / in_reference : eps;
    total += factor * precision + recall > 0 ? f_score(precision, recall) : eps;
    if (in_hypothesis > 0 && in_reference > 0) precisions += precision, recalls += recall, ++used;
  }
  if (options_.eps_smoothing) return 100 * total / double(options_.char_order + options_.word_order);
  return precisions + recalls > 0 ? 100 * f_score(precisions / used, recalls / used) : 0;
}

Json Chrf::details(const MetricCounts&) const { return to_json(options_); }

}  // namespace stemma
