#include "stemma/data/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::HasSubstr;

class QuestionsTest : public testing::Test {
 protected:
  Questions read(const std::string& text, const std::string& misplaced = "skip") {
    write_file(directory.file("q.json"), text);
    return read_questions({directory.file("q.json"), misplaced});
  }
  // One passage "Käse ist gut" with these questions.
  static std::string file(const std::string& questions) {
    return "{\"version\": \"v2.0\", \"data\": [{\"title\": \"T\", \"paragraphs\": [{\"context\": \"Käse ist gut\", "
           "\"qas\": [" +
           questions + "]}]}]}";
  }
  TemporaryDirectory directory;
};

constexpr auto good = R"({"id": "a", "question": "Was?", "answers": [{"text": "ist", "answer_start": 5}]})";
constexpr auto bad = R"({"id": "b", "question": "Wie?", "answers": [{"text": "gut", "answer_start": 8}]})";

TEST_F(QuestionsTest, OffsetsOfCodePointsBecomeBytes) {
  const auto all = read(file(good));
  ASSERT_EQ(all.size(), 1);
  const auto& q = all.questions[0];
  EXPECT_EQ(q.text, "Was?");
  EXPECT_EQ(all.passages[0].title, "T");
  EXPECT_EQ(q.answers[0].begin, 6);
  EXPECT_EQ(all.context(q).substr(6, 3), "ist");
}

TEST_F(QuestionsTest, AMisplacedAnswerIsSkippedKeptOrFatal) {
  const auto text = file(str(good, ",", bad));
  const auto skipped = read(text);
  EXPECT_EQ(skipped.size(), 1);
  EXPECT_EQ(skipped.report.misplaced_answers.count, 1);
  EXPECT_EQ(skipped.report.misplaced_answers.first, "b");
  EXPECT_EQ(skipped.report.questions_without_answer.first, "b");
  const auto kept = read(text, "keep");
  ASSERT_EQ(kept.size(), 2);
  EXPECT_EQ(kept.questions[1].answers[0].begin, -1);
  EXPECT_THAT(error_of([&] { read(text, "fail"); }),
              HasSubstr("question 'b': answer 'gut' does not stand at character 8 of its passage"));
}

TEST_F(QuestionsTest, SomeQuestionsHaveNoAnswer) {
  const auto all = read(file(str(good, R"(,{"id": "c", "question": "Wo?", "is_impossible": true, "answers": []})")));
  EXPECT_EQ(all.report.impossible, 1);
  EXPECT_TRUE(all.questions[1].impossible);
  EXPECT_TRUE(all.questions[1].answers.empty());
}

TEST_F(QuestionsTest, DefectsAreNamed) {
  const auto error = [&](const std::string& text) {
    auto message = error_of([&] { read(text); });
    if (const auto at = message.find(directory.path()); at != message.npos)
      message.erase(at, directory.path().size() + 1);
    return message;
  };
  EXPECT_EQ(error(R"({"data": [{"paragraphs": [{"qas": []}]}]})"),
            "q.json: data[0].paragraphs[0]: key \"context\" is missing");
  EXPECT_EQ(error(R"({"data": [{"paragraphs": 3}]})"), "q.json: data[0].paragraphs: expected a list, found 3");
  EXPECT_EQ(error(file(str(good, ",", good))), "q.json: data[0].paragraphs[0].qas[1]: question 'a' is there twice");
  EXPECT_EQ(error(file("")), "q.json: no question is left; 0 had no answer at its place");
  EXPECT_EQ(error("{\"dat\": []}"), "q.json: no list \"data\" of articles; is it in the JSON of SQuAD?");
  EXPECT_THAT(error("{\"data\": [{]}"), HasSubstr("q.json: not valid JSON: line 1, column 12"));
  EXPECT_THAT(error("{\"data\": [1, {}]}"), HasSubstr("\"data\" must be a list of objects"));
}

}  // namespace
}  // namespace stemma
