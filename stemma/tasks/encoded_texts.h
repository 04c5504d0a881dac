// Texts as an encoder reads them: the ids of their tokens, and of the letters of each token.
#pragma once
#include <span>

#include "stemma/base/json.h"
#include "stemma/data/ragged.h"
#include "stemma/nn/token_input.h"
#include "stemma/text/lexer.h"

namespace stemma {

// Whether an encoder of this architecture wants the letters of tokens.
bool reads_letters(const Json& architecture);

struct EncodedTexts {
  Ragged ids;                   // a sequence for each text
  Ragged letters;               // a sequence for each token; none when nobody reads letters
  std::vector<bool> cut;        // of each text: there was more, which is not here
  std::vector<int64_t> joined;  // of add_joined: the row of the </s> between
  bool with_letters = false;
  int64_t longest = 0;                          // tokens of a text that the encoder has positions for; 0: any
  bool by_sentence = false;                     // whether each sentence is a sequence of `gather`
  std::vector<std::vector<int64_t>> sentences;  // then: how many tokens those of each text have, none empty

  int64_t size() const { return ids.size(); }
  int64_t length(int64_t i) const { return ids.splits[size_t(i) + 1] - ids.splits[size_t(i)]; }
  // `text`: what was lexed. A text without a token becomes the token </s>, so that every text has a row.
  void add(const Lexer& lexer, const Lexed& lexed, std::string_view text);
  // The same for words lexed by lex_words.
  void add(const Lexer& lexer, const Lexed& lexed, std::span<const std::string> words);
  // Text i of one and text j of the other, one behind the other with </s> between: as one text.
  void add_joined(const EncodedTexts& first, int64_t i, const EncodedTexts& second, int64_t j);
  void add_joined(const EncodedTexts& first, const EncodedTexts& second, int64_t i) { add_joined(first, i, second, i); }
  TokenRows gather(std::span<const int64_t> index) const;
  Splits documents(std::span<const int64_t> index) const;  // by_sentence: where the sentences of each text begin
  uint64_t fingerprint(uint64_t seed = 0) const;
  // What belongs to the rows of joined text i, as what belongs to either of its texts.
  std::vector<std::vector<double>> parted(int64_t i, const std::vector<double>& of_rows) const;

 private:
  void add_letters(std::vector<int32_t> of_token);
};

}  // namespace stemma
