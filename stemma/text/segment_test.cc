#include "stemma/text/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Segment, Spaces) {
  Segmenter s("spaces");
  EXPECT_THAT(s.split("  a bc\t,d \n"), ElementsAre("a", "bc", ",d"));
  EXPECT_THAT(s.split(""), ElementsAre());
  EXPECT_THAT(s.split("a\xC2\xA0"
                      "b"),
              ElementsAre("a\xC2\xA0"
                          "b"));  // word2vec and fastText split at ASCII alone
}

TEST(Segment, WordsKeepTheirMarks) {
  Segmenter s("words");
  EXPECT_THAT(s.split("Don't pay $3.50, or 10,000."),
              ElementsAre("Don't", "pay", "$", "3.50", ",", "or", "10,000", "."));
  EXPECT_THAT(s.split("Mary's 'self' 1980's sun's-rays it’s"),
              ElementsAre("Mary", "'s", "'", "self", "'", "1980", "'s", "sun", "'s", "-", "rays", "it", "’s"));
  EXPECT_THAT(s.split("Käse北京3号。 e\u0301x..."),
              ElementsAre("Käse", "北", "京", "3", "号", "。", "e\u0301x", ".", ".", "."));
  EXPECT_THAT(s.split("' s ''s"), ElementsAre("'", "s", "'", "'", "s"));
  EXPECT_THAT(s.split("a\xFF"
                      "b"),
              ElementsAre("a", "\xFF", "b"));
  const std::string_view text = " a,b";
  EXPECT_EQ(s.split(text)[1].data() - text.data(), 2);
}

TEST(Segment, PennPartsContractions) {
  Segmenter s("penn");
  EXPECT_THAT(
      s.split("I DON'T know; they'll say we’re Mary's, I'd've"),
      ElementsAre("I", "DO", "N'T", "know", ";", "they", "'ll", "say", "we", "’re", "Mary", "'s", ",", "I'd", "'ve"));
  EXPECT_THAT(s.split("n't o'clock rock'n'roll can’t"), ElementsAre("n't", "o'clock", "rock'n'roll", "ca", "n’t"));
}

TEST(Segment, DictionaryFindsWordsWithoutSpaces) {
  Segmenter s("dictionary");
  EXPECT_THAT(s.split("我们喜欢北京大学。"), ElementsAre("我们", "喜欢", "北京", "大学"));
  EXPECT_THAT(s.split("Don't panic, 42!"), ElementsAre("Don't", "panic", "42"));
  EXPECT_THAT(s.split("สวัสดีชาวโลก"), ElementsAre("สวัสดี", "ชาว", "โลก"));
  EXPECT_THAT(s.split("我们"), ElementsAre("我们"));  // a second text
  EXPECT_THAT(s.split(" ,. "), ElementsAre());
}

TEST(Segment, Characters) {
  Segmenter s("characters");
  EXPECT_THAT(s.split("我用 Stemma学，好"), ElementsAre("我", "用", "Stemma", "学", "，", "好"));
}

std::vector<std::string> sentences_of(const std::string& text) {
  std::vector<std::string> found;
  int64_t begin = 0;
  for (const int64_t end : sentence_ends(text)) {
    found.push_back(text.substr(size_t(begin), size_t(end - begin)));
    begin = end;
  }
  return found;
}

TEST(Segment, SentencesEndAtMarksAndLines) {
  EXPECT_THAT(sentences_of("It rained. Did it? 下雨了。是吗\nThe price of 3.50 fell"),
              ElementsAre("It rained. ", "Did it? ", "下雨了。", "是吗\n", "The price of 3.50 fell"));
  EXPECT_TRUE(sentence_ends("").empty());
  EXPECT_THAT(sentence_ends("one"), ElementsAre(3));
}

TEST(Segment, SentencesEndInTextWithoutCapitalsToo) {
  EXPECT_THAT(sentences_of("it was long . über 3.50 at www.a.de ! ça va. ok"),
              ElementsAre("it was long . ", "über 3.50 at www.a.de ! ", "ça va. ", "ok"));
  EXPECT_THAT(sentences_of("The U.S. economy, i.e. trade, grew."), ElementsAre("The U.S. economy, i.e. trade, grew."));
  EXPECT_THAT(sentences_of("ſo. ıt is"), ElementsAre("ſo. ", "ıt is"));  // whose capitals have fewer bytes
}

TEST(Segment, UnknownKind) {
  EXPECT_THAT(error_of([] { Segmenter("space"); }), HasSubstr("did you mean 'spaces'"));
}

}  // namespace
}  // namespace stemma
