#include "stemma/tasks/tag_labels.h"

#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/tasks/tag_words.h"

namespace stemma {
namespace {

TaggedTexts texts(const std::vector<Tags>& sentences) {
  TaggedTexts out;
  Tags all;
  for (const auto& tags : sentences) {
    TaggedSentence sentence;
    sentence.words = sentence.tags = tags;
    out.sentences.push_back(std::move(sentence));
    all.insert(all.end(), tags.begin(), tags.end());
  }
  out.names = LabelSet(all);
  return out;
}

TEST(TagLabels, SpansAreToldApartAsBioesAndWrittenAsTheyWere) {
  const Tags bio = {"B-a", "I-a", "O", "B-a", "B-b"}, bioes = {"B-a", "E-a", "O", "S-a", "S-b"};
  const auto labels = TagLabels::of(texts({bio}), "auto");
  EXPECT_EQ(labels.written, TagScheme::bio);
  EXPECT_EQ(labels.tags.names(), (Tags{"B-a", "E-a", "O", "S-a", "S-b"}));
  EXPECT_EQ(labels.inside(bio), bioes);
  EXPECT_EQ(labels.outside(bioes), bio);
  EXPECT_EQ(TagLabels::of(texts({bioes}), "bio").inside(bioes), bio);
  EXPECT_EQ(TagLabels::of(texts({bioes}), "bio").outside(bio), bioes);
  EXPECT_EQ(TagLabels::of(texts({bio}), "free").inside(bio), bio);
}

TEST(TagLabels, ASpanThatIsNotBegunBeginsAtItsFirstWord) {
  const auto labels = TagLabels::of(texts({{"I-a", "I-a", "B-a", "O"}}), "bio");
  EXPECT_EQ(labels.inside({"I-a", "I-a", "B-a", "O"}), (Tags{"B-a", "I-a", "B-a", "O"}));
}

TEST(TagLabels, SavedAndLoaded) {
  TemporaryDirectory d;
  auto labels = TagLabels::of(texts({{"B-a", "I-a", "O"}}), "auto");
  labels.intents = LabelSet(std::vector<std::string>{"x", "y"}), labels.words = "spaces";
  labels.save(d.file("t.json"));
  const auto again = TagLabels::load(d.file("t.json"));
  EXPECT_EQ(again.tags, labels.tags);
  EXPECT_EQ(again.names, labels.names);
  EXPECT_EQ(again.intents, labels.intents);
  EXPECT_EQ(again.words, "spaces");
  EXPECT_EQ(again.inner, TagScheme::bioes);
  write_file(d.file("t.json"), "{\"written\": \"bio\", \"scheme\": \"boi\"}");
  EXPECT_NE(error_of([&] { TagLabels::load(d.file("t.json")); }).find("unknown scheme 'boi'"), std::string::npos);
}

TaggedSentence sentence(const std::vector<std::string>& words, const std::string& text) {
  TaggedSentence out;
  out.words = words, out.text = text;
  size_t at = 0;
  for (const auto& word : words) {
    at = text.find(word, at);
    out.places.push_back({int64_t(at), int64_t(at + word.size())});
    at += word.size();
  }
  return out;
}

TEST(TagWords, TheRuleThatFindsTheWordsOfTraining) {
  EXPECT_EQ(best_word_rule({sentence({"U.S.", "firms,", "all"}, "U.S. firms, all")}), "spaces");
  EXPECT_EQ(best_word_rule({sentence({"Stop", ",", "he", "said", "."}, "Stop, he said.")}), "words");
  EXPECT_EQ(best_word_rule({sentence({"I", "do", "n't", "know", "."}, "I don't know.")}), "penn");
  EXPECT_EQ(best_word_rule({sentence({"北", "京", "a1b", "-", "好"}, "北京a1b-好")}), "words");
  EXPECT_EQ(best_word_rule({sentence({"我们", "在", "北京", "。"}, "我们在北京。")}), "dictionary");
}

TEST(TagWords, NothingIsDropped) {
  const auto found = split_words("dictionary", " 我们，在 北京。 ");
  EXPECT_EQ(found.words, (std::vector<std::string>{"我们", "，", "在", "北京", "。"}));
  for (size_t i = 0; i < found.words.size(); ++i)
    EXPECT_EQ(std::string(" 我们，在 北京。 ").substr(size_t(found.places[i].begin), found.words[i].size()),
              found.words[i]);
  EXPECT_TRUE(split_words("words", " \t").words.empty());
  EXPECT_NE(error_of([] { split_words("spaces", "a\xff"); }).find("not valid UTF-8"), std::string::npos);
}

}  // namespace
}  // namespace stemma
