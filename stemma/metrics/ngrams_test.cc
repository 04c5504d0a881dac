#include "stemma/metrics/ngrams.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "stemma/base/random.h"

namespace stemma {
namespace {

// Definition: a table of n-grams for each sentence and order.
std::vector<int64_t> by_tables(const std::vector<std::string>& sentences, size_t orders) {
  std::vector<int64_t> matches(orders, 0);
  for (size_t n = 1; n <= orders; ++n) {
    std::vector<std::map<std::string, int64_t>> tables(sentences.size());
    for (size_t s = 0; s < sentences.size(); ++s) {
      for (size_t i = 0; i + n <= sentences[s].size(); ++i) ++tables[s][sentences[s].substr(i, n)];
    }
    for (const auto& [ngram, times] : tables[0]) {
      int64_t most = 0;
      for (size_t s = 1; s < sentences.size(); ++s) most = std::max(most, tables[s][ngram]);
      matches[n - 1] += std::min(times, most);
    }
  }
  return matches;
}

TEST(Ngrams, ClippedMatchesAreThoseOfTables) {
  Random rng;
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> sentences(2 + rng.below(3));
    for (std::string& sentence : sentences) {
      for (uint64_t length = rng.below(25); length > 0; --length) sentence += char('a' + rng.below(3));
    }
    const std::vector<std::span<const char>> views(sentences.begin(), sentences.end());
    EXPECT_EQ(clipped_matches(views, 5), by_tables(sentences, 5));
  }
}

}  // namespace
}  // namespace stemma
