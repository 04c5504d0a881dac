#include "stemma/tasks/answer_scores.h"

#include <gtest/gtest.h>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

Questions one(const std::string& question, const std::string& answer) {
  Questions out;
  out.passages.push_back({.title = "", .text = answer});
  out.questions.push_back({.id = "q", .text = question, .passage = 0, .answers = {{.text = answer, .begin = 0}}});
  return out;
}
std::vector<FoundAnswers> found(const std::string& text) {
  FoundAnswers out;
  out.best.push_back({.text = text, .begin = 0, .end = int64_t(text.size()), .probability = 1});
  return {out};
}

TEST(AnswerScores, the_questions_decide_whose_script_counts) {
  const auto chinese = score_answers(one("他们住在哪里？", "北京市"), found("北京"), "auto");
  EXPECT_EQ(chinese.all["scoring"].text(), "as CMRC 2018");
  EXPECT_NEAR(chinese.score, 0.8, 1e-9);  // two of two characters, two of three
  const auto english = score_answers(one("Where do they live?", "the old town"), found("Old town."), "auto");
  EXPECT_EQ(english.all["scoring"].text(), "as SQuAD 1.1");
  EXPECT_EQ(english.all["exact"].number(), 100);
  EXPECT_EQ(score_answers(one("他们住在哪里？", "北京市"), found("北京"), "squad").score, 0);
}

TEST(AnswerScores, what_the_text_does_not_say_is_scored_as_squad_2) {
  Questions questions = one("Where?", "here");
  questions.questions.push_back({.id = "r", .text = "Why?", .passage = 0, .answers = {}, .impossible = true});
  questions.report.impossible = 1;
  auto answers = found("here");
  answers.push_back({.best = {}, .none = true, .no_answer = 0.9});
  const auto report = score_answers(questions, answers, "auto");
  EXPECT_EQ(report.all["scoring"].text(), "as SQuAD 2.0");
  EXPECT_EQ(report.score, 1);
  EXPECT_EQ(report.tables.at(0).rows.size(), 4u);
}

TEST(AnswerScores, an_unknown_option_is_an_error) {
  EXPECT_EQ(error_of([] { AnswerData{.misplaced = "skip", .scoring = "sqad"}.validate(); }),
            "data.scoring: unknown value 'sqad' (did you mean 'squad'?)");
}

}  // namespace
}  // namespace stemma
