#include "stemma/vectors/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class CorpusTest : public testing::Test {
 protected:
  Corpus read(const std::string& text, const CorpusOptions& options = {}) {
    write_file(directory_.file("text"), text);
    return Corpus::read({directory_.file("text")}, options, directory_.path());
  }
  // The text as the numbers say it, sentences between bars.
  static std::string written(const Corpus& corpus, const Lexicon& lexicon) {
    std::string out;
    for (int64_t i = 0; i < corpus.chunks(); ++i)
      for (const int32_t id : corpus.chunk(i)) out += id < 0 ? "|" : str(" ", lexicon.text(id));
    return out;
  }
  static std::string written(Corpus& corpus, int64_t min_count = 1) {
    const Lexicon lexicon(by_count(corpus.counts(), min_count));
    corpus.number_by(lexicon);
    return written(corpus, lexicon);
  }
  TemporaryDirectory directory_;
};

TEST_F(CorpusTest, NumbersTheTextAndDropsTheRare) {
  auto corpus = read("a b a\n\nc a b\n");
  EXPECT_EQ(corpus.running_words(), 6);
  EXPECT_EQ(written(corpus), " a b a| c a b|");
  EXPECT_EQ(written(corpus, 2), " a b a| a b|");
  EXPECT_EQ(corpus.different_words(), 3);
  const Lexicon lexicon(by_count(corpus.counts(), 1));
  corpus.number_by(lexicon);
  corpus.forget_words();
  EXPECT_EQ(written(corpus, lexicon), " a b a| c a b|");
  EXPECT_EQ(corpus.share_before(0), 0);
  EXPECT_EQ(corpus.share_before(corpus.chunks()), 1);
}

TEST_F(CorpusTest, LowerCaseAndWordsOfChinese) {
  auto lower = read("Die KATZE\n", {.lower = true});
  EXPECT_EQ(written(lower), " die katze|");
  auto chinese = read("我们喜欢猫。\n", {.words = "dictionary"});
  EXPECT_EQ(written(chinese), " 我们 喜欢 猫|");
}

TEST_F(CorpusTest, LongLinesAreReadInPartsAndCutIntoSentences) {
  std::string text, wanted;
  for (int i = 0; i < 50'000; ++i) text += str(i ? " " : "", "w", i % 7);
  auto corpus = read(text);  // 150,000 bytes without a newline
  EXPECT_EQ(corpus.running_words(), 50'000);
  EXPECT_EQ(corpus.counts().size(), 7u);
  for (int i = 0; i < 50'000; ++i) wanted += str(" w", i % 7, i % 1000 == 999 ? "|" : "");
  auto found = written(corpus);
  std::string words_alone = wanted, found_words = found;
  std::erase(words_alone, '|'), std::erase(found_words, '|');
  EXPECT_EQ(found_words, words_alone);
  EXPECT_GT(corpus.chunks(), 3);
  const std::string one_word(200'000, 'x');  // longer than a part: cut, not refused
  EXPECT_EQ(read(one_word).counts().at(0).text.substr(0, 10), "xxxxxxxxxx");
}

TEST_F(CorpusTest, ForgetsRareWordsToSaveMemory) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += str("often seldom", i, "\n");
  auto corpus = read(text, {.most_words = 1000});
  EXPECT_GT(corpus.forgotten(), 1000);
  EXPECT_LE(corpus.counts().size(), 1001u);
  EXPECT_EQ(corpus.running_words(), 6000);
  std::string wanted;
  for (int i = 0; i < 3000; ++i) wanted += " often|";
  EXPECT_EQ(written(corpus, 2), wanted);
}

TEST_F(CorpusTest, PhrasesAreJoinedByTheirScore) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += str("new york is big x", i, "\nnew york post y", i, "\n");
  for (int i = 0; i < 300; ++i) text += str("is the z", i, "\n");
  auto corpus = read(text);
  // (40 - 5) * 1080 / (40 * 40) = 23.6 for new york; is_big: (20 - 5) * 1080 / (320 * 20) = 2.5
  EXPECT_EQ(corpus.join_phrases(20, 5), 1);
  EXPECT_EQ(corpus.running_words(), 1040);
  auto found = written(corpus, 5);
  EXPECT_THAT(found.substr(0, 30), testing::StartsWith(" new_york is big| new_york pos"));
  // A second pass joins what the first has made.
  EXPECT_GE(corpus.join_phrases(5, 5), 1);
  EXPECT_THAT(written(corpus, 5), HasSubstr("new_york_post"));
}

TEST_F(CorpusTest, Errors) {
  EXPECT_THAT(error_of([&] { read("fine\nbad \xFF\n"); }), HasSubstr("text:2: not valid UTF-8 at byte 5"));
  EXPECT_THAT(error_of([&] { read(" \n\n"); }), EndsWith("text holds no word"));
  EXPECT_THAT(error_of([&] { read("a", {.words = "spaced"}); }), HasSubstr("'spaces'"));
  EXPECT_THAT(error_of([&] { Corpus::read({"/none"}, {}, directory_.path()); }), HasSubstr("/none"));
  EXPECT_THAT(error_of([&] { Corpus::read({directory_.file("text")}, {}, "/none"); }), HasSubstr("/none"));
}

}  // namespace
}  // namespace stemma
