// What the scores of SQuAD and CMRC share.
#pragma once
#include <algorithm>

#include "stemma/base/check.h"
#include "stemma/metrics/squad.h"

namespace stemma {

// 2 P R / (P + R) of `shared` among the words of each.
inline double f1_of_shared(double shared, double prediction, double answer) {
  if (shared == 0) return 0;
  const double precision = shared / prediction, recall = shared / answer;
  return 2 * precision * recall / (precision + recall);
}

// The mean over questions of the best over answers, in percent; exact and f1 take a prediction and an answer.
template <class Exact, class F1>
AnswerScore best_of_answers(const std::vector<Answered>& questions, Exact&& exact, F1&& f1) {
  AnswerScore out{.questions = int64_t(questions.size())};
  for (size_t i = 0; i < questions.size(); ++i) {
    const auto& [prediction, answers, no_answer] = questions[i];
    check(!answers.empty(), "question ", i + 1, " has no answer to be compared with");
    double best_exact = 0, best_f1 = 0;
    for (const auto& answer : answers) {
      best_exact = std::max(best_exact, double(exact(prediction, answer)));
      best_f1 = std::max(best_f1, double(f1(prediction, answer)));
    }
    out.exact += 100 * best_exact / double(questions.size()), out.f1 += 100 * best_f1 / double(questions.size());
  }
  return out;
}

}  // namespace stemma
