#include "stemma/vectors/supervised.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tensor/scopes.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/compress.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {
namespace {

using testing::HasSubstr;

const std::vector<std::string> names{"animals", "tools", "food"};
const std::vector<std::vector<std::string>> topics{{"cat", "dog", "horse", "cow", "sheep", "goat", "the"},
                                                   {"hammer", "saw", "drill", "nail", "screw", "wrench", "the"},
                                                   {"bread", "soup", "apple", "pear", "plum", "cheese", "the"}};

struct Document {
  std::string text;
  std::vector<std::string> labels;
};
// Each of one topic or, with `both`, sometimes of two. Sorted by topic: the worst order to learn in.
std::vector<Document> documents(int n, uint64_t seed, bool both = false) {
  Random rng{seed};
  std::vector<Document> out;
  for (int i = 0; i < n; ++i) {
    const auto topic = size_t(i) * names.size() / size_t(n);
    const size_t other = both ? rng.below(names.size()) : topic;
    Document d;
    for (int w = 0; w < 6; ++w) d.text += topics[w % 2 ? topic : other][rng.below(7)] + " ";
    d.labels = {names[topic]};
    if (other != topic) d.labels.push_back(names[other]);
    out.push_back(d);
  }
  return out;
}
LabelledCorpus corpus_of(const std::vector<Document>& documents) {
  LabelledCorpus out;
  for (const auto& d : documents) out.add(d.text, d.labels);
  return out;
}

class SupervisedTest : public testing::Test {
 protected:
  static VectorOptions small(const std::string& loss) {
    auto o = classifier_options();
    o.loss = loss, o.dimension = 10, o.epochs = 5, o.rate = 0.5, o.buckets = 1000;
    return o;
  }
  VectorModel trained(const VectorOptions& options, const LabelledCorpus& corpus, uint64_t seed = 1,
                      const VectorModel* from = nullptr) {
    auto model = new_classifier(options, corpus, seed, from);
    VectorRun run{.seed = seed};
    EXPECT_TRUE(train_classifier(model, corpus, run, stop_));
    return model;
  }
  static double accuracy(const Classifier& classifier, const std::vector<Document>& documents) {
    double right = 0;
    for (const auto& d : documents)
      right += classifier.predict(d.text).at(0).label == str(label_prefix, d.labels[0]) ? 1 : 0;
    return right / double(documents.size());
  }
  static std::string bits(const VectorModel& m) {
    const auto bytes = [](const VectorTable& t) {
      return std::string(reinterpret_cast<const char*>(t.data()), size_t(t.rows() * t.width()) * sizeof(float));
    };
    return bytes(m.input) + bytes(m.output);
  }
  const std::atomic<bool> stop_ = false;
  const int threads_ = threads();
  ~SupervisedTest() override { set_threads(threads_); }
};

TEST_F(SupervisedTest, LearnsTheLabels) {
  const auto corpus = corpus_of(documents(1500, 1));
  const auto test = documents(300, 2);
  for (const char* loss : {"softmax", "tree", "each", "negatives"})
    for (const int ngrams : {0, 3}) {
      SCOPED_TRACE(str(loss, " ", ngrams));
      auto options = small(loss);
      if (ngrams) options.min_ngram = 2, options.max_ngram = ngrams, options.word_ngrams = 2;
      const Classifier classifier(trained(options, corpus));
      EXPECT_GT(accuracy(classifier, test), 0.97);
      const auto p = classifier.probabilities("the cat and an unheard horse");
      EXPECT_EQ(classifier.labels().size(), 3);
      const auto best = size_t(std::max_element(p.begin(), p.end()) - p.begin());
      EXPECT_EQ(classifier.labels()[best], "animals");
      EXPECT_EQ(classifier.predict("the cat and an unheard horse")[0].probability, p[best]);
      if (options.loss == "softmax" || options.loss == "tree") { EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-4); }
    }
}

