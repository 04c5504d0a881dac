// Questions with options to choose from, in three shapes:
//   JSONL of ours   {"context": "...", "question": "...", "options": ["...", "..."], "answer": 0}
//   CommonsenseQA   {"question": {"stem": "...", "choices": [{"label": "A", "text": "..."}]}, "answerKey": "A"}
//   CSV, TSV        question, options ..., answer: A B C or 1 2 3 (ARC); empty last options are none
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/skipped.h"

namespace stemma {

struct ChoiceSource {
  std::string path;
  std::string format = "auto";  // jsonl | csv | tsv | auto, as table.h says
  std::string header = "no";    // yes | no: whether the first row of a CSV or TSV is one
  bool answers = true;          // false: there are none, as in prediction; the last column is an option then
  FIELDS(path, format, header, answers)
};

struct Choice {
  std::string id;                 // "train.csv:12" where the file has none
  std::string context, question;  // context may be empty
  std::vector<std::string> options;
  int64_t answer = -1;  // place in options; -1: not asked for
};
struct ChoiceReport {
  int64_t questions = 0, options = 0;  // kept
  Skipped answer_not_among_options;
  Skipped empty;  // no question, an option without text, fewer than two options
  FIELDS(questions, options, answer_not_among_options, empty)
};
struct Choices {
  std::vector<Choice> questions;
  ChoiceReport report;
  int64_t size() const { return int64_t(questions.size()); }
};

// In our shape "answer" is the place in options from 0, or the text of an option. Errors name file and line: not JSON,
// a missing key, over 26 options, a ragged row, no question at all.
Choices read_choices(const ChoiceSource& source);

}  // namespace stemma
