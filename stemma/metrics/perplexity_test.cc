#include "stemma/metrics/perplexity.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

// A model that gives each of 256 bytes the same probability needs 8 bits for each, in tokens of any size.
TEST(LanguageScore, of_a_uniform_model) {
  LanguageScore score{.tokens = 2, .bytes = 4, .nll = 4 * std::log(256)};
  score += {.tokens = 2, .bytes = 4, .nll = 4 * std::log(256)};
  EXPECT_DOUBLE_EQ(score.bits_per_byte(), 8);
  EXPECT_NEAR(score.perplexity(), 65536, 1e-6);
  EXPECT_EQ(LanguageScore().perplexity(), 1);
  EXPECT_EQ(LanguageScore().bits_per_byte(), 0);
}

}  // namespace
}  // namespace stemma
