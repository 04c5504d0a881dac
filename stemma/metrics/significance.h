// Is a difference between two systems more than the luck of the test set? Paired bootstrap resampling (Koehn 2004,
// "Statistical significance tests for machine translation evaluation"), as sacreBLEU does it, for any metric.
#pragma once
#include "stemma/metrics/metric.h"

namespace stemma {

struct Bootstrap {
  int64_t samples = 1000;
  uint64_t seed = 12345;
  FIELDS(samples, seed)
};

// The middle 95 % of the resampled scores: `mean` ± `half_width`.
struct Confidence {
  double mean = 0, half_width = 0;
  FIELDS(mean, half_width)
};

struct PairedResult {
  double baseline = 0, system = 0;  // scores on the test set itself
  Confidence baseline_confidence, system_confidence;
  double p_value = 1;
  std::string signature = {};
  FIELDS(baseline, system, baseline_confidence, system_confidence, p_value, signature)
};

// The sentences of the `sample`-th resample of `n`: as many, drawn with replacement, the same for all systems.
std::vector<int64_t> resample(const Bootstrap& bootstrap, int64_t sample, int64_t n);
// The score of each resample.
std::vector<double> resampled_scores(const Metric& metric, const std::vector<MetricCounts>& sentences,
                                     const Bootstrap& bootstrap);
Confidence confidence(std::vector<double> scores);
// (above + 1) / (samples + 1), where `above` counts the resampled differences that exceed the `difference` seen, once
// centred on their mean. As in sacreBLEU, systems with equal scores everywhere get the smallest p there is: ask only
// about different ones.
double paired_p_value(const std::vector<double>& baseline, const std::vector<double>& system, double difference);

PairedResult paired_bootstrap(const Metric& metric, const std::vector<std::string>& baseline,
                              const std::vector<std::string>& system,
                              const std::vector<std::vector<std::string>>& references, const Bootstrap& bootstrap = {});

}  // namespace stemma