TEST_F(SupervisedTest, SeveralLabelsADocument) {
  const auto corpus = corpus_of(documents(3000, 1, true));
  EXPECT_TRUE(corpus.several_labels());
  auto options = small("each");
  options.epochs = 20;
  const Classifier classifier(trained(options, corpus));
  const auto guesses = classifier.predict("cat soup dog apple horse plum", 3, 0.5);
  ASSERT_EQ(guesses.size(), 2);
  std::vector<std::string> found{guesses[0].label, guesses[1].label};
  EXPECT_THAT(found, testing::UnorderedElementsAre("__label__animals", "__label__food"));
}

TEST_F(SupervisedTest, DeterministicBitsForAnyNumberOfThreads) {
  const auto corpus = corpus_of(documents(6000, 1));
  const Deterministic mode;
  for (const char* loss : {"softmax", "negatives"}) {
    auto options = small(loss);
    options.word_ngrams = 2;
    set_threads(1);
    const auto one = bits(trained(options, corpus));
    for (const int n : {2, 3}) {
      set_threads(n);
      EXPECT_EQ(bits(trained(options, corpus)), one) << loss << ", " << n << " threads";
    }
    EXPECT_NE(bits(trained(options, corpus, 2)), one);
  }
}

TEST_F(SupervisedTest, StoppedAndContinuedIsAsTrainedOn) {
  const auto corpus = corpus_of(documents(9000, 1));
  const Deterministic mode;
  const auto options = small("tree");
  const auto whole = bits(trained(options, corpus));
  auto model = new_classifier(options, corpus, 1);
  VectorRun run;
  int rounds = 0;
  for (bool done = false; !done; ++rounds) {
    std::atomic<bool> stop = false;
    done = train_classifier(model, corpus, run, stop, [&](const VectorProgress&) { stop = true; });
    ASSERT_LT(rounds, 100);
  }
  EXPECT_GT(rounds, 1);
  EXPECT_EQ(bits(model), whole);
}

// Softmax regression on the mean of rows, in double: the rows' gradient is that of the mean, divided among them.
struct PlainClassifier {
  std::vector<std::vector<double>> in, out;
  explicit PlainClassifier(const VectorModel& m) {
    for (int64_t i = 0; i < m.input.rows(); ++i) in.emplace_back(m.input.row(i), m.input.row(i) + m.dimension());
    out.assign(size_t(m.output.rows()), std::vector<double>(size_t(m.dimension())));
  }
  void learn(const std::vector<int32_t>& rows, size_t label, double rate) {
    const size_t width = in[0].size();
    std::vector<double> h(width), dh(width), p;
    for (const int32_t r : rows)
      for (size_t j = 0; j < width; ++j) h[j] += in[size_t(r)][j] / double(rows.size());
    double sum = 0;
    for (const auto& row : out)
      sum += p.emplace_back(std::exp(std::inner_product(h.begin(), h.end(), row.begin(), 0.0)));
    for (size_t l = 0; l < out.size(); ++l)
      for (size_t j = 0; j < width; ++j) {
        const double g = rate * ((l == label ? 1 : 0) - p[l] / sum);
        dh[j] += g * out[l][j], out[l][j] += g * h[j];
      }
    for (const int32_t r : rows)
      for (size_t j = 0; j < width; ++j) in[size_t(r)][j] += dh[j] / double(rows.size());
  }
};

TEST_F(SupervisedTest, StepsAreThoseOfTheDefinition) {
  LabelledCorpus corpus;
  corpus.add("a b", "x"), corpus.add("c d", "y");
  auto options = small("softmax");
  options.epochs = 1, options.word_ngrams = 2;
  const Deterministic mode;
  const auto before = new_classifier(options, corpus, 7), after = trained(options, corpus, 7);
  double nearest = 1;
  for (const bool x_first : {true, false}) {
    PlainClassifier plain(before);
    const auto learn = [&](bool x, double rate) {
      const std::string label = x ? "__label__x" : "__label__y";
      plain.learn(rows_of_text(before, x ? "a b" : "c d"), size_t(before.lexicon.find(label) - before.lexicon.words()),
                  rate);
    };
    learn(x_first, 0.5), learn(!x_first, 0.25);  // the rate falls to nothing
    double off = 0;
    for (int64_t i = 0; i < after.input.rows() * 10; ++i)
      off = std::max(off, std::abs(after.input.data()[i] - plain.in[size_t(i / 10)][size_t(i % 10)]));
    for (int64_t i = 0; i < after.output.rows() * 10; ++i)
      off = std::max(off, std::abs(after.output.data()[i] - plain.out[size_t(i / 10)][size_t(i % 10)]));
    nearest = std::min(nearest, off);
  }
  EXPECT_LT(nearest, 1e-5);
}

