// Questions on passages in the JSON of SQuAD 1.1 and 2.0, plain or .gz. An article at a time is parsed, so the memory
// is that of the largest article and of what is kept.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/skipped.h"

namespace stemma {

struct QuestionSource {
  std::string path;
  // An answer that does not stand where the file says:
  std::string misplaced = "skip";  // skip: dropped, and its question when none is left | keep: text alone, begin = -1,
                                   // for evaluation, which compares texts | fail: Error
  FIELDS(path, misplaced)
};

struct Answer {
  std::string text;
  int64_t begin = 0;  // bytes into the passage, where the file counts code points
};
struct PassageQuestion {
  std::string id, text;
  int64_t passage = 0;
  std::vector<Answer> answers;
  bool impossible = false;  // SQuAD 2.0: the passage does not say
};
struct Passage {
  std::string title, text;
};
struct QuestionReport {
  int64_t passages = 0, questions = 0, answers = 0, impossible = 0;  // kept
  Skipped misplaced_answers, questions_without_answer;
  FIELDS(passages, questions, answers, impossible, misplaced_answers, questions_without_answer)
};
struct Questions {
  std::vector<Passage> passages;
  std::vector<PassageQuestion> questions;
  QuestionReport report;
  int64_t size() const { return int64_t(questions.size()); }
  const std::string& context(const PassageQuestion& question) const { return passages[size_t(question.passage)].text; }
};

// Errors: not JSON, not of this shape (named by article, paragraph and question, as "data[3].paragraphs[0].context"),
// an article over 64 MiB, an id twice there, no question at all.
Questions read_questions(const QuestionSource& source);

}  // namespace stemma
