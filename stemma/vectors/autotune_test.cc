#include "stemma/vectors/autotune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/json.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tensor/scopes.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/supervised.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {
namespace {

using testing::HasSubstr;

// The order of two words says the label, so that only n-grams of words tell: the defaults cannot.
std::vector<TuningDocument> orders(int n, uint64_t seed) {
  Random rng{seed};
  std::vector<TuningDocument> out;
  for (int i = 0; i < n; ++i) {
    const bool up = rng.below(2) > 0;
    const std::string noise = "w" + std::to_string(rng.below(300));
    out.push_back({up ? "low high " + noise : "high low " + noise, {up ? "up" : "down"}});
  }
  return out;
}

class AutotuneTest : public testing::Test {
 protected:
  AutotuneTest() {
    for (const auto& d : orders(2000, 1)) corpus_.add(d.text, d.labels);
    options_.first.dimension = 8, options_.first.buckets = 1000, options_.trials = 12, options_.seconds = 1e6;
  }
  const Deterministic mode_;
  LabelledCorpus corpus_;
  const std::vector<TuningDocument> valid_ = orders(300, 2);
  AutotuneOptions options_;
  const std::atomic<bool> stop_ = false;
};

TEST_F(AutotuneTest, FindsWhatTheDefaultsMiss) {
  std::vector<AutotuneTrial> told;
  const auto found = autotune(corpus_, valid_, options_, stop_, [&](const AutotuneTrial& t) { told.push_back(t); });
  ASSERT_EQ(found.trials.size(), 12);
  EXPECT_EQ(told.size(), 12);
  EXPECT_LT(found.trials[0].score, 0.7);
  EXPECT_GT(found.best.score, 0.95);
  EXPECT_GT(found.best.options.word_ngrams, 1);
  EXPECT_EQ(classifier_score(found.model, valid_), found.best.score);
  EXPECT_EQ(Classifier(found.model).predict("low high")[0].label, "__label__up");
}

TEST_F(AutotuneTest, TheSeedFixesTheTrials) {
  options_.trials = 5;
  const auto options_of = [&] {
    std::string out;
    for (const auto& t : autotune(corpus_, valid_, options_, stop_).trials)
      out += str(to_json(t.options).dump(), t.score, "\n");
    return out;
  };
  const auto one = options_of();
  EXPECT_EQ(options_of(), one);
  options_.seed = 2;
  EXPECT_NE(options_of(), one);
}

TEST_F(AutotuneTest, KeepsToTheBytes) {
  const TemporaryDirectory directory;
  options_.bytes = 16'000, options_.trials = 4;
  const auto found = autotune(corpus_, valid_, options_, stop_);
  Classifier(found.model).save(directory.file("c.ftz"));
  EXPECT_LE(file_size(directory.file("c.ftz")), 16'000);
  EXPECT_GT(found.best.piece, 0);
  EXPECT_EQ(classifier_score(load_vectors(directory.file("c.ftz")), valid_), found.best.score);
  options_.bytes = 100;
  EXPECT_THAT(error_of([&] { autotune(corpus_, valid_, options_, stop_); }), HasSubstr("no trial worked"));
}

TEST_F(AutotuneTest, EndsWithItsTime) {
  options_.trials = 0, options_.seconds = 1e-9;
  EXPECT_EQ(autotune(corpus_, valid_, options_, stop_).trials.size(), 1);  // one there always is
  const std::atomic<bool> stop = true;
  options_.seconds = 1e6;
  EXPECT_EQ(autotune(corpus_, valid_, options_, stop).trials.size(), 1);
}

TEST_F(AutotuneTest, SeveralLabelsAreScoredByF1) {
  LabelledCorpus corpus;
  std::vector<TuningDocument> valid;
  for (int i = 0; i < 300; ++i) {
    corpus.add("a b", std::vector<std::string>{"x", "y"}), corpus.add("c", "z");
    valid.push_back({"a b", {"x", "y"}}), valid.push_back({"c", {"z"}});
  }
  options_.trials = 3;
  const auto found = autotune(corpus, valid, options_, stop_);
  for (const auto& trial : found.trials) EXPECT_EQ(trial.options.loss, "each");
  EXPECT_GT(found.best.score, 0.99);
  // One of two labels found, and one wrong: F1 = 2 * 1 / (2 + 2).
  EXPECT_NEAR(classifier_score(found.model, {{"a b", {"x", "w"}}}), 0.5, 1e-9);
}

TEST_F(AutotuneTest, Errors) {
  EXPECT_THAT(error_of([&] { autotune(corpus_, {}, options_, stop_); }), HasSubstr("no validation document"));
  options_.seconds = 0;
  EXPECT_THAT(error_of([&] { autotune(corpus_, valid_, options_, stop_); }), HasSubstr("seconds must be positive"));
  options_.seconds = 9, options_.first.dimension = 0;
  EXPECT_THAT(error_of([&] { autotune(corpus_, valid_, options_, stop_); }), HasSubstr("dimension: 0"));
}

}  // namespace
}  // namespace stemma