TEST_F(SupervisedTest, BeginsWithGivenVectors) {
  const auto corpus = corpus_of(documents(900, 1));
  VectorModel given;
  given.options.dimension = 10;
  given.lexicon = Lexicon({{"cat", 9}, {"lynx", 1}, {"__label__", 1}});
  given.input = VectorTable::uniform(3, 10, 1, 4);
  auto options = small("softmax");
  options.min_count = 10;
  auto model = new_classifier(options, corpus, 1, &given);
  EXPECT_EQ(model.word_vector("cat"), given.word_vector("cat"));
  EXPECT_EQ(model.word_vector("lynx"), given.word_vector("lynx"));  // a word of no document stays known
  options.dimension = 20;
  EXPECT_THAT(error_of([&] { new_classifier(options, corpus, 1, &given); }), HasSubstr("dimension 10, not 20"));
}

TEST_F(SupervisedTest, FilesKeepTheAnswers) {
  const TemporaryDirectory directory;
  const auto corpus = corpus_of(documents(900, 1));
  for (const char* loss : {"softmax", "tree", "each", "negatives"}) {
    auto options = small(loss);
    options.word_ngrams = 2;
    const Classifier classifier(trained(options, corpus));
    classifier.save(directory.file("c.bin"));
    const auto again = Classifier::load(directory.file("c.bin"));
    EXPECT_EQ(again.probabilities("cat hammer"), classifier.probabilities("cat hammer")) << loss;
    EXPECT_EQ(again.labels(), classifier.labels());
    const Classifier small(compressed(classifier.model(), {.bytes = 20'000}));
    small.save(directory.file("c.ftz"));
    EXPECT_LE(file_size(directory.file("c.ftz")), 20'000);
    EXPECT_GT(accuracy(Classifier::load(directory.file("c.ftz")), documents(300, 2)), 0.95) << loss;
  }
}

TEST_F(SupervisedTest, BadCorpora) {
  LabelledCorpus corpus;
  EXPECT_THAT(error_of([&] { new_classifier(small("softmax"), corpus, 1); }), HasSubstr("no document has a label"));
  corpus.add("unlabelled", std::vector<std::string>{});
  EXPECT_EQ(corpus.without_labels(), 1);
  corpus.add("a b", "x");
  EXPECT_THAT(error_of([&] { new_classifier(small("softmax"), corpus, 1); }), HasSubstr("the one label 'x'"));
  EXPECT_THAT(error_of([&] { corpus.add("text", ""); }), HasSubstr("an empty label, of the text 'text'"));
  corpus.add("", "y");  // an empty document is its end
  corpus.add("__label__z c </s> d", "y");
  EXPECT_EQ(corpus.running_words(), 7);
  EXPECT_EQ(trained(small("softmax"), corpus).lexicon.find("__label__z"), -1);
  LabelledCorpus other;
  other.add("a", "x"), other.add("b", "unheard");
  auto model = trained(small("softmax"), corpus);
  VectorRun run;
  EXPECT_THAT(error_of([&] { train_classifier(model, other, run, stop_); }), HasSubstr("the label 'unheard'"));
  auto options = small("softmax");
  options.model = "cbow", options.loss = "tree";
  EXPECT_THAT(error_of([&] { new_classifier(options, corpus, 1); }), HasSubstr("supervised, not cbow"));
}

}  // namespace
}  // namespace stemma
