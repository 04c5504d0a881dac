#include "stemma/sparse/vectorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/sparse/golden_test.h"
#include "stemma/text/unicode.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

std::map<std::string, double> features(const Vectorizer& v, const SparseMatrix& x, int64_t i, int64_t begin,
                                       int64_t end) {
  std::map<std::string, double> out;
  const auto row = x.row(i);
  for (size_t e = 0; e < row.indices.size(); ++e)
    if (row.indices[e] >= begin && row.indices[e] < end)
      out[std::string(v.term(row.indices[e]))] = double(row.values[e]);
  return out;
}

TEST(Vectorizer, HasScikitLearnsValues) {
  const auto texts = as<Strings>(sparse_golden()["texts"]);
  for (const Json& golden : sparse_golden()["tfidf"].array()) {
    const auto options = from_json<TfidfOptions>(golden["options"]);
    const auto [vectorizer, x] = Vectorizer::fit(texts, options);
    ASSERT_EQ(golden["blocks"].array().size(), vectorizer.blocks().size());
    int64_t begin = 0;
    for (size_t b = 0; b < vectorizer.blocks().size(); ++b) {
      const int64_t end = begin + vectorizer.blocks()[b].terms.size();
      for (size_t i = 0; i < texts.size(); ++i) {
        const Json& row = golden["blocks"].array()[b].array()[i];
        const auto ours = features(vectorizer, x, int64_t(i), begin, end);
        const std::string what = str(golden["options"], " text ", i);
        EXPECT_EQ(ours.size(), row.array().size()) << what;
        for (const Json& entry : row.array()) {
          const auto& term = entry.array()[0].text();
          ASSERT_TRUE(ours.contains(term)) << what << " '" << term << "'";
          EXPECT_NEAR(ours.at(term), entry.array()[1].number(), 1e-6) << what << " '" << term << "'";
        }
      }
      begin = end;
    }
  }
}

TEST(Vectorizer, TransformsWhatItLearnedAsItLearnedIt) {
  const auto texts = as<Strings>(sparse_golden()["texts"]);
  const auto [vectorizer, x] = Vectorizer::fit(texts, {.longest = 2, .longest_characters = 3});
  const SparseMatrix again = vectorizer.transform(texts);
  EXPECT_EQ(again.indices, x.indices);
  EXPECT_EQ(again.values, x.values);
  EXPECT_EQ(again.splits, x.splits);
  EXPECT_EQ(again.columns, vectorizer.features());
  EXPECT_EQ(Vectorizer(texts, {}).transform(Strings{"zebra"}).entries(), 0);
  EXPECT_EQ(vectorizer.transform({}).rows(), 0);
}

Strings random_texts(int64_t n) {
  Random rng{3, 0};
  Strings texts(static_cast<size_t>(n));
  for (auto& text : texts)
    for (uint64_t length = rng.below(12); length > 0; --length) text += str("w", rng.below(rng.below(300) + 1), " ");
  return texts;
}

TEST(Vectorizer, IsTheSameForAnyNumberOfThreads) {
  const Strings texts = random_texts(1000);
  const TfidfOptions options{.longest = 2, .longest_characters = 3, .min_df = 2, .max_features = 700};
  set_threads(1);
  const auto one = Vectorizer::fit(texts, options);
  for (const int n : {2, 3, 5}) {
    set_threads(n);
    const auto more = Vectorizer::fit(texts, options);
    EXPECT_EQ(more.x.indices, one.x.indices);
    EXPECT_EQ(more.x.values, one.x.values);
    ASSERT_EQ(more.vectorizer.features(), one.vectorizer.features());
    for (int64_t j = 0; j < one.vectorizer.features(); ++j) EXPECT_EQ(more.vectorizer.term(j), one.vectorizer.term(j));
  }
  set_threads(0);
}

