#include "stemma/metrics/correlation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

// Golden numbers: scipy.stats.spearmanr, pearsonr, rankdata.
TEST(Correlation, WithTies) {
  const std::vector<double> x{1, 2, 2, 3, 5, 5, 5, 8}, y{2, 1, 4, 4, 3, 7, 9, 8};
  EXPECT_THAT(ranks(x), testing::ElementsAre(1, 2.5, 2.5, 4, 6, 6, 6, 8));
  EXPECT_NEAR(pearson(x, y), 0.7632231744, 1e-9);
  EXPECT_NEAR(spearman(x, y), 0.7347919232, 1e-9);
}

TEST(Correlation, Limits) {
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3}, {10, 100, 1000}), 1);
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3}, {3, 2, 1}), -1);
  EXPECT_TRUE(std::isnan(pearson({1, 1}, {1, 2})));
  EXPECT_TRUE(std::isnan(spearman({1}, {2})));
  EXPECT_EQ(error_of([] { pearson({1, 2}, {1}); }), "correlation: 2 numbers beside 1");
}

}  // namespace
}  // namespace stemma
