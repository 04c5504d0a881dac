#include "stemma/data/tagged_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"
#include "stemma/data/tag_scheme.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

class TaggedTextTest : public testing::Test {
 protected:
  TaggedTextSource source(const std::string& name, const std::string& text) {
    write_file(directory.file(name), text);
    TaggedTextSource s;
    s.path = directory.file(name);
    return s;
  }
  std::string error(const TaggedTextSource& s) {
    return error_of([&] { read_tagged_texts(s); });
  }
  static Strings written(const TaggedSentence& s) {
    Strings out;
    for (const auto& [begin, end] : s.places) out.push_back(s.text.substr(size_t(begin), size_t(end - begin)));
    return out;
  }
  TemporaryDirectory directory;
};

TEST_F(TaggedTextTest, ConllBySpaces) {
  auto s =
      source("a.txt", "-DOCSTART- -X- O\n\n# a comment of five words\nEU NNP B-ORG\n# HASH O\n\n\nPeter NNP I-PER\n");
  const auto texts = read_tagged_texts(s);
  ASSERT_EQ(texts.size(), 2);
  EXPECT_THAT(texts.sentences[0].words, ElementsAre("EU", "#"));
  EXPECT_EQ(texts.sentences[0].text, "EU #");
  EXPECT_EQ(texts.sentences[0].place, s.path + ":4");
  EXPECT_THAT(texts.names.names(), ElementsAre("B-ORG", "I-PER", "O"));
  EXPECT_THAT(texts.tags.ids, ElementsAre(0, 2, 1));
  EXPECT_EQ(texts.report.illegal_bio.count, 1);
  s.tag = "2";
  EXPECT_THAT(read_tagged_texts(s).names.names(), ElementsAre("HASH", "NNP"));
}

TEST_F(TaggedTextTest, CharactersWithAnIndex) {
  auto s = source("weibo", "北0\tB-GPE\n京1\tI-GPE\n310\tO\n00\tO\n");
  s.strip_index = true, s.spaces = false;
  const auto texts = read_tagged_texts(s);
  EXPECT_THAT(texts.sentences[0].words, ElementsAre("北", "京", "3", "0"));
  EXPECT_EQ(texts.sentences[0].text, "北京30");
}

TEST_F(TaggedTextTest, SlotsWithAnIntent) {
  const auto texts = read_tagged_texts(source("a.txt", "at:O 9:30:B-time <=> a;b\nstop:O <=> c\n"));
  EXPECT_THAT(texts.sentences[0].words, ElementsAre("at", "9:30"));
  EXPECT_EQ(texts.sentences[0].intent, "a;b");
  EXPECT_THAT(texts.intents.names(), ElementsAre("a;b", "c"));
  EXPECT_THAT(error(source("a.txt", "at:O x <=> a\n")), HasSubstr("a.txt:1: 'x' is not word:tag"));
  EXPECT_THAT(error(source("a.txt", " <=> a\n")), HasSubstr("a.txt:1: an intent without words"));
}

constexpr auto conllu =
    "# text = I don't, zum\n1\tI\tI\tPRON\tPRP\tCase=Nom|Number=Sing\t0\troot\t_\t_\n"
    "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n2\tdo\tdo\tAUX\t_\t_\t0\t_\t_\t_\n3\tn't\tnot\tPART\t_\t_\t0\t_\t_"
    "\t_\n"
    "4\t,\t,\tPUNCT\t_\t_\t0\t_\t_\t_\n4.1\tx\tx\tVERB\t_\t_\t_\t_\t_\t_\n"
    "5-6\tzum\t_\t_\t_\t_\t_\t_\t_\t_\n5\tzu\tzu\tADP\t_\t_\t0\t_\t_\t_\n6\tdem\tder\tDET\t_\t_\t0\t_\t_\t_\n";

