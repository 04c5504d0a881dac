#include "stemma/metrics/bleu.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stemma {
namespace {

// Papineni et al. 2002, section 2.1: the modified precision of seven "the" is 2/7.
TEST(Bleu, ClipsCountsAsInThePaper) {
  const BleuScore bleu = sentence_bleu("the the the the the the the",
                                       {"The cat is on the mat.", "There is a cat on the mat."}, {.lowercase = true});
  EXPECT_EQ(bleu.counts, (std::vector<int64_t>{2, 0, 0, 0}));
  EXPECT_EQ(bleu.totals, (std::vector<int64_t>{7, 6, 5, 4}));
}

TEST(Bleu, BrevityPenalty) {
  const BleuScore bleu = corpus_bleu({"a b c d e"}, {{"a b c d e f g"}});
  EXPECT_EQ(bleu.precisions, std::vector<double>(4, 100.));
  EXPECT_DOUBLE_EQ(bleu.bp, std::exp(1 - 7. / 5));
  EXPECT_DOUBLE_EQ(bleu.score, 100 * bleu.bp);
}

TEST(Bleu, ReferenceLengthIsTheClosestAndThenTheShorter) {
  EXPECT_EQ(corpus_bleu({"a b c d"}, {{"a b c d e f"}, {"a b c d e"}, {"a b c"}}).ref_len, 3);
  EXPECT_EQ(corpus_bleu({"a b c d"}, {{"a b"}, {"a b c d e"}}).ref_len, 5);
}

TEST(Bleu, ShortSentencesNeedEffectiveOrder) {
  EXPECT_NEAR(sentence_bleu("two words", {"two words"}).score, 100, 1e-12);
  EXPECT_EQ(corpus_bleu({"two words"}, {{"two words"}}).score, 0);
}

TEST(Bleu, SmoothingOnlyTouchesOrdersWithoutMatches) {
  const auto precisions = [](const char* method, double value) {
    return corpus_bleu({"a b c d e"}, {{"a b x d e"}}, {.smooth_method = method, .smooth_value = value}).precisions;
  };
  EXPECT_EQ(precisions("none", -1), (std::vector<double>{80, 50, 0, 0}));
  EXPECT_EQ(precisions("exp", -1), (std::vector<double>{80, 50, 100. / 6, 100. / 8}));
  EXPECT_EQ(precisions("floor", 0.3), (std::vector<double>{80, 50, 10, 15}));
  EXPECT_EQ(precisions("add-k", 1), (std::vector<double>{80, 60, 25, 100. / 3}));
}

}  // namespace
}  // namespace stemma
