#include "stemma/metrics/chrf.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

TEST(Chrf, FScoreByHand) {
  // "ab c" and "abd": characters 3 and 3, two shared; bigrams "ab", "bc" and "ab", "bd", one shared.
  const Chrf metric({.char_order = 2, .beta = 2});
  const MetricCounts counts = metric.count("ab c", {"abd"});
  EXPECT_EQ(counts, (MetricCounts{3, 3, 2, 2, 2, 1}));
  EXPECT_DOUBLE_EQ(metric.score(counts), 100 * (2. / 3 + 1. / 2) / 2);  // precision = recall = F
}

TEST(Chrf, RecallWeighsMoreThanPrecision) {
  const Chrf metric;
  const auto score = [&](std::string_view hypothesis, std::string_view reference) {
    return metric.score(metric.count(hypothesis, {reference}));
  };
  EXPECT_GT(score("abcdefgh", "abcdef"), score("abcdef", "abcdefgh"));
}

TEST(Chrf, WordsLoseOneMark) {
  const Chrf metric({.char_order = 0, .word_order = 1});
  EXPECT_EQ(metric.count("(hi) you!", {"(hi) you !"}), (MetricCounts{4, 4, 4}));
  EXPECT_EQ(metric.count("(hi", {"( hi"}), (MetricCounts{2, 2, 2}));
}

TEST(Chrf, TakesTheBestReference) {
  const Chrf metric;
  EXPECT_EQ(metric.count("abc", {"xyz", "abc", "abd"}), metric.count("abc", {"abc"}));
}

}  // namespace
}  // namespace stemma
