#include "stemma/decode/spans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "stemma/base/random.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using Scores = std::vector<float>;

// Every pair, sorted.
std::vector<AnswerSpan> plain_spans(const Scores& start, const Scores& end, int64_t longest) {
  std::vector<AnswerSpan> all;
  double total = 0;
  for (size_t j = 0; j < end.size(); ++j)
    for (size_t i = 0; i <= j; ++i)
      if (int64_t(j) < int64_t(i) + longest) {
        all.push_back({int64_t(i), int64_t(j), double(start[i]) + double(end[j]), 0});
        total += std::exp(all.back().score);
      }
  std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.score > b.score; });
  for (auto& span : all) span.probability = std::exp(span.score) / total;
  return all;
}

TEST(BestSpans, are_the_best_of_all_pairs) {
  Random rng{1};
  for (int round = 0; round < 200; ++round) {
    const size_t n = size_t(rng.below(12));
    const auto longest = int64_t(1 + rng.below(14)), best = int64_t(1 + rng.below(20));
    Scores start(n), end(n);
    for (auto* scores : {&start, &end})
      for (auto& x : *scores) x = round % 2 ? rng.normal() : float(rng.below(3));  // many ties
    const auto all = plain_spans(start, end, longest);
    const auto found = best_spans(start, end, {.longest = longest, .best = best}).best;
    ASSERT_EQ(found.size(), std::min(all.size(), size_t(best)));
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].first, all[i].first);
      EXPECT_EQ(found[i].last, all[i].last);
      EXPECT_EQ(found[i].score, all[i].score);
      EXPECT_NEAR(found[i].probability, all[i].probability, 1e-12);
    }
  }
}

TEST(BestSpans, the_greatest_pointers_need_not_be_a_span) {
  const Scores start{0, 1, 9}, end{9, 3, 0};  // the greatest start lies behind the greatest end
  const auto found = best_spans(start, end).best[0];
  EXPECT_EQ(found.first, 0);
  EXPECT_EQ(found.last, 0);
}

TEST(BestSpans, no_answer_takes_part) {
  const Scores start{0, 1}, end{0, 1};
  const auto found = best_spans(start, end, {.no_answer = 3.0});
  const double total = std::exp(0) + std::exp(1) + std::exp(2) + std::exp(3);
  EXPECT_NEAR(found.no_answer, std::exp(3) / total, 1e-12);
  EXPECT_NEAR(found.best[0].probability, std::exp(2) / total, 1e-12);
  EXPECT_EQ(found.no_answer_margin, 1);
  EXPECT_EQ(best_spans(start, end).no_answer, 0);
  EXPECT_EQ(best_spans(start, end).no_answer_margin, -INFINITY);
  const auto alone = best_spans({}, {}, {.no_answer = -5.0});
  EXPECT_EQ(alone.no_answer, 1);
  EXPECT_EQ(alone.no_answer_margin, INFINITY);
}

TEST(BestSpans, scores_of_any_size) {
  const Scores start{-INFINITY, 3e4f, -3e4f}, end{3e4f, -INFINITY, -3e4f};
  const auto found = best_spans(start, end, {.best = 9}).best;
  ASSERT_EQ(found.size(), 2u);  // rows 1 to 2 and 2 to 2
  EXPECT_EQ(found[0].first, 1);
  EXPECT_EQ(found[0].last, 2);
  EXPECT_EQ(found[0].probability, 1);
}

TEST(BestSpans, errors) {
  const Scores two{1, 2}, one{1}, broken{1, NAN};
  EXPECT_EQ(error_of([&] { best_spans(two, one); }), "best_spans: 2 start scores beside 1 end scores");
  EXPECT_EQ(error_of([&] { best_spans(two, broken); }), "best_spans: a score of row 1 is not a number");
  EXPECT_EQ(error_of([&] { best_spans(two, two, {.longest = 0}); }),
            "best_spans: longest 0 and best 1 must be positive");
}

}  // namespace
}  // namespace stemma
