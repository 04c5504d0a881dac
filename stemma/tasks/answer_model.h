// The network of the task answer: any encoder reads text and question, a FlowReader points at where the answer begins
// and ends. Knows no files.
#pragma once
#include "stemma/data/questions.h"
#include "stemma/models/flow_reader.h"
#include "stemma/tasks/network.h"

namespace stemma {

struct AnswerHead {
  FlowReader::Config reader;
  int64_t longest_context = 400;   // tokens of a text in training; a longer one is cut there; 0: any
  int64_t longest_answer = 30;     // tokens
  int64_t best = 5;                // answers given to a question
  std::string no_answer = "auto";  // yes | no | auto: whether texts may not say, auto: as in the training file
  FIELDS(reader, longest_context, longest_answer, best, no_answer)
  void validate() const;  // Error naming the option
};

// Questions and their texts as rows.
struct QuestionRows {
  EncodedTexts contexts, questions;
  std::vector<Lexed> places;             // of each context's tokens, and whether it was cut
  Ragged context_forms, question_forms;  // of each token: a number for its lower-case text
  std::vector<int64_t> context;          // of each question
  struct Span {
    int64_t first = -1, last = -1;  // rows of the answer; both one behind the last row: no answer; -1: not known
  };
  std::vector<Span> answers;
  int64_t size() const { return questions.size(); }
  TokenCost cost(int64_t i) const { return {contexts.length(context[size_t(i)]) + questions.length(i), 2}; }
  bool is_cut(int64_t i) const { return contexts.cut[size_t(context[size_t(i)])] || questions.cut[size_t(i)]; }
  uint64_t fingerprint() const;
};

struct FoundAnswer {
  std::string text;            // empty: none
  int64_t begin = 0, end = 0;  // bytes of the context
  double probability = 0;      // among all spans, and no answer where that is one
  FIELDS(text, begin, end, probability)
};
struct FoundAnswers {
  std::vector<FoundAnswer> best;  // greatest probability first; empty: a text without words
  bool none = false;              // the text does not say
  double no_answer = 0;           // the probability of that
  double nll = 0;                 // -log p of the wanted first and last row, where they are known
  std::string text() const { return none || best.empty() ? "" : best[0].text; }
};

class AnswerModel : public TextNetwork {
 public:
  AnswerModel(const TaskRecipe& recipe, Lexer lexer);

  // Texts of more than `longest` tokens are cut; 0: none but by what the encoder has positions for.
  QuestionRows encode(const Questions& questions, int64_t longest) const;
  Loss loss(const QuestionRows& x, std::span<const int64_t> index) const;
  // Of one question it does not depend on the others.
  std::vector<FoundAnswers> answer(const QuestionRows& x, const Questions& questions) const;
  FlowReader::Scores scores(const QuestionRows& x, std::span<const int64_t> index) const;

 private:
  void walk_head(const ParamFn& f) override { stemma::walk("reader", reader_, f); }
  FoundAnswers find(const QuestionRows& x, int64_t i, const std::string& context, std::span<const float> start,
                    std::span<const float> end) const;
  AnswerHead head_;
  FlowReader reader_;
};

}  // namespace stemma
