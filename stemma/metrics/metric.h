// What all metrics of a corpus share: a sentence gives counts, the counts of sentences add up, and the score is a
// function of the sum. So a corpus, a sentence and a bootstrap resample are scored by the same function.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/json.h"

namespace stemma {

using MetricCounts = std::vector<double>;

class Metric {
 public:
  virtual ~Metric() = default;
  virtual std::string name() const = 0;  // as sacreBLEU prints it: "BLEU", "chrF2++", "TER"
  // The middle of sacreBLEU's signature: "case:mixed|eff:no|tok:13a|smooth:exp".
  virtual std::string options() const = 0;
  // `references`: one or more translations of the sentence.
  virtual MetricCounts count(std::string_view hypothesis, const std::vector<std::string_view>& references) const = 0;
  virtual double score(const MetricCounts& sum) const = 0;
  // An object. Its "verbose_score", if any, is what sacreBLEU prints after the score.
  virtual Json details(const MetricCounts& sum) const = 0;
};

// The counts of each sentence. `references` holds one or more whole translations: references[r][line].
// Error with the numbers of lines when they differ, or when there are none.
std::vector<MetricCounts> count_sentences(const Metric& metric, const std::vector<std::string>& hypotheses,
                                          const std::vector<std::vector<std::string>>& references);
MetricCounts sum_counts(const std::vector<MetricCounts>& sentences);

// "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:stemma-0.1.0"; `resampling` is "bs:1000|seed:12345" or empty.
std::string signature(const Metric& metric, size_t references, std::string_view resampling = "");

// With exactly `digits` decimals, rounded as printf does.
std::string fixed_decimals(double value, int digits);

}  // namespace stemma
