#include "stemma/metrics/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/metrics/golden_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;

std::vector<std::string_view> line_of(const std::vector<Lines>& references, size_t i) {
  std::vector<std::string_view> out;
  for (const Lines& reference : references) out.push_back(reference[i]);
  return out;
}

TEST(Score, IsSacrebleus) {
  const auto& cases = golden()["cases"].array();
  EXPECT_GT(cases.size(), 500u);
  for (const Json& it : cases) {
    const Json& corpus = golden()["corpora"][it["corpus"].text()];
    const auto hypotheses = as<Lines>(corpus["hypotheses"]);
    const auto references = as<std::vector<Lines>>(corpus["references"]);
    const std::string what = str(it["metric"], " ", it["options"], " ", it["corpus"]);

    const Score got = score(it["metric"].text(), hypotheses, references, it["options"]);
    EXPECT_EQ(got.name, it["name"].text()) << what;
    EXPECT_EQ(got.signature, it["signature"].text() + "|version:stemma-0.1.0") << what;
    expect_equal(got.score, it["score"].number(), what);
    if (it.find("verbose")) { EXPECT_EQ(got.details["verbose_score"], it["verbose"]) << what; }
    Json options = it["options"];
    if (it["metric"].text() == "bleu") options["effective_order"] = true;
    const auto metric = make_metric(it["metric"].text(), options);
    for (size_t i = 0; i < hypotheses.size(); ++i) {
      const double sentence = metric->score(metric->count(hypotheses[i], line_of(references, i)));
      expect_equal(sentence, it["sentences"].array()[i].number(), str(what, " line ", i));
    }
  }
}

const char* const all_metrics[] = {"bleu", "chrf", "chrf++", "ter"};

// Lines of a few words, so that n-grams repeat.
Lines random_lines(uint64_t seed, size_t n) {
  Random rng{seed, 0};
  Lines out(n);
  for (std::string& line : out) {
    for (uint64_t length = rng.below(15) + 4; length > 0; --length)
      line += str("w", rng.below(9), length > 1 ? " " : ".");
  }
  return out;
}

TEST(Score, OfIdenticalTextIsPerfect) {
  const Lines lines = random_lines(1, 20);
  for (const char* metric : all_metrics) {
    EXPECT_NEAR(score(metric, lines, {lines}).score, std::string(metric) == "ter" ? 0 : 100, 1e-9) << metric;
  }
}

TEST(Score, IsBoundedAndIndifferentToTheOrderOfLines) {
  const Lines lines = random_lines(2, 20), reference = random_lines(3, 20);
  for (const char* metric : all_metrics) {
    const double forward = score(metric, lines, {reference}).score;
    EXPECT_GT(forward, 0);
    EXPECT_LT(forward, 100);
    const Lines backward(lines.rbegin(), lines.rend()), reference_backward(reference.rbegin(), reference.rend());
    EXPECT_EQ(score(metric, backward, {reference_backward}).score, forward) << metric;
  }
}

TEST(Score, OneMoreReferenceOnlyHelpsTer) {
  const Lines lines = random_lines(4, 20), first = random_lines(5, 20), second = random_lines(6, 20);
  const auto ter = make_metric("ter");
  const auto edits = [&](const std::vector<Lines>& references) {
    return sum_counts(count_sentences(*ter, lines, references))[0];
  };
  EXPECT_LT(edits({first, second}), std::min(edits({first}), edits({second})));
}

TEST(Score, PrintsAsSacrebleuDoes) {
  const Lines lines = {"The cat sits on a mat."}, reference = {"The cat sits on the mat."};
  EXPECT_EQ(format(score("bleu", lines, {reference}), 1),
            "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:stemma-0.1.0 = 48.9 85.7/66.7/40.0/25.0 "
            "(BP = 1.000 ratio = 1.000 hyp_len = 7 ref_len = 7)");
  EXPECT_EQ(format(score("ter", lines, {reference})),
            "TER|nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:stemma-0.1.0 = 16.67");
  EXPECT_THAT(format(score("chrf++", lines, {reference, reference})),
              HasSubstr("chrF2++|nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:no|version:stemma-0.1.0 = "));
}

TEST(Score, RefusesWhatCannotBeScored) {
  const Lines two = {"a", "b"}, three = {"a", "b", "c"};
  EXPECT_EQ(error_of([&] {
              score("bleu", two, {two, three});
            }),
            "BLEU: 2 hypotheses, but 3 lines in reference 2; there must be one for each");
  EXPECT_THAT(error_of([&] { score("ter", two, {}); }), HasSubstr("no reference"));
  EXPECT_THAT(error_of([&] { score("chrf", {}, {Lines{}}); }), HasSubstr("no sentences"));
  EXPECT_THAT(error_of([&] { score("blue", two, {two}); }), HasSubstr("did you mean 'bleu'"));
  EXPECT_THAT(error_of([&] { make_metric("bleu", Json::object({{"tokenise", "zh"}})); }), HasSubstr("'tokenize'"));
  EXPECT_THAT(error_of([&] { make_metric("bleu", Json::object({{"tokenize", "13b"}})); }), HasSubstr("'13a'"));
  EXPECT_THAT(error_of([&] { make_metric("bleu", Json::object({{"smooth_method", "flor"}})); }), HasSubstr("'floor'"));
  EXPECT_THAT(error_of([&] { make_metric("chrf", Json::object({{"char_order", 0}})); }), HasSubstr("nothing to count"));
  EXPECT_THAT(error_of([&] { make_metric("chrf", Json::object({{"beta", 0}})); }), HasSubstr("must be positive"));
}

TEST(Score, TakesBytesThatAreNotUtf8) {
  Random rng;
  Lines lines(50);
  for (std::string& line : lines) {
    for (uint64_t length = rng.below(40); length > 0; --length) line += char(rng.below(256));
  }
  for (const char* metric : all_metrics) {
    EXPECT_NEAR(score(metric, lines, {lines}).score, std::string(metric) == "ter" ? 0 : 100, 1e-9) << metric;
  }
}

}  // namespace
}  // namespace stemma
