#include "stemma/vectors/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tensor/scopes.h"
#include "stemma/vectors/learner.h"

namespace stemma {
namespace {

using testing::HasSubstr;

const std::vector<std::string> animals{"cat", "dog", "horse", "cow", "sheep", "goat"};
const std::vector<std::string> tools{"hammer", "saw", "drill", "nail", "screw", "wrench"};

// Sentences of animals and sentences of tools, with "the" everywhere.
std::string topics(int sentences, uint64_t seed = 1) {
  Random rng{seed};
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    const auto& topic = rng.below(2) ? animals : tools;
    for (int n = 0; n < 8; ++n) text += (n % 3 == 2 ? "the" : topic[rng.below(topic.size())]) + " ";
    text += "\n";
  }
  return text;
}

float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) ab += double(a[i]) * b[i], aa += double(a[i]) * a[i], bb += double(b[i]) * b[i];
  return float(ab / std::sqrt(aa * bb));
}

class VectorTrainerTest : public testing::Test {
 protected:
  Corpus corpus(const std::string& text) {
    write_file(directory_.file("text"), text);
    return Corpus::read({directory_.file("text")}, {}, directory_.path());
  }
  static VectorModel fresh(const Corpus& text, const VectorOptions& options, uint64_t seed = 1) {
    return new_vectors(options, frequent_words(text.counts(), options.min_count), text.running_words(), seed);
  }
  VectorModel trained(Corpus& text, const VectorOptions& options, VectorRun run = {}) {
    VectorModel model = fresh(text, options, run.seed);
    text.number_by(model.lexicon);
    EXPECT_TRUE(train_vectors(model, text, run, stop_, nullptr));
    return model;
  }
  static VectorOptions small(const std::string& model, const std::string& loss) {
    VectorOptions o{.model = model, .loss = loss, .dimension = 20, .window = 3, .epochs = 10};
    o.subsample = 0, o.rate = 0.1;
    return o;
  }
  static std::string bits(const VectorModel& m) {
    const auto bytes = [](const VectorTable& t) {
      return std::string(reinterpret_cast<const char*>(t.data()), size_t(t.rows() * t.width()) * sizeof(float));
    };
    return bytes(m.input) + bytes(m.output);
  }
  TemporaryDirectory directory_;
  const std::atomic<bool> stop_ = false;
  const int threads_ = threads();
  ~VectorTrainerTest() override { set_threads(threads_); }
};

// Skip-gram with threads that race, too; but not CBOW: its vectors of so few words lie close together, and a thread
// that slept for a while in the middle of a step may push them anywhere.
TEST_F(VectorTrainerTest, LearnsWhichWordsKeepCompany) {
  auto text = corpus(topics(1500));
  for (const char* model : {"skipgram", "cbow"}) {
    const Deterministic mode(model == std::string("cbow"));
    for (const char* loss : {"negatives", "tree"})
      for (const int ngrams : {0, 3}) {
        SCOPED_TRACE(str(model, " ", loss, " ", ngrams));
        auto options = small(model, loss);
        options.min_ngram = ngrams, options.max_ngram = ngrams, options.buckets = 500;
        const auto m = trained(text, options);
        double within = 0, across = 0;
        for (const auto& a : animals)
          for (size_t i = 0; i < animals.size(); ++i) {
            if (a != animals[i]) within += cosine(m.word_vector(a), m.word_vector(animals[i]));
            across += cosine(m.word_vector(a), m.word_vector(tools[i]));
          }
        EXPECT_LT(1 - within / 30, 0.6 * (1 - across / 36));
      }
  }
}

TEST_F(VectorTrainerTest, DeterministicBitsForAnyNumberOfThreads) {
  auto text = corpus(topics(6000));
  ASSERT_GT(text.chunks(), 4);
  const Deterministic mode;
  for (const char* model : {"skipgram", "cbow"}) {
    auto options = small(model, "negatives");
    options.epochs = 1;
    set_threads(1);
    const auto one = bits(trained(text, options));
    for (const int n : {2, 3}) {
      set_threads(n);
      EXPECT_EQ(bits(trained(text, options)), one) << model << ", " << n << " threads";
    }
    EXPECT_NE(bits(trained(text, options, {.seed = 2})), one);
  }
}

