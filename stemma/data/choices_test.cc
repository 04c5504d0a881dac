#include "stemma/data/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ChoicesTest : public testing::Test {
 protected:
  ChoiceSource source(const std::string& name, const std::string& text) {
    write_file(directory.file(name), text);
    ChoiceSource s;
    s.path = directory.file(name);
    return s;
  }
  std::string error(const std::string& name, const std::string& text) {
    const auto s = source(name, text);
    return error_of([&] { read_choices(s); });
  }
  TemporaryDirectory directory;
};

TEST_F(ChoicesTest, OptionsWithLetters) {
  const auto all = read_choices(
      source("a.jsonl", R"({"id": "q1", "question": {"stem": "Where?", "choices": [)"
                        R"({"label": "A", "text": "x"}, {"label": "B", "text": "y"}]}, "answerKey": "B"})"));
  EXPECT_EQ(all.questions[0].id, "q1");
  EXPECT_EQ(all.questions[0].question, "Where?");
  EXPECT_THAT(all.questions[0].options, ElementsAre("x", "y"));
  EXPECT_EQ(all.questions[0].answer, 1);
}

TEST_F(ChoicesTest, OurOwnShape) {
  const auto s = source("a.jsonl", R"({"context": "c", "question": "q", "options": ["x", "y"], "answer": 1}
{"question": "q", "options": ["x", "y"], "answer": "x"}
{"question": "q", "options": ["x", "y"], "answer": 2}
)");
  const auto all = read_choices(s);
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all.questions[0].context, "c");
  EXPECT_EQ(all.questions[1].answer, 0);
  EXPECT_EQ(all.questions[1].id, s.path + ":2");
  EXPECT_EQ(all.report.answer_not_among_options.first, s.path + ":3");
}

TEST_F(ChoicesTest, TableOfQuestionOptionsAndLetter) {
  const auto s = source("a.csv", "\"q, 1\",a,b,c,2\nq2,a,b,,B\nq3,a,b,,C\nq4,,,,1\n,a,b,c,A\n");
  const auto all = read_choices(s);
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all.questions[0].question, "q, 1");
  EXPECT_EQ(all.questions[0].answer, 1);
  EXPECT_THAT(all.questions[1].options, ElementsAre("a", "b"));
  EXPECT_EQ(all.report.answer_not_among_options.count, 1);
  EXPECT_EQ(all.report.empty.count, 2);
  auto unanswered = source("b.csv", "q,a,b\n");
  unanswered.answers = false;
  EXPECT_EQ(read_choices(unanswered).questions[0].answer, -1);
}

TEST_F(ChoicesTest, DefectsAreNamed) {
  EXPECT_THAT(error("a.csv", "q,a,b,A\nq,a,A\n"), HasSubstr("a.csv:2: 3 columns, expected 4"));
  EXPECT_THAT(error("a.csv", ""), HasSubstr("no question is left; 0 were empty"));
  EXPECT_THAT(error("a.jsonl", "{\"options\": []}"), HasSubstr("a.jsonl:1: key 'question' is missing"));
  EXPECT_THAT(error("a.jsonl", R"({"question": "q", "options": [1, 2], "answer": 0})"),
              HasSubstr("a.jsonl:1: an option must be text, found 1"));
  EXPECT_THAT(error("a.jsonl", R"({"question": {"stem": "q", "choices": 1}, "answerKey": "A"})"),
              HasSubstr("'choices' must be a list"));
}

}  // namespace
}  // namespace stemma
