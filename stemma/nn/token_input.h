// What an encoder reads of a token: the vector of its word, features of its letters, or both side by side.
#pragma once
#include "stemma/nn/recurrent.h"

namespace stemma {

// Tokens of a batch of texts.
struct TokenRows {
  Tensor ids;         // [N, 1] i32, a sequence for each text
  Tensor characters;  // [C, 1] i32, a sequence for each of the N tokens; empty: without
};
struct TokenCounts {  // of the vocabularies that the ids come from
  int64_t words = 0, characters = 0;
};

struct TokenInputShape {
  int64_t embedding = 100;
  // tuned: the vectors learn; static: they stay as they begin; both: one of each, added. Kim 2014, section 3.1: added
  // channels are his multichannel, since a filter applied to each and summed is the filter of the sum.
  std::string vectors = "tuned";
  std::string letters = "none";  // none | cnn | lstm
  int64_t letter_embedding = 25, letter_width = 50;
  float dropout = 0.3f;  // on the whole
  FIELDS(embedding, vectors, letters, letter_embedding, letter_width, dropout)
  void validate() const;  // Error naming the field
};

// A vector for each token from its letters.
//   cnn    max_t relu(W c_{t-1..t+1} + b)                    Ma & Hovy 2016, section 2.1
//   lstm   the last states of both directions, side by side  Lample et al. 2016, section 4.1
struct LetterFeatures {
  Embedding E;
  Param W, b;
  std::optional<BidirectionalRecurrent> lstm;
  FIELDS(E, W, b, lstm)

  LetterFeatures() = default;
  LetterFeatures(const TokenInputShape& shape, int64_t letters);
  Tensor operator()(const Tensor& letters) const;  // -> [N, letter_width]
};

// While one lives, the rows that encoders read on this thread are parameters of a kind: backward leaves their gradient
// in grad(inputs()[i]). For saliency and for the flow of gradients through time.
class InputProbe {
 public:
  InputProbe() : before_(std::exchange(current_, this)) {}
  ~InputProbe() { current_ = before_; }
  InputProbe(const InputProbe&) = delete;
  InputProbe& operator=(const InputProbe&) = delete;
  const std::vector<Tensor>& inputs() const { return inputs_; }  // in the order of reading
  static Tensor pass(const Tensor& rows);                        // what a reader of rows goes on with

 private:
  static thread_local InputProbe* current_;
  InputProbe* before_;
  std::vector<Tensor> inputs_;
};

struct TokenInput {
  std::optional<Embedding> tuned, fixed;
  std::optional<LetterFeatures> letters;
  FIELDS(tuned, fixed, letters)
  float p = 0;

  TokenInput() = default;
  TokenInput(const TokenInputShape& shape, const TokenCounts& counts);
  int64_t width() const;
  Tensor operator()(const TokenRows& x) const;  // -> [N, width()], the splits of x.ids
};

}  // namespace stemma
