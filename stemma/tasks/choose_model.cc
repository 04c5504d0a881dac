#include "stemma/tasks/choose_model.h"

#include <algorithm>

#include "stemma/base/choice.h"
#include "stemma/nn/pointers.h"

namespace stemma {

void ChooseHead::validate() const {
  check_choice("head.form", form, {"joint", "siamese"});
  check_pooling(pooling);
  check(hidden >= 0, "head.hidden = ", hidden, ": must be at least 0");
  check(dropout >= 0 && dropout < 1, "head.dropout = ", dropout, ": must be in [0, 1)");
}

ChooseModel::ChooseModel(const TaskRecipe& recipe, Lexer lexer)
    : TextNetwork(recipe, std::move(lexer)), head_(from_json<ChooseHead>(recipe.head, "head")) {
  const int64_t d = encoder_->width();
  layers_.pool = make_pooling(head_.pooling, *encoder_);
  if (head_.form == "siamese")
    layers_.B = Linear(d, d);
  else if (head_.hidden > 0)
    layers_.hidden = Linear(d, head_.hidden);
  layers_.out = Linear(layers_.hidden.W ? head_.hidden : d, 1, false);
  mark(recipe, {"choose", recipe.head.dump(), ""});
}

void ChooseModel::walk_head(const ParamFn& f) { stemma::walk("head", layers_, f); }

// ---- questions as rows ----------------------------------------------------------------------------------------------
TokenCost ChoiceRows::cost(int64_t i) const {
  const int64_t own = begin[size_t(i) + 1] - begin[size_t(i)];
  TokenCost out{questions.size() ? questions.length(i) : 0, 1};
  for (int64_t k = 0; k < own; ++k) out.source += options.length(begin[size_t(i)] + k);
  return out;
}

bool ChoiceRows::is_cut(int64_t i) const {
  const auto own = options.cut.begin();
  return (questions.size() && questions.cut[size_t(i)]) ||
         std::find(own + begin[size_t(i)], own + begin[size_t(i) + 1], true) != own + begin[size_t(i) + 1];
}

std::string asked(const Choice& question) {
  return question.context.empty() ? question.question : question.context + " " + question.question;
}

ChoiceRows ChooseModel::encode(const std::vector<Choice>& questions) const {
  ChoiceRows out;
  EncodedTexts first = no_texts(), options = no_texts();
  for (const auto& question : questions) {
    const std::string text = asked(question);
    first.add(lexer_, lexer_.lex(text), text);
    for (const auto& option : question.options) options.add(lexer_, lexer_.lex(option), option);
    out.begin.push_back(options.size());
    out.answers.push_back(question.answer);
  }
  if (head_.form == "siamese") {
    out.questions = std::move(first), out.options = std::move(options);
    return out;
  }
  out.options = no_texts();
  for (int64_t i = 0; i < out.size(); ++i)
    for (int64_t k = out.begin[size_t(i)]; k < out.begin[size_t(i) + 1]; ++k)
      out.options.add_joined(first, i, options, k);
  return out;
}

Tensor ChooseModel::scores(const ChoiceRows& x, std::span<const int64_t> index) const {
  std::vector<int64_t> options, lengths;
  for (const int64_t i : index) {
    for (int64_t k = x.begin[size_t(i)]; k < x.begin[size_t(i) + 1]; ++k) options.push_back(k);
    lengths.push_back(x.begin[size_t(i) + 1] - x.begin[size_t(i)]);
  }
  const Splits splits = splits_of_lengths(lengths);
  const auto read = [&](const EncodedTexts& texts, std::span<const int64_t> which) {
    return dropout(layers_.pool((*encoder_)(texts.gather(which))), head_.dropout);
  };
  const Tensor v = read(x.options, options);
  if (head_.form == "joint") {
    const Tensor y = layers_.hidden.W ? dropout(layers_.hidden(v, Activation::relu), head_.dropout) : v;
    return layers_.out(y).with_splits(splits);
  }
  const Tensor u = spread(layers_.B(read(x.questions, index)), splits);
  return (sum_cols(u * v) + layers_.out(v)).with_splits(splits);
}

// -log softmax over the options of the right one
Loss ChooseModel::loss(const ChoiceRows& x, std::span<const int64_t> index) const {
  std::vector<int64_t> answers;
  for (const int64_t i : index) answers.push_back(x.answers[size_t(i)]);
  const PointerLoss loss = pointer_loss(scores(x, index), answers);
  return {loss.total, double(loss.total.item()), loss.correct};
}

std::vector<std::vector<double>> ChooseModel::answer(const ChoiceRows& x) const {
  std::vector<std::vector<double>> out(static_cast<size_t>(x.size()));
  in_batches(
      x.size(), [&](int64_t i) { return x.cost(i); },
      [&](std::span<const int64_t> index) {
        const Tensor p = segment_softmax(scores(x, index));
        for (int64_t b = 0; b < int64_t(index.size()); ++b)
          out[size_t(index[size_t(b)])].assign(p.data() + p.begin(b), p.data() + p.end(b));
      });
  return out;
}

// ---- why ------------------------------------------------------------------------------------------------------------
std::vector<Evidence> ChooseModel::explain(const Choice& question, int64_t option) const {
  Choice one = question;
  one.options = {question.options.at(size_t(option))};
  const ChoiceRows x = encode({one});
  const int64_t first = 0;
  auto weights = influences([&] { return scores(x, {&first, 1}); });
  if (head_.form == "joint")
    weights = x.options.parted(0, weights.at(0));
  else
    std::reverse(weights.begin(), weights.end());  // the option is read first
  return evidence_of(lexer_, {asked(one), one.options[0]}, weights);
}

}  // namespace stemma
