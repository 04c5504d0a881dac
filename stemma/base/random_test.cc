#include "stemma/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace stemma {
namespace {

// The known answers that Random123 publishes for philox4x32-10.
TEST(Philox, GivesTheKnownAnswers) {
  using Block = std::array<uint32_t, 4>;
  EXPECT_EQ(philox(0, 0, 0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~0ull, ~0ull, ~0ull), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0'a4093822, 0x85a308d3'243f6a88, 0x03707344'13198a2e),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, IsAFunctionOfKeyAndPosition) {
  Random a{.key = 7};
  for (int i = 0; i < 100; ++i) a.bits();
  Random b{.key = 7, .position = 100};
  EXPECT_EQ(a.bits(), b.bits());
  EXPECT_EQ(b.take(10), 101u);
  EXPECT_EQ(b.position, 111u);
}

TEST(Random, StreamsDifferAndDoNotDependOnThePosition) {
  Random a{.key = 7}, later{.key = 7, .position = 5};
  EXPECT_EQ(a.stream(1).key, later.stream(1).key);
  EXPECT_NE(a.stream(1).key, a.stream(2).key);
  EXPECT_NE(a.stream(1).key, Random{.key = 8}.stream(1).key);
  EXPECT_EQ(a.stream(1).key >> 63, 0u);
}

TEST(Random, UniformFillsZeroToOne) {
  static_assert(unit_float(0) == 0 && unit_float(~0u) < 1);
  Random rng;
  double sum = 0, squares = 0;
  const int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    sum += u, squares += u * u;
  }
  EXPECT_NEAR(sum / n, 0.5, 0.003);  // four standard errors
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.003);
}

TEST(Random, NormalHasItsMoments) {
  Random rng;
  std::array<double, 4> moments{};
  const int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    for (double power = x; auto& m : moments) m += power / n, power *= x;
  }
  EXPECT_NEAR(moments[0], 0, 0.01);
  EXPECT_NEAR(moments[1], 1, 0.014);
  EXPECT_NEAR(moments[2], 0, 0.04);
  EXPECT_NEAR(moments[3], 3, 0.1);
}

TEST(Random, BelowIsUnbiased) {
  Random rng;
  for (const uint64_t n : {1ull, 2ull, 3ull, 7ull, 10ull}) {
    std::vector<double> counts(n);
    const int draws = 20'000;
    for (int i = 0; i < draws; ++i) counts.at(rng.below(n))++;
    double chi_squared = 0;
    for (const double c : counts)
      chi_squared += (c - double(draws) / n) * (c - double(draws) / n) / (double(draws) / n);
    EXPECT_LT(chi_squared, 28) << n;  // p = 0.001 at nine degrees of freedom
  }
  uint64_t largest = 0;
  for (int i = 0; i < 1000; ++i) largest = std::max(largest, rng.below(1ull << 63));
  EXPECT_GT(largest, 1ull << 62);
  EXPECT_LT(largest, 1ull << 63);
}

TEST(Permuted, IsAPermutationForEverySizeAndKey) {
  for (const uint64_t n : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 1000u, 1025u})
    for (const uint64_t key : {0u, 1u, 99u}) {
      std::vector<uint64_t> order(n), sorted(n);
      for (uint64_t i = 0; i < n; ++i) order[i] = sorted[i] = permuted(i, n, key);
      std::sort(sorted.begin(), sorted.end());
      std::vector<uint64_t> all(n);
      std::iota(all.begin(), all.end(), uint64_t{0});
      EXPECT_EQ(sorted, all) << n << " " << key;
      if (n >= 16) { EXPECT_NE(order, all) << n << " " << key; }
    }
}

TEST(Permuted, SpreadsEachIndexEvenlyOverKeys) {
  const uint64_t n = 10;
  std::array<double, n> counts{};
  for (uint64_t key = 0; key < 10'000; ++key) counts[permuted(3, n, key)]++;
  double chi_squared = 0;
  for (const double c : counts) chi_squared += (c - 1000) * (c - 1000) / 1000;
  EXPECT_LT(chi_squared, 28);
}

}  // namespace
}  // namespace stemma
