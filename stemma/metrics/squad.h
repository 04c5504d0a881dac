// Answers to questions about a text, scored as the official scripts of SQuAD 1.1 (Rajpurkar et al. 2016) and 2.0
// (Rajpurkar et al. 2018) do, and of CMRC 2018 (Cui et al. 2019) for Chinese.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/fields.h"

namespace stemma {

struct Answered {
  std::string prediction;            // empty: none
  std::vector<std::string> answers;  // any of which is right; none: the text does not say
  double no_answer = 0;              // how probable it is that there is no answer
};

struct AnswerScore {  // percent, as the scripts print it
  int64_t questions = 0;
  double exact = 0, f1 = 0;
  FIELDS(questions, exact, f1)
};

// Lower case, without ASCII punctuation and the articles a, an, the, words joined by single spaces.
std::string normalized_answer(std::string_view text);

// Of one answer, 0 to 1.
double squad_exact(std::string_view prediction, std::string_view answer);
// Of the words they share. Where neither has a word it is 1 in version 2, 0 in version 1.
double squad_f1(std::string_view prediction, std::string_view answer, int version = 2);

// Version 1.1: the best of all answers. A question without answers is an Error naming it (from 1).
AnswerScore squad1_score(const std::vector<Answered>& questions);

struct Squad2Score {
  AnswerScore all, with_answer, without_answer;
  // What `all` would be had every question with no_answer above the threshold been left unanswered, for the threshold
  // that is best.
  double best_exact = 0, best_exact_threshold = 0, best_f1 = 0, best_f1_threshold = 0;
  FIELDS(all, with_answer, without_answer, best_exact, best_exact_threshold, best_f1, best_f1_threshold)
};
// Version 2.0. Above `threshold` a question counts as left unanswered.
Squad2Score squad2_score(const std::vector<Answered>& questions, double threshold = 1);

// CMRC 2018: f1 of the longest common run of characters (Chinese) and words (the rest), without punctuation. A stretch
// of text that is not Chinese is cut into words as one sentence is (treebank.h).
double cmrc_exact(std::string_view prediction, std::string_view answer);
double cmrc_f1(std::string_view prediction, std::string_view answer);
// A question without answers is an Error naming it.
AnswerScore cmrc_score(const std::vector<Answered>& questions);

}  // namespace stemma
