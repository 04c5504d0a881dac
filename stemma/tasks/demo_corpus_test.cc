#include "stemma/tasks/demo_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "stemma/tasks/demo_clause.h"

namespace stemma {
namespace {
using Pairs = DemoCorpus::Pairs;

const DemoCorpus& corpus() {
  static const DemoCorpus made = demo_corpus(1);
  return made;
}
int64_t length(const std::string& utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; });
}
std::vector<std::string> split_words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}
std::vector<std::string> split_characters(const std::string& text) {
  std::vector<std::string> out;
  for (char c : text) {
    if ((uint8_t(c) & 0xC0) != 0x80) out.emplace_back();
    out.back() += c;
  }
  return out;
}
template <class F>
void each_pair(F f) {
  for (const Pairs* split : {&corpus().train, &corpus().valid, &corpus().test, &corpus().test_long})
    for (const auto& [source, target] : *split) f(source, target);
}

TEST(DemoCorpus, IsAFunctionFromChineseToEnglishWithNoSentenceTwice) {
  for (uint64_t seed : {1, 2, 3}) {
    const DemoCorpus made = demo_corpus(seed);
    EXPECT_EQ(made.train.size(), 8000u);
    EXPECT_EQ(made.valid.size(), 300u);
    EXPECT_EQ(made.test.size(), 400u);
    EXPECT_EQ(made.test_long.size(), 200u);
    std::set<std::string> sources;
    for (const Pairs* split : {&made.train, &made.valid, &made.test, &made.test_long})
      for (const auto& pair : *split) EXPECT_TRUE(sources.insert(pair.first).second) << pair.first;
  }
  // The same Chinese drawn under other seeds has the same English.
  std::map<std::string, std::string> translation;
  int64_t met_again = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed)
    for (const auto& [source, target] : demo_corpus(seed).train) {
      const auto [at, is_new] = translation.emplace(source, target);
      met_again += !is_new;
      EXPECT_EQ(at->second, target) << source;
    }
  EXPECT_GT(met_again, 1000);
}

TEST(DemoCorpus, IsTheSameForTheSameSeed) {
  EXPECT_EQ(demo_corpus(1).train, corpus().train);
  EXPECT_EQ(demo_corpus(1).test_long, corpus().test_long);
  EXPECT_NE(demo_corpus(2).train, corpus().train);
}

