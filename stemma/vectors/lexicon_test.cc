#include "stemma/vectors/lexicon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/vectors/subwords.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(WordTable, NumbersWordsInTheirOrder) {
  WordTable table;
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(table.add(str("word", i)), i);
  EXPECT_EQ(table.add("word77"), 77);
  EXPECT_EQ(table.size(), 10'000);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(table.find(str("word", i)), i);
    ASSERT_EQ(table.text(i), str("word", i));
  }
  EXPECT_EQ(table.find("word"), -1);
  EXPECT_EQ(table.add(""), 10'000);
  EXPECT_EQ(table.find(""), 10'000);
}

TEST(WordTable, HashIsFastTexts) {  // FNV-1a; letters beyond ASCII as signed bytes
  EXPECT_EQ(word_hash(""), 2166136261u);
  EXPECT_EQ(word_hash("a"), 0xE40C292Cu);
  EXPECT_EQ(word_hash("foobar"), 0xBF9CF968u);
  EXPECT_NE(word_hash("\xC3"), (2166136261u ^ 0xC3u) * 16777619u);
}

TEST(Lexicon, WordsThenLabels) {
  const Lexicon lexicon({{"the", 9}, {"cat", 2}}, {{"__label__b", 5}});
  EXPECT_EQ(lexicon.size(), 3);
  EXPECT_EQ(lexicon.words(), 2);
  EXPECT_EQ(lexicon.labels(), 1);
  EXPECT_EQ(lexicon.find("cat"), 1);
  EXPECT_EQ(lexicon.find("dog"), -1);
  EXPECT_THAT(lexicon.word_counts(), ElementsAre(9, 2));
  EXPECT_THAT(lexicon.label_counts(), ElementsAre(5));
  EXPECT_THAT(error_of([] { Lexicon({{"a", 1}, {"a", 1}}); }), HasSubstr("'a' comes twice"));
}

TEST(Lexicon, ByCount) {
  const auto sorted = by_count({{"b", 2}, {"rare", 1}, {"a", 2}, {"most", 7}}, 2);
  ASSERT_EQ(sorted.size(), 3u);
  EXPECT_EQ(sorted[0].text, "most");
  EXPECT_EQ(sorted[1].text, "a");
  EXPECT_EQ(sorted[2].text, "b");
}

TEST(Subwords, AreTheNgramsOfTheFramedWord) {
  EXPECT_THAT(subword_texts("cat", {2, 3, 10}), ElementsAre("<c", "<ca", "ca", "cat", "at", "at>", "t>"));
  EXPECT_THAT(subword_texts("a", {1, 2, 10}), ElementsAre("<a", "a", "a>"));  // a lone < or > does not count
  EXPECT_THAT(subword_texts("北京", {2, 2, 10}), ElementsAre("<北", "北京", "京>"));
  EXPECT_THAT(subword_texts("cat", {9, 9, 10}), ElementsAre());
  EXPECT_THAT(subword_texts("</s>", {1, 6, 10}), ElementsAre());
  EXPECT_THAT(subwords("cat", {3, 3, 0}), ElementsAre());
  EXPECT_EQ(subwords("cat", {3, 3, 1000}),
            (std::vector{int32_t(word_hash("<ca") % 1000), int32_t(word_hash("cat") % 1000),
                         int32_t(word_hash("at>") % 1000)}));
  EXPECT_THAT(subword_texts("\x80\xFF", {1, 9, 10}), testing::Not(testing::IsEmpty()));  // not UTF-8: no harm
}

}  // namespace
}  // namespace stemma