TEST(Vectorizer, KeepsTheMostFrequent) {
  const Strings texts{"bb aa cc aa", "aa bb dd", "dd cc ee"};
  const Vectorizer v(texts, {.max_features = 3});
  ASSERT_EQ(v.features(), 3);
  EXPECT_EQ(str(v.term(0), v.term(1), v.term(2)), "bbaacc");  // cc and dd are equally frequent: the first one
}

TEST(Vectorizer, SplitsChinese) {
  const Strings texts{"我们吃面包"};
  const Vectorizer characters(texts, {.words = "characters"}), words(texts, {.words = "dictionary"});
  EXPECT_EQ(characters.features(), 5);
  EXPECT_EQ(words.term(0), "我们");
  EXPECT_EQ(words.term(words.features() - 1), "面包");
}

TEST(Vectorizer, SaysWhatIsWrong) {
  const Strings texts{"the cat", "the dog"};
  const auto error = [&](const TfidfOptions& o) { return error_of([&] { Vectorizer(texts, o); }); };
  EXPECT_THAT(error({.words = "dictionry"}), HasSubstr("did you mean 'dictionary'"));
  EXPECT_THAT(error({.shortest = 3, .longest = 2}), HasSubstr("3 to 2"));
  EXPECT_THAT(error({.longest = 0}), HasSubstr("both 0"));
  EXPECT_THAT(error({.norm = "l3"}), HasSubstr("did you mean"));
  EXPECT_THAT(error({.min_df = 3}), HasSubstr("none can be left"));
  EXPECT_THAT(error({.min_df = 2, .max_df = 0.5}), HasSubstr("none can be left"));
  EXPECT_THAT(error_of([] { Vectorizer(Strings{"! ?", "a"}, {}); }), HasSubstr("no n-gram of words in 2 texts"));
  EXPECT_THAT(error_of([] { Vectorizer(Texts{}, {}); }), HasSubstr("no text"));
}

// utf8proc's edition of Unicode (15) has some 190 letters and numbers more than that of the Python that was asked (14).
TEST(WordCharacters, ArePythons) {
  std::vector<bool> python(0x20000);
  for (const Json& range : sparse_golden()["word_characters"]["ranges"].array())
    for (int64_t c = range.array()[0].integer(); c <= range.array()[1].integer(); ++c) python[size_t(c)] = true;
  int differ = 0;
  for (size_t c = 0; c < python.size(); ++c) {
    if (is_word_character(char32_t(c)) == python[c]) continue;
    ++differ;
    EXPECT_TRUE(c > 0x10000 && !python[c]) << c;
  }
  EXPECT_LT(differ, 200);
}

TEST(Ngrams, OfIllFormedTextDoNoHarm) {
  for (const char* unit : {"words", "characters", "inside_words"}) {
    for (const bool lower : {true, false}) {
      NgramReader reader({.unit = unit, .longest = 3, .lower_case = lower});
      for (const char* text : {"\xff\xfe abc", "ab\xc3", "\xe4\xb8", "\xce\xa3\xff", "\0\1 x"}) {
        for (const Ngram& ngram : reader.read(text)) EXPECT_EQ(ngram.hash, word_hash(ngram.text));
      }
    }
  }
}

TEST(SparseMatrix, MultipliesAndTransposes) {
  SparseMatrix x{.columns = 3};
  x.add(0, 1), x.add(2, 2), x.end_row(), x.end_row(), x.add(2, 3), x.end_row();
  std::vector<double> W{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Y(12), squared(12);
  multiply(x, W.data(), 4, Y.data());
  EXPECT_THAT(Y, ElementsAre(19, 22, 25, 28, 0, 0, 0, 0, 27, 30, 33, 36));
  multiply_squared(x, W.data(), 4, squared.data());
  EXPECT_EQ(squared[0], 37);
  const SparseMatrix y = transpose(x);
  EXPECT_THAT(y.splits, ElementsAre(0, 1, 1, 3));
  EXPECT_THAT(y.indices, ElementsAre(0, 0, 2));
  EXPECT_THAT(y.values, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace stemma