TEST(DemoCorpus, HoldsOutCombinationsOfKnownWords) {
  EXPECT_GT(corpus().held_out.size(), 50u);
  std::string all;  // one text, a line per sentence
  for (const auto& pair : corpus().train) all += pair.first + "\n";
  const auto in_training = [&](const std::string& text) {
    for (size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
      if (all.compare(at + text.size(), 3, "的") != 0) return true;  // 教他们的老师 teaches the teacher, not them
    return false;
  };
  for (const auto& [a, b] : corpus().held_out) {
    for (const char* between : {"", "了", "过", "了一本", "一件", "很多"})
      EXPECT_FALSE(in_training(a + between + b)) << a << b;
    for (const auto& adjective : demo::adjectives)
      EXPECT_FALSE(a == adjective.chinese && in_training(a + "的" + b)) << a << b;
  }
  for (const auto& [source, target] : corpus().test) {
    const std::string& text = source;
    EXPECT_TRUE(std::any_of(corpus().held_out.begin(), corpus().held_out.end(), [&](const auto& pair) {
      return text.find(pair.first) != std::string::npos && text.find(pair.second) != std::string::npos;
    })) << source;
  }
}

TEST(DemoCorpus, EveryTestWordIsCommonInTraining) {
  std::map<std::string, int> seen;
  for (const auto& [source, target] : corpus().train) {
    for (const auto& c : split_characters(source)) ++seen[c];
    for (const auto& w : split_words(target)) ++seen[w];
  }
  for (const Pairs* split : {&corpus().test, &corpus().test_long})
    for (const auto& [source, target] : *split) {
      for (const auto& c : split_characters(source)) EXPECT_GE(seen[c], 5) << c;
      for (const auto& w : split_words(target)) EXPECT_GE(seen[w], 5) << w;
    }
  EXPECT_LT(seen.size(), 700u);
}

TEST(DemoCorpus, TestIsAsLongAsTrainingAndTheLongTestLonger) {
  const auto lengths = [](const Pairs& pairs) {
    std::vector<int64_t> out;
    for (const auto& pair : pairs) out.push_back(length(pair.first));
    std::sort(out.begin(), out.end());
    return out;
  };
  const auto train = lengths(corpus().train), test = lengths(corpus().test), beyond = lengths(corpus().test_long);
  EXPECT_LE(test.back(), train.back());
  EXPECT_LE(lengths(corpus().valid).back(), train.back());
  EXPECT_NEAR(double(test[test.size() / 2]), double(train[train.size() / 2]), 3);
  EXPECT_GT(beyond.front(), train.back());
}

TEST(DemoCorpus, EnglishAgreesEverywhere) {
  const std::set<std::string> vowels = {"a", "e", "i", "o", "u"};
  const std::set<std::string> wrong = {"I is",       "I are",      "I has",     "he are",     "she are",
                                       "they is",    "we is",      "you is",    "you am",     "they has",
                                       "we was",     "they was",   "you was",   "I were",     "he were",
                                       "I does",     "he do",      "they does", "two child",  "these book",
                                       "does reads", "did bought", "to reads",  "will reads", "can reads"};
  each_pair([&](const std::string& source, const std::string& target) {
    const auto words = split_words(target);
    for (size_t i = 1; i < words.size(); ++i) {
      const bool vowel = vowels.count(words[i].substr(0, 1)) > 0;
      EXPECT_FALSE(words[i - 1] == "a" && vowel) << target;
      EXPECT_FALSE(words[i - 1] == "an" && !vowel) << target;
      EXPECT_EQ(wrong.count(words[i - 1] + " " + words[i]), 0u) << source << " " << target;
    }
  });
}

TEST(DemoCorpus, TeachesEveryConstruction) {
  std::map<std::string, int> seen;
  for (const auto& [source, target] : corpus().train)
    for (const char* mark : {"把",   "被", "比", "吗", "谁", "什么", "哪儿", "几", "没",   "不",   "因为",
                             "的那", "过", "在", "跟", "本", "只",   "辆",   "和", "应该", "正在", "得"})
      seen[mark] += source.find(mark) != std::string::npos;
  for (const auto& [mark, count] : seen) EXPECT_GE(count, 40) << mark;
}

TEST(DemoClause, LinearisesInBothLanguages) {
  using namespace demo;
  Clause c;
  c.subject = {"我", "I", "我", Agreement::first};
  c.verb = transitive[2];
  c.object = {"一本书", "a book"};
  c.tense = Tense::past;
  c.time = {"昨天", "yesterday"};
  c.place = {"图书馆", "in the library"};
  EXPECT_EQ(chinese(c), "我昨天在图书馆看了一本书");
  EXPECT_EQ(english(c), "I read a book in the library yesterday");
  c.asks = Asks::whether;
  EXPECT_EQ(english(c), "did I read a book in the library yesterday");
  c.asks = Asks::nothing;
  c.negative = true;
  EXPECT_EQ(chinese(c), "我昨天没在图书馆看一本书");
  EXPECT_EQ(english(c), "I did not read a book in the library yesterday");

  Clause want;
  want.subject = {"她", "she"};
  want.verb = {"学习", "study", "studied", "studied"};
  EXPECT_EQ(english(want), "she studies");
  want.modal = {"想", "want"};
  EXPECT_EQ(english(want), "she wants to study");
  want.negative = true;
  EXPECT_EQ(chinese(want) + " " + english(want), "她不想学习 she does not want to study");
  want.modal = {};
  want.tense = Tense::perfect;
  EXPECT_EQ(chinese(want) + " " + english(want), "她没学习过 she has not studied");

  Clause shut;
  shut.subject = {"他", "he"};
  shut.verb = {"关", "close", "closed", "closed"};
  shut.object = {"门", "the door"};
  shut.tense = Tense::past;
  shut.disposal = true;
  EXPECT_EQ(chinese(shut) + " " + english(shut), "他把门关了 he closed the door");
  shut.disposal = false;
  shut.tense = Tense::progressive;
  EXPECT_EQ(chinese(shut) + " " + english(shut), "他正在关门 he is closing the door");
}

}  // namespace
}  // namespace stemma
