// How good answers are: exact match and F1 as the official scripts of SQuAD 1.1, 2.0 and CMRC 2018 compute them.
#pragma once
#include "stemma/tasks/answer_model.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

// How a file of questions is read and scored.
struct AnswerData {
  std::string misplaced = "skip";  // of training answers that do not stand where the file says: skip | fail
  std::string scoring = "auto";    // squad | cmrc | auto: cmrc where most letters of the questions are Han
  FIELDS(misplaced, scoring)
  void validate() const;  // Error naming the option
};

TaskReport score_answers(const Questions& questions, const std::vector<FoundAnswers>& found,
                         const std::string& scoring);
// The same for a validation while training; its loss is that of the questions whose answer has its place.
Validation validation_of(const Questions& questions, const QuestionRows& rows, const std::vector<FoundAnswers>& found,
                         const std::string& scoring);

}  // namespace stemma
