// The network of the task choose: a score for each option of a question by any encoder, and a softmax over them. Knows
// no files.
#pragma once
#include "stemma/base/hash.h"
#include "stemma/data/choices.h"
#include "stemma/tasks/evidence.h"
#include "stemma/tasks/network.h"

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

class ChooseModel : public TextNetwork {
 public:
  ChooseModel(const TaskRecipe& recipe, Lexer lexer);

  ChoiceRows encode(const std::vector<Choice>& questions) const;
  Loss loss(const ChoiceRows& x, std::span<const int64_t> index) const;
  // A probability for each option of each question; those of one do not depend on the other questions.
  std::vector<std::vector<double>> answer(const ChoiceRows& x) const;
  // Gradient x input of an option's score. Document 0: context and question; 1: the option.
  std::vector<Evidence> explain(const Choice& question, int64_t option) const;

 private:
  void walk_head(const ParamFn& f) override;
  Tensor scores(const ChoiceRows& x, std::span<const int64_t> index) const;  // [options, 1], a sequence a question
  ChooseHead head_;
  struct Head {
    Pooling pool;
    Linear hidden, out, B;
    FIELDS(pool, hidden, out, B)
  } layers_;
};

}  // namespace stemma
