#include "stemma/data/labelled_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LabelledTextTest : public testing::Test {
 protected:
  LabelledTextSource source(const std::string& name, const std::string& text) {
    write_file(directory.file(name), text);
    LabelledTextSource s;
    s.path = directory.file(name);
    return s;
  }
  TemporaryDirectory directory;
};

TEST_F(LabelledTextTest, ColumnsAreJoinedAndLabelsSorted) {
  const auto s = source("a.tsv", "title\ttext\tlabel\n A \tb\tsport\nC\td \tart\n");
  auto both = s;
  both.text = {"title", "text"};
  const auto texts = read_labelled_texts(both);
  EXPECT_THAT(texts.texts, ElementsAre("A  b", "C d"));
  EXPECT_THAT(texts.names.names(), ElementsAre("art", "sport"));
  EXPECT_THAT(texts.labels.ids, ElementsAre(1, 0));
}

TEST_F(LabelledTextTest, FastTextLinesWithManyLabels) {
  const auto s = source("a.txt", "__label__b __label__a some  text\n__label__a\n\nmore\n__label__a __label__a end\n");
  const auto texts = read_labelled_texts(s);
  EXPECT_THAT(texts.texts, ElementsAre("some text", "end"));
  EXPECT_THAT(texts.labels.ids, ElementsAre(1, 0, 0));
  EXPECT_EQ(texts.report.empty.count, 2);
  EXPECT_EQ(texts.report.empty.first, s.path + ":2");
  EXPECT_EQ(texts.report.unlabelled.count, 1);
  EXPECT_EQ(describe_skipped(texts.report),
            str("  2 empty, the first: ", s.path, ":2\n  1 unlabelled, the first: ", s.path, ":4\n"));
}

TEST_F(LabelledTextTest, ManyLabelsInACellOrAList) {
  auto s = source("a.csv", "text,label\nx,\"b, a\"\ny,a\n");
  s.separator = ",";
  EXPECT_THAT(read_labelled_texts(s).labels.ids, ElementsAre(1, 0, 0));
  EXPECT_THAT(read_labelled_texts(source("a.jsonl", "{\"text\": \"x\", \"label\": [\"b\", 7]}\n")).names.names(),
              ElementsAre("7", "b"));
}

TEST_F(LabelledTextTest, ALabelIsOneLine) {
  EXPECT_THAT(read_labelled_texts(source("a.csv", "text,label\nx,\"new\n\tyork \"\ny,new york\nz,art\n")).names.names(),
              ElementsAre("art", "new york"));
  const auto texts = read_labelled_texts(
      source("a.jsonl", "{\"text\": \"x\", \"label\": [\"a\\nb\", \"\"]}\n{\"text\": \"y\", \"label\": \"c\"}\n"));
  EXPECT_THAT(texts.names.names(), ElementsAre("a b", "c"));
}

TEST_F(LabelledTextTest, HeaderIsFoundWhenColumnsAreNumbers) {
  auto s = source("a.tsv", "sentence\tlabel\nx\t10\ny\t9\nz\t9\n");
  s.text = {"1"}, s.label = "2";
  const auto texts = read_labelled_texts(s);
  EXPECT_THAT(texts.texts, ElementsAre("x", "y", "z"));
  EXPECT_THAT(texts.names.names(), ElementsAre("9", "10"));
}

TEST_F(LabelledTextTest, NumbersStandForLinesOfAFileOfNames) {
  write_file(directory.file("classes.txt"), "World\nSports\n");
  auto s = source("a.csv", "text,label\nx,2\ny,1\n");
  s.names = directory.file("classes.txt");
  EXPECT_THAT(read_labelled_texts(s).names.names(), ElementsAre("Sports", "World"));
  write_file(s.path, "text,label\nx,3\n");
  EXPECT_THAT(error_of([&] { read_labelled_texts(s); }), HasSubstr("a.csv:2: label '3' is not a number from 1 to 2"));
}

TEST_F(LabelledTextTest, BadTextIsNamed) {
  const LabelSet known({"sports", "art"});
  EXPECT_THAT(error_of([&] { read_labelled_texts(source("a.tsv", "text\tlabel\nx\tart\ny\tsport\n"), known); }),
              HasSubstr("a.tsv:3: label 'sport' was not seen in training (did you mean 'sports'?)"));
  EXPECT_THAT(error_of([&] { read_labelled_texts(source("a.tsv", "text\tlabel\nx\tart\ny\tart\n")); }),
              HasSubstr("every text has the label 'art'; there is nothing to tell apart"));
  EXPECT_THAT(error_of([&] { read_labelled_texts(source("a.tsv", "text\tlabel\n \tart\n")); }),
              HasSubstr("no text is left; 1 were empty, 0 without a label"));
}

TEST_F(LabelledTextTest, PredictionNeedsNoLabels) {
  auto s = source("a.tsv", "text\nx\n");
  s.label = "";
  EXPECT_THAT(read_labelled_texts(s).texts, ElementsAre("x"));
}

TEST_F(LabelledTextTest, LabelSetIsSavedAndLoaded) {
  const LabelSet labels({"b", "a", "b"});
  labels.save(directory.file("labels.txt"));
  EXPECT_EQ(LabelSet::load(directory.file("labels.txt")), labels);
  EXPECT_EQ(LabelSet::from_json(labels.to_json(), "labels"), labels);
  EXPECT_EQ(labels.find("c"), -1);
  EXPECT_EQ(labels.name(1), "b");
  EXPECT_EQ(error_of([&] { static_cast<void>(labels.name(2)); }), "label 2 is not between 0 and 1");
  write_file(directory.file("labels.txt"), "a\nb\na\n");
  EXPECT_THAT(error_of([&] { LabelSet::load(directory.file("labels.txt")); }),
              HasSubstr("labels.txt:3: label 'a' is in line 1 already"));
}

}  // namespace
}  // namespace stemma