TEST_F(VectorTrainerTest, StoppedAndContinuedIsAsTrainedOn) {
  auto text = corpus(topics(15'000));
  const Deterministic mode;
  auto options = small("skipgram", "tree");
  options.epochs = 2, options.subsample = 0.05;
  const auto whole = bits(trained(text, options));
  VectorModel model = fresh(text, options);
  text.number_by(model.lexicon);
  VectorRun run;
  int rounds = 0;
  for (bool done = false; !done; ++rounds) {
    std::atomic<bool> stop = false;
    // Stops at the first report of each round, in the middle of an epoch.
    done = train_vectors(model, text, run, stop, [&](const VectorProgress& p) { stop = p.words < 100'000'000; });
    ASSERT_LT(rounds, 100);
  }
  EXPECT_GT(rounds, 1);
  EXPECT_EQ(bits(model), whole);
}

TEST_F(VectorTrainerTest, GoesOnWithNewWords) {
  auto first = corpus(topics(500));
  const auto options = small("skipgram", "negatives");
  const auto before = trained(first, options);
  auto second = corpus(topics(300, 2) + "zebra zebra zebra zebra zebra zebra the cat\nonce\n");
  const auto grown = grown_vectors(before, options, second.counts(), 1);
  EXPECT_EQ(grown.lexicon.words(), before.lexicon.words() + 1);
  EXPECT_EQ(grown.lexicon.find("once"), -1);
  for (const auto& word : animals) {
    EXPECT_EQ(grown.word_vector(word), before.word_vector(word));
    EXPECT_GT(grown.lexicon.count(grown.lexicon.find(word)), before.lexicon.count(before.lexicon.find(word)));
  }
  auto other = options;
  other.dimension = 30;
  EXPECT_THAT(error_of([&] { grown_vectors(before, other, second.counts(), 1); }), HasSubstr("dimension 20, not 30"));
  other = options, other.max_ngram = 3;
  EXPECT_THAT(error_of([&] { grown_vectors(before, other, second.counts(), 1); }), HasSubstr("n-grams"));
}

TEST_F(VectorTrainerTest, ReportsLossThatFalls) {
  auto text = corpus(topics(30'000));
  auto options = small("skipgram", "negatives");
  options.epochs = 2;
  VectorModel model = fresh(text, options);
  text.number_by(model.lexicon);
  VectorRun run;
  std::vector<VectorProgress> reports;
  train_vectors(model, text, run, stop_, [&](const VectorProgress& p) { reports.push_back(p); });
  ASSERT_GE(reports.size(), 3u);
  EXPECT_LT(reports.back().loss, 6 * std::log(2.0) * 0.9);  // six fair coins at the begin
  EXPECT_LT(reports.back().rate, reports.front().rate);
  EXPECT_GT(reports.back().done, 0.8);
  EXPECT_EQ(run.position, 2 * text.chunks());
}

TEST_F(VectorTrainerTest, FrequentWordsAreDropped) {
  auto text = corpus(topics(1000));
  auto options = small("skipgram", "negatives");
  options.subsample = 1e-3;
  VectorModel model = fresh(text, options);
  const LearningPlan plan(model);
  double running = 0;
  for (const auto c : model.lexicon.word_counts()) running += double(c);
  for (int32_t i = 0; i < model.lexicon.words(); ++i) {
    const double share = double(model.lexicon.count(i)) / running;
    EXPECT_NEAR(plan.keep[size_t(i)] / 0x1p32, std::min(1.0, std::sqrt(1e-3 / share) + 1e-3 / share), 1e-6);
  }
}

TEST_F(VectorTrainerTest, Errors) {
  auto text = corpus("a b c\n");
  EXPECT_THAT(error_of([&] { fresh(text, {}); }), HasSubstr("no word is there 5 times"));
  EXPECT_THAT(error_of([&] { fresh(text, {.model = "skipgramm", .min_count = 1}); }), HasSubstr("'skipgram'"));
  EXPECT_THAT(error_of([&] { fresh(text, {.loss = "softmax", .min_count = 1}); }), HasSubstr("classifiers"));
  EXPECT_THAT(error_of([&] { fresh(text, {.loss = "hs", .min_count = 1}); }), HasSubstr("(known: negatives, tree)"));
  EXPECT_THAT(error_of([&] { fresh(text, {.dimension = 0, .min_count = 1}); }), HasSubstr("dimension: 0"));
  VectorModel model = fresh(text, {.min_count = 1});
  model.lexicon = Lexicon({{.text = "a", .count = 5}, {.text = "b"}, {.text = "c"}});  // as some made-up file says
  EXPECT_THAT(error_of([&] { LearningPlan{model}; }), HasSubstr("no two words"));
}

}  // namespace
}  // namespace stemma
