// TER, the translation edit rate (Snover et al. 2006): insertions, deletions, substitutions and shifts of phrases, per
// word of the reference. The shifts are searched as tercom and sacreBLEU do, limits included, for the same numbers.
#pragma once
#include <span>

#include "stemma/metrics/metric.h"

namespace stemma {

struct TerOptions {
  bool normalized = false;     // split punctuation, replace XML entities
  bool no_punct = false;       // drop punctuation
  bool asian_support = false;  // let both also do so for Chinese and Japanese
  bool case_sensitive = false;
  FIELDS(normalized, no_punct, asian_support, case_sensitive)
};

class Ter : public Metric {
 public:
  explicit Ter(const TerOptions& options = {}) : options_(options) {}
  std::string name() const override { return "TER"; }
  std::string options() const override;
  // Edits to the nearest reference; mean length of the references.
  MetricCounts count(std::string_view hypothesis, const std::vector<std::string_view>& references) const override;
  double score(const MetricCounts& sum) const override;
  Json details(const MetricCounts& sum) const override;

 private:
  TerOptions options_;
};

// Shifts and word edits that turn `hypothesis` into `reference`, words given as numbers.
int64_t translation_edits(std::vector<int> hypothesis, const std::vector<int>& reference);

}  // namespace stemma
