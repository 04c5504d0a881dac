#include "stemma/metrics/ter.h"

#include <gtest/gtest.h>

#include <numeric>

#include "stemma/base/random.h"

namespace stemma {
namespace {

int64_t levenshtein(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t corner = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t next = std::min({corner + (a[i] != b[j]), row[j] + 1, row[j + 1] + 1});
      corner = row[j + 1], row[j + 1] = next;
    }
  }
  return row.back();
}

TEST(Ter, AMovedPhraseIsOneEdit) {
  EXPECT_EQ(translation_edits({5, 6, 7, 8, 1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8}), 1);
  EXPECT_EQ(translation_edits({4, 1, 2, 3}, {1, 2, 3, 4}), 1);
  EXPECT_EQ(translation_edits({3, 1, 2, 9}, {1, 2, 3, 4}), 2);
}

TEST(Ter, EmptySides) {
  EXPECT_EQ(translation_edits({}, {}), 0);
  EXPECT_EQ(translation_edits({1, 2}, {}), 2);
  EXPECT_EQ(translation_edits({}, {1, 2, 3}), 3);
}

TEST(Ter, ShiftsNeverCostMoreThanTheyAreWorth) {
  Random rng;
  bool shifted = false;
  for (int round = 0; round < 300; ++round) {
    std::vector<int> a(rng.below(20)), b(1 + rng.below(20));
    for (std::vector<int>* words : {&a, &b}) {
      for (int& word : *words) word = int(rng.below(6));
    }
    const int64_t edits = translation_edits(a, b), plain = levenshtein(a, b);
    EXPECT_LE(edits, plain);
    EXPECT_GE(edits, std::abs(int64_t(a.size()) - int64_t(b.size())));
    shifted |= edits < plain;
  }
  EXPECT_TRUE(shifted);
}

TEST(Ter, RefusesWhatWouldNotFitInMemory) {
  EXPECT_THROW(translation_edits(std::vector<int>(100'000), std::vector<int>(100'000)), Error);
  EXPECT_EQ(translation_edits(std::vector<int>(1, 1), std::vector<int>(100'000, 2)), 100'000);
}

}  // namespace
}  // namespace stemma
