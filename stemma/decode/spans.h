// The answer to a question as a span of rows: pointers to its first and last row, scored apart (Seo et al. 2017,
// section 2, output layer). Knows nothing of models.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stemma/base/fields.h"

namespace stemma {

struct SpanSearch {
  int64_t longest = 30;                  // rows of an answer, at most
  int64_t best = 1;                      // how many spans are wanted
  std::optional<double> no_answer = {};  // the score of "there is no answer", where that is one
};

struct AnswerSpan {
  int64_t first = 0, last = 0;  // rows, both of the answer: first <= last < first + longest
  double score = 0;             // start_first + end_last
  double probability = 0;       // among all legal spans, and no answer where that is one
  FIELDS(first, last, score, probability)
};
struct AnswerSpans {
  std::vector<AnswerSpan> best;  // greatest score first; of equal ones the earlier, then the shorter
  double no_answer = 0;          // its probability
  // Its score above that of the best span (SQuAD 2.0's threshold is put on this); -infinity where it is none.
  double no_answer_margin = 0;
};

// start, end: a score for each row of one sequence; -infinity: not here. Without a legal span `best` is empty.
// Error when their sizes differ, a score is not a number, or `longest` or `best` is not positive.
AnswerSpans best_spans(std::span<const float> start, std::span<const float> end, const SpanSearch& how = {});

}  // namespace stemma
