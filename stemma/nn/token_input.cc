#include "stemma/nn/token_input.h"

#include "stemma/base/choice.h"

namespace stemma {

void TokenInputShape::validate() const {
  check_choice("vectors", vectors, {"tuned", "static", "both"});
  check_choice("letters", letters, {"none", "cnn", "lstm"});
  check(embedding > 0, "embedding: ", embedding, " is not positive");
  check(letter_embedding > 0 && letter_width > 0 && letter_width % 2 == 0,
        "letter_embedding, letter_width: must be positive, letter_width even");
  check(dropout >= 0 && dropout < 1, "dropout = ", dropout, ": must be in [0, 1)");
}

LetterFeatures::LetterFeatures(const TokenInputShape& s, int64_t letters)
    : E(letters, s.letter_embedding, {Init::uniform, std::sqrt(3 / float(s.letter_embedding))}) {
  if (s.letters == "lstm")
    lstm = BidirectionalRecurrent(Cell::lstm, s.letter_embedding, s.letter_width / 2);
  else
    W = Param(s.letter_width, 3 * s.letter_embedding, {Init::xavier}), b = Param(1, s.letter_width);
}

Tensor LetterFeatures::operator()(const Tensor& letters) const {
  const Tensor e = E(letters);
  if (!lstm) return segment_max(relu(conv(e, W, b, {.width = 3, .before = 1})));
  RecurrentState s;
  (*lstm)(e, s);
  return s.h;
}

thread_local InputProbe* InputProbe::current_ = nullptr;

Tensor InputProbe::pass(const Tensor& rows) {
  if (!current_) return rows;
  return current_->inputs_.emplace_back(parameter(rows.detach()));
}

TokenInput::TokenInput(const TokenInputShape& s, const TokenCounts& counts) : p(s.dropout) {
  s.validate();
  const Init init{Init::uniform, std::sqrt(3 / float(s.embedding))};  // unit variance; Ma & Hovy 2016, section 3.1
  if (s.vectors != "static") tuned = Embedding(counts.words, s.embedding, init);
  if (s.vectors != "tuned") {
    fixed = Embedding(counts.words, s.embedding, init);
    fixed->E.w = fixed->E.w.detach();
  }
  if (s.letters != "none") letters = LetterFeatures(s, counts.characters);
}

int64_t TokenInput::width() const {
  const int64_t words = (tuned ? tuned : fixed)->E.w.cols();
  return words + (!letters ? 0 : letters->W ? letters->W.w.rows() : 2 * letters->lstm->forwards.U.w.cols());
}

Tensor TokenInput::operator()(const TokenRows& x) const {
  Tensor e = tuned && fixed ? (*tuned)(x.ids) + (*fixed)(x.ids) : (tuned ? *tuned : *fixed)(x.ids);
  if (letters) {
    check(bool(x.characters), "this encoder reads letters, and was given none");
    e = hstack({e, (*letters)(x.characters)});
  }
  return dropout(InputProbe::pass(e), p);
}

}  // namespace stemma
