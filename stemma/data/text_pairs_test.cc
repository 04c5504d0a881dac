#include "stemma/data/text_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TextPairTest : public testing::Test {
 protected:
  TextPairSource table(const std::string& text) {
    write_file(directory.file("a.tsv"), text);
    TextPairSource s;
    s.path = directory.file("a.tsv");
    return s;
  }
  TextPairSource files(const std::string& first, const std::string& second, const std::string& labels) {
    TextPairSource s;
    s.first = directory.file("s1"), s.second = directory.file("s2"), s.label = directory.file("labels");
    write_file(s.first, first), write_file(s.second, second), write_file(s.label, labels);
    return s;
  }
  TemporaryDirectory directory;
};

TEST_F(TextPairTest, TableWithByteOrderMarkAndCrlf) {
  auto s = table("\xEF\xBB\xBFQuality\t#1 String\t#2 String\r\n1\ta\tb\r\n0\tc\td\r\n1\t \td\r\n");
  s.first = "#1 String", s.second = "#2 String", s.label = "Quality";
  const auto pairs = read_text_pairs(s);
  EXPECT_THAT(pairs.first, ElementsAre("a", "c"));
  EXPECT_THAT(pairs.second, ElementsAre("b", "d"));
  EXPECT_THAT(pairs.labels, ElementsAre(1, 0));
  EXPECT_EQ(pairs.report.empty.first, s.path + ":4");
}

TEST_F(TextPairTest, ALabelIsOneLine) {
  auto s = table("a\tb\t not  the same\na\tc\tsame\n");
  s.first = "1", s.second = "2", s.label = "3";
  EXPECT_THAT(read_text_pairs(s).names.names(), ElementsAre("not the same", "same"));
}

TEST_F(TextPairTest, ScoresOfRowsThatAreLonger) {
  auto s = table("5.000\ta\tb\n3.25\tc\td\tsource\n");
  s.first = "2", s.second = "3", s.label = "1", s.scores = true, s.table.more_columns = true;
  EXPECT_THAT(read_text_pairs(s).scores, ElementsAre(5, 3.25));
  write_file(s.path, "score\ta\tb\n1\tc\td\nx\tc\td\n");
  EXPECT_THAT(error_of([&] { read_text_pairs(s); }), HasSubstr("a.tsv:3: score 'x' is not a number"));
  write_file(s.path, "inf\ta\tb\n");
  EXPECT_THAT(error_of([&] { read_text_pairs(s); }), HasSubstr("a.tsv:1: score 'inf' is not a number"));
  write_file(s.path, "1\ta\tb\n1\tc\td\n");
  EXPECT_THAT(error_of([&] { read_text_pairs(s); }), HasSubstr("every pair has the score 1"));
}

TEST_F(TextPairTest, ParallelFiles) {
  auto s = files("a\nb\nc\n", "d\ne\nf\n", "yes\n-\nno\n");
  s.leave = {"-"};
  const auto pairs = read_text_pairs(s);
  EXPECT_THAT(pairs.second, ElementsAre("d", "f"));
  EXPECT_THAT(pairs.labels, ElementsAre(1, 0));
  EXPECT_EQ(pairs.report.left_out.count, 1);
  EXPECT_THAT(error_of([&] { read_text_pairs(files("a\nb\n", "c\n", "x\ny\n")); }),
              HasSubstr("s2 ends after line 1, "));
  EXPECT_THAT(error_of([&] { read_text_pairs(files("a\n", "c\n", " \n")); }), HasSubstr("s1:1: the pair has no label"));
  EXPECT_THAT(error_of([&] { read_text_pairs(files("a\n", "c\xFF\n", "x\n")); }),
              HasSubstr("s2:1: not valid UTF-8 at byte 2"));
}

TEST_F(TextPairTest, UnseenAndSingleLabels) {
  const LabelSet known({"entailment", "neutral"});
  EXPECT_THAT(error_of([&] { read_text_pairs(files("a\n", "c\n", "entailmnt\n"), known); }),
              HasSubstr("s1:1: label 'entailmnt' was not seen in training (did you mean 'entailment'?)"));
  EXPECT_THAT(error_of([&] { read_text_pairs(files("a\n", "c\n", "x\n")); }),
              HasSubstr("every pair has the label 'x'"));
  EXPECT_THAT(error_of([&] { read_text_pairs(files("", "", "")); }), HasSubstr("no pair is left"));
  auto s = files("a\n", "c\n", "");
  s.label = "";
  EXPECT_EQ(read_text_pairs(s).size(), 1);
}

}  // namespace
}  // namespace stemma
