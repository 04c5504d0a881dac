#include "stemma/metrics/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"

namespace stemma {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.) / double(values.size());
}

}  // namespace

std::vector<int64_t> resample(const Bootstrap& bootstrap, int64_t sample, int64_t n) {
  Random rng = Random{.key = bootstrap.seed}.stream(uint64_t(sample));
  std::vector<int64_t> out(static_cast<size_t>(n));
  for (int64_t& index : out) index = int64_t(rng.below(uint64_t(n)));
  return out;
}

std::vector<double> resampled_scores(const Metric& metric, const std::vector<MetricCounts>& sentences,
                                     const Bootstrap& bootstrap) {
  check(bootstrap.samples > 0, "bootstrap: samples is ", bootstrap.samples, ", must be positive");
  std::vector<double> scores(static_cast<size_t>(bootstrap.samples));
  parallel_for(bootstrap.samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t sample = begin; sample < end; ++sample) {
      MetricCounts sum(sentences.at(0).size(), 0);
      for (int64_t index : resample(bootstrap, sample, int64_t(sentences.size()))) {
        for (size_t i = 0; i < sum.size(); ++i) sum[i] += sentences[size_t(index)][i];
      }
      scores[size_t(sample)] = metric.score(sum);
    }
  });
  return scores;
}

Confidence confidence(std::vector<double> scores) {
  check(!scores.empty(), "confidence of no scores");
  std::sort(scores.begin(), scores.end());
  const size_t tail = scores.size() / 40;  // 2.5 % at either end
  return {mean(scores), 0.5 * (scores[scores.size() - tail - 1] - scores[tail])};
}

double paired_p_value(const std::vector<double>& baseline, const std::vector<double>& system, double difference) {
  check(!baseline.empty() && baseline.size() == system.size(), "p value: ", baseline.size(), " and ", system.size(),
        " resampled scores");
  std::vector<double> differences(baseline.size());
  for (size_t i = 0; i < baseline.size(); ++i) differences[i] = std::abs(system[i] - baseline[i]);
  const double centre = mean(differences);
  const auto above =
      std::count_if(differences.begin(), differences.end(), [&](double d) { return d - centre > difference; });
  return double(above + 1) / double(differences.size() + 1);
}

PairedResult paired_bootstrap(const Metric& metric, const std::vector<std::string>& baseline,
                              const std::vector<std::string>& system,
                              const std::vector<std::vector<std::string>>& references, const Bootstrap& bootstrap) {
  const std::vector<MetricCounts> baseline_counts = count_sentences(metric, baseline, references);
  const std::vector<MetricCounts> system_counts = count_sentences(metric, system, references);
  const std::vector<double> baseline_scores = resampled_scores(metric, baseline_counts, bootstrap);
  const std::vector<double> system_scores = resampled_scores(metric, system_counts, bootstrap);
  PairedResult out{.baseline = metric.score(sum_counts(baseline_counts)),
                   .system = metric.score(sum_counts(system_counts)),
                   .baseline_confidence = confidence(baseline_scores),
                   .system_confidence = confidence(system_scores)};
  out.p_value = paired_p_value(baseline_scores, system_scores, std::abs(out.baseline - out.system));
  out.signature = signature(metric, references.size(), str("bs:", bootstrap.samples, "|seed:", bootstrap.seed));
  return out;
}

}  // namespace stemma
