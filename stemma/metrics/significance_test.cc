#include "stemma/metrics/significance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "stemma/base/parallel.h"
#include "stemma/metrics/golden_test.h"
#include "stemma/metrics/score.h"

namespace stemma {
namespace {

TEST(Significance, GivenResamples) {
  const Json& all = golden()["significance"];
  const auto references = as<std::vector<Lines>>(all["references"]);
  const auto draws = as<std::vector<std::vector<int64_t>>>(all["draws"]);
  for (const Json& it : all["tests"].array()) {
    const auto metric = make_metric(it["metric"].text());
    const auto scores = as<std::vector<double>>(it["scores"]);
    const auto expected = as<std::vector<std::vector<double>>>(it["resampled"]);
    std::vector<std::vector<double>> resampled(2);
    for (size_t s = 0; s < 2; ++s) {
      const Json& lines = s == 0 ? all["baseline"] : all["systems"][it["system"].text()];
      const auto counts = count_sentences(*metric, as<Lines>(lines), references);
      expect_equal(metric->score(sum_counts(counts)), scores[s], it["metric"].text());
      for (size_t d = 0; d < draws.size(); ++d) {
        std::vector<MetricCounts> drawn;
        for (int64_t index : draws[d]) drawn.push_back(counts[size_t(index)]);
        resampled[s].push_back(metric->score(sum_counts(drawn)));
        expect_equal(resampled[s].back(), expected[s][d], str(it["metric"], " draw ", d));
      }
      const auto interval = as<std::vector<double>>(it["draws_confidence"].array()[s]);
      expect_equal(confidence(resampled[s]).mean, interval[0], "mean");
      expect_equal(confidence(resampled[s]).half_width, interval[1], "half width");
    }
    EXPECT_EQ(paired_p_value(resampled[0], resampled[1], std::abs(scores[1] - scores[0])), it["draws_p"].number());
  }
}

// Other random numbers than sacreBLEU's, and as many resamples: equal within what 2,000 of them leave to chance.
TEST(Significance, PairedBootstrap) {
  const Json& all = golden()["significance"];
  for (const Json& it : all["tests"].array()) {
    const PairedResult got = paired_bootstrap(*make_metric(it["metric"].text()), as<Lines>(all["baseline"]),
                                              as<Lines>(all["systems"][it["system"].text()]),
                                              as<std::vector<Lines>>(all["references"]), {.samples = 2000});
    EXPECT_EQ(got.signature, it["signature"].text() + "|version:stemma-0.1.0");
    EXPECT_NEAR(got.p_value, it["p"].number(), 0.04) << it["metric"].text() << " " << it["system"].text();
    const std::vector<Confidence> intervals = {got.baseline_confidence, got.system_confidence};
    for (size_t s = 0; s < 2; ++s) {
      const double half_width = it["ci"].array()[s].number();
      EXPECT_NEAR(intervals[s].mean, it["mean"].array()[s].number(), 0.1 * half_width);
      EXPECT_NEAR(intervals[s].half_width, half_width, 0.15 * half_width);
    }
  }
}

TEST(Significance, ResamplesAreUniformAndTheirOwn) {
  const int64_t n = 50;
  std::vector<int64_t> drawn(n, 0);
  std::set<std::vector<int64_t>> different;
  for (int64_t sample = 0; sample < 2000; ++sample) {
    const std::vector<int64_t> indices = resample({}, sample, n);
    ASSERT_EQ(int64_t(indices.size()), n);
    different.insert(indices);
    for (int64_t index : indices) ++drawn.at(size_t(index));
  }
  EXPECT_EQ(different.size(), 2000u);
  EXPECT_GT(*std::min_element(drawn.begin(), drawn.end()), 1800);  // 2000 expected, deviation 44
  EXPECT_LT(*std::max_element(drawn.begin(), drawn.end()), 2200);
  EXPECT_NE(resample({.seed = 1}, 0, n), resample({.seed = 2}, 0, n));
}

TEST(Significance, ResampledScoresAreThoseOfTheDrawnLines) {
  const Json& all = golden()["significance"];
  const auto lines = as<Lines>(all["baseline"]);
  const auto references = as<std::vector<Lines>>(all["references"]);
  const auto metric = make_metric("bleu");
  const Bootstrap bootstrap{.samples = 10};
  const auto scores = resampled_scores(*metric, count_sentences(*metric, lines, references), bootstrap);
  for (int64_t sample = 0; sample < bootstrap.samples; ++sample) {
    Lines drawn, drawn_reference;
    for (int64_t index : resample(bootstrap, sample, int64_t(lines.size()))) {
      drawn.push_back(lines[size_t(index)]);
      drawn_reference.push_back(references[0][size_t(index)]);
    }
    EXPECT_EQ(score("bleu", drawn, {drawn_reference}).score, scores[size_t(sample)]);
  }
}

TEST(Significance, IsTheSameForAnyNumberOfThreads) {
  const Json& all = golden()["significance"];
  const int before = threads();
  std::vector<Json> results;
  for (int n : {1, 3}) {
    set_threads(n);
    results.push_back(
        to_json(paired_bootstrap(*make_metric("chrf"), as<Lines>(all["baseline"]), as<Lines>(all["systems"]["far"]),
                                 as<std::vector<Lines>>(all["references"]))));
  }
  set_threads(before);
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace stemma
