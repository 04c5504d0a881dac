#include "stemma/tasks/answer_scores.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/choice.h"
#include "stemma/base/numbers.h"
#include "stemma/metrics/squad.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

bool mostly_chinese(const Questions& questions) {
  int64_t letters = 0, han = 0;
  for (const auto& question : questions.questions)
    for (const auto [c, begin, size] : code_points(question.text))
      letters += is_word_character(c), han += is_chinese(c);
  return 2 * han > letters;
}

std::vector<Answered> answered(const Questions& questions, const std::vector<FoundAnswers>& found) {
  std::vector<Answered> out;
  for (size_t i = 0; i < found.size(); ++i) {
    Answered one{.prediction = found[i].text(), .answers = {}, .no_answer = found[i].no_answer};
    for (const auto& answer : questions.questions[i].answers) one.answers.push_back(answer.text);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<std::string> row_of(const std::string& name, const AnswerScore& score) {
  return {name, fixed(score.exact, 2), fixed(score.f1, 2), str(score.questions)};
}

TaskReport report_of(const std::string& title, const AnswerScore& all) {
  TaskReport out{"F1", all.f1 / 100, to_json(all), {}, {}};
  out.second_measure = "exact match", out.second = all.exact / 100;
  out.all["scoring"] = title;
  out.tables.push_back({title, {"", "exact match", "F1", "questions"}, {row_of("all", all)}});
  return out;
}

}  // namespace

void AnswerData::validate() const {
  check_choice("data.misplaced", misplaced, {"skip", "fail"});
  check_choice("data.scoring", scoring, {"auto", "squad", "cmrc"});
}

TaskReport score_answers(const Questions& questions, const std::vector<FoundAnswers>& found,
                         const std::string& scoring) {
  const auto answers = answered(questions, found);
  const bool impossible = questions.report.impossible > 0;
  if (!impossible && (scoring == "cmrc" || (scoring == "auto" && mostly_chinese(questions))))
    return report_of("as CMRC 2018", cmrc_score(answers));
  if (!impossible) return report_of("as SQuAD 1.1", squad1_score(answers));
  const Squad2Score s = squad2_score(answers);
  TaskReport out = report_of("as SQuAD 2.0", s.all);
  out.all["details"] = to_json(s);
  auto& rows = out.tables[0].rows;
  rows.push_back(row_of("with an answer", s.with_answer));
  rows.push_back(row_of("without", s.without_answer));
  rows.push_back({"best threshold", fixed(s.best_exact, 2), fixed(s.best_f1, 2), ""});
  return out;
}

Validation validation_of(const Questions& questions, const QuestionRows& rows, const std::vector<FoundAnswers>& found,
                         const std::string& scoring) {
  const TaskReport report = score_answers(questions, found, scoring);
  Validation out;
  int64_t known = 0;
  for (size_t i = 0; i < found.size(); ++i)
    if (rows.answers[i].first >= 0) out.loss += found[i].nll, known += 2;
  out.loss /= double(std::max<int64_t>(known, 1));
  out.score = report.score;
  out.extra = Json::object({{"exact", report.all["exact"]}, {"f1", report.all["f1"]}});
  return out;
}

}  // namespace stemma
