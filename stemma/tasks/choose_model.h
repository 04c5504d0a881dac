// The network of the task choose: a score for each option of a question by any encoder, and a softmax over them. Knows
// no files.
#pragma once
#include <memory>

#include "stemma/base/hash.h"
#include "stemma/data/choices.h"
#include "stemma/models/encoder.h"
#include "stemma/nn/pooling.h"
#include "stemma/tasks/encoded_texts.h"
#include "stemma/tasks/lesson.h"

namespace stemma {

struct ChooseHead {
  // joint: context, question, </s> and option are read as one text, whose vector x scores w x (Radford et al. 2018,
  // section 3.3). siamese: question and option are read apart, to u and v, and score u B v + w v.
  std::string form = "joint";
  std::string pooling = "auto";  // last|first|max|mean|attention; auto: what suits the encoder
  int64_t hidden = 0;            // joint: a layer between the text's vector and its score; 0: none
  float dropout = 0.3f;
  FIELDS(form, pooling, hidden, dropout)
  void validate() const;  // Error naming the option
};

// What is read of a question beside its options.
std::string asked(const Choice& question);

// Questions as rows; option k of question i is number begin[i] + k.
struct ChoiceRows {
  EncodedTexts questions, options;  // of the joint form: options alone, each with its question
  std::vector<int64_t> begin = {0};
  std::vector<int64_t> answers;  // -1: not known
  int64_t size() const { return int64_t(begin.size()) - 1; }
  TokenCost cost(int64_t i) const;  // tokens, and one answer
  bool is_cut(int64_t i) const;     // a part of question i is longer than what is read of it
  uint64_t fingerprint() const { return options.fingerprint(questions.fingerprint(hash64(answers))); }
};

// A token and what it adds to the score of the option that was chosen.
struct ChoiceReason {
  std::string text;
  int64_t begin = 0, end = 0;  // bytes
  double weight = 0;
  int64_t document = 0;  // 0: context and question; 1: the option
  FIELDS(text, begin, end, weight, document)
};

class ChooseModel {
 public:
  ChooseModel(const TaskRecipe& recipe, Lexer lexer);

  void walk(const ParamFn& f);
  Params params() {
    return unique_params([this](const ParamFn& f) { walk(f); });
  }
  std::string architecture(const TaskRecipe& recipe) const;
  const Lexer& lexer() const { return lexer_; }

  ChoiceRows encode(const std::vector<Choice>& questions) const;
  Loss loss(const ChoiceRows& x, std::span<const int64_t> index) const;
  // A probability for each option of each question; those of one do not depend on the other questions.
  std::vector<std::vector<double>> answer(const ChoiceRows& x) const;
  // Gradient x input (Simonyan et al. 2014) of an option's score.
  std::vector<ChoiceReason> explain(const Choice& question, int64_t option) const;

 private:
  Tensor scores(const ChoiceRows& x, std::span<const int64_t> index) const;  // [options, 1], a sequence a question
  ChooseHead head_;
  Lexer lexer_;
  std::unique_ptr<Encoder> encoder_;
  struct Head {
    Pooling pool;
    Linear hidden, out, B;
    FIELDS(pool, hidden, out, B)
  } layers_;
  bool reads_letters_ = false;
};

}  // namespace stemma
