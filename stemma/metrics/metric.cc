#include "stemma/metrics/metric.h"

#include <charconv>

#include "stemma/base/parallel.h"
#include "stemma/base/version.h"

namespace stemma {

std::vector<MetricCounts> count_sentences(const Metric& metric, const std::vector<std::string>& hypotheses,
                                          const std::vector<std::vector<std::string>>& references) {
  check(!references.empty(), metric.name(), ": no reference to score against");
  for (size_t r = 0; r < references.size(); ++r) {
    check(references[r].size() == hypotheses.size(), metric.name(), ": ", hypotheses.size(), " hypotheses, but ",
          references[r].size(), " lines in reference ", r + 1, "; there must be one for each");
  }
  check(!hypotheses.empty(), metric.name(), ": no sentences to score");
  std::vector<MetricCounts> counts(hypotheses.size());
  parallel_for(int64_t(hypotheses.size()), 16, [&](int64_t begin, int64_t end) {
    std::vector<std::string_view> of_line(references.size());
    for (size_t i = size_t(begin); i < size_t(end); ++i) {
      for (size_t r = 0; r < references.size(); ++r) of_line[r] = references[r][i];
      counts[i] = metric.count(hypotheses[i], of_line);
    }
  });
  return counts;
}

MetricCounts sum_counts(const std::vector<MetricCounts>& sentences) {
  MetricCounts sum(sentences.at(0).size(), 0);
  for (const MetricCounts& counts : sentences) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += counts[i];
  }
  return sum;
}

std::string signature(const Metric& metric, size_t references, std::string_view resampling) {
  return str("nrefs:", references, resampling.empty() ? "" : "|", resampling, "|", metric.options(), "|version:stemma-",
             version);
}

std::string fixed_decimals(double value, int digits) {
  char buffer[400];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, digits).ptr};
}

}  // namespace stemma