TEST_F(TaggedTextTest, ConlluKeepsTheTextAsWritten) {
  auto s = source("a.conllu", conllu);
  auto texts = read_tagged_texts(s);
  const auto& sentence = texts.sentences[0];
  EXPECT_THAT(sentence.words, ElementsAre("I", "do", "n't", ",", "zu", "dem"));
  EXPECT_THAT(sentence.tags, ElementsAre("PRON", "AUX", "PART", "PUNCT", "ADP", "DET"));
  EXPECT_EQ(sentence.text, "I don't, zum");
  EXPECT_THAT(written(sentence), ElementsAre("I", "do", "n't", ",", "zum", "zum"));
  EXPECT_EQ(texts.report.empty_nodes.first, s.path + ":7");
  EXPECT_EQ(texts.report.multiword_tokens.count, 2);
  s.word = "LEMMA", s.tag = "Number";
  texts = read_tagged_texts(s);
  EXPECT_THAT(texts.sentences[0].words, ElementsAre("I", "do", "not", ",", "zu", "der"));
  EXPECT_THAT(texts.names.names(), ElementsAre("Sing", "_"));
  EXPECT_THAT(written(texts.sentences[0]), ElementsAre("I", "do", "n't", ",", "zum", "zum"));
}

TEST_F(TaggedTextTest, DefectsAreNamed) {
  EXPECT_THAT(error(source("a.txt", "a O\nb\n")), HasSubstr("a.txt:2: 1 columns, expected 2 as in the first line"));
  EXPECT_THAT(error(source("a.txt", "a\n")), HasSubstr("a.txt:1: word and tag are the same column; the line has 1"));
  EXPECT_THAT(error(source("a.txt", "a\tO\n\tO\n")), HasSubstr("a.txt:2: a word is empty"));
  EXPECT_THAT(error(source("a.txt", "a\tO\nb\t\n")), HasSubstr("a.txt:2: word 'b' has no tag"));
  EXPECT_THAT(error(source("a.txt", "a O\nb\xFF O\n")), HasSubstr("a.txt:2: not valid UTF-8 at byte 2"));
  EXPECT_THAT(error(source("a.txt", "a O\nb O\n")), HasSubstr("every word has the tag 'O'"));
  EXPECT_THAT(error(source("a.txt", "\n\n")), HasSubstr("no sentence there"));
  EXPECT_THAT(error(source("a.conllu", "1\ta\n")), HasSubstr("a.conllu:1: 2 columns, CoNLL-U has 10"));
  EXPECT_THAT(error(source("a.conllu", "1-3\ta\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n")),
              HasSubstr("a.conllu:2: a multiword token is longer than its sentence"));
  EXPECT_THAT(error(source("a.conllu", "3-4\ta\t_\t_\t_\t_\t_\t_\t_\t_\n")),
              HasSubstr("multiword token 3-4 does not begin at the next word, 1"));
  auto s = source("a.conllu", conllu);
  s.tag = "UPSO";
  EXPECT_THAT(error(s), HasSubstr("CoNLL-U has no column 'UPSO' (did you mean 'UPOS'?)"));
  s = source("a.txt", "a O\n");
  s.tag = "3";
  EXPECT_THAT(error(s), HasSubstr("a.txt:1: there is no column 3; the line has 2"));
}

TEST_F(TaggedTextTest, UnseenTagsAreCounted) {
  const auto s = source("a.txt", "a O\nb NEW\n");
  const auto texts = read_tagged_texts(s, LabelSet({"O", "B-X"}));
  EXPECT_THAT(texts.tags.ids, ElementsAre(1, -1));
  EXPECT_EQ(texts.report.unseen_tags.first, s.path + ":1 'NEW'");
}

TEST(TagScheme, BioAndBioesThereAndBack) {
  const Strings bio = {"B-A", "I-A", "O", "B-A", "B-B", "I-B", "I-B"};
  const Strings bioes = {"B-A", "E-A", "O", "S-A", "B-B", "I-B", "E-B"};
  EXPECT_EQ(bio_to_bioes(bio), bioes);
  EXPECT_EQ(bioes_to_bio(bioes), bio);
}

TEST(TagScheme, WhatIsIllegalBeginsASpan) {
  const Strings bio = {"I-A", "I-B", "O", "I-B", "I-B", "B-A", "I-A"};
  EXPECT_THAT(illegal_bio(bio), ElementsAre(0, 1, 3));
  EXPECT_EQ(bio_to_bioes(bio), (Strings{"S-A", "S-B", "O", "B-B", "E-B", "B-A", "E-A"}));
}

}  // namespace
}  // namespace stemma
