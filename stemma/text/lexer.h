// Text -> tokens that know where they stand in it, for tasks that answer about the text itself: words, subwords of
// words, or characters, and the letters of each. Learned from training text; knows nothing of tensors.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/text/tokenizer.h"
#include "stemma/text/vocabulary.h"

namespace stemma {

struct LexerOptions {
  std::string input = "word";  // word | subword (BPE within words) | char
  std::string words = "auto";  // how text falls into words, see segment.h; auto: words
  bool lower = true;           // of words and subwords; letters keep their case
  bool digits = false;         // every digit is read as 0 (Ma & Hovy 2016 and others), in words
  int vocabulary = 50'000;     // words, subwords or characters, the three specials included; at most
  int min_count = 2;           // a rarer word or character is <unk>
  int64_t max_length = 512;    // tokens of a text; what is longer is cut; 0: any
  FIELDS(input, words, lower, digits, vocabulary, min_count, max_length)
  void validate() const;  // Error naming the option
};

struct Lexed {
  std::vector<int32_t> ids;
  std::vector<int64_t> begin, end;  // of each token: bytes of the text (of its word, where a subword has none)
  std::vector<int64_t> word;        // of each token: which word it is part of
  bool cut = false;                 // there was more
  int64_t size() const { return int64_t(ids.size()); }
};

class Lexer {
 public:
  Lexer() = default;
  // `next` gives texts until it says false. Error when no token is left.
  static Lexer train(const LexerOptions& options, const LineSource& next);
  // The same for text that is words already (tagging): `next` gives a word at a time.
  static Lexer train_on_words(const LexerOptions& options, const LineSource& next);
  // One that knows no words, only how text falls into them: for `words` and `places`.
  static Lexer rules(const LexerOptions& options) { return begin(options); }
  static Lexer load(const std::string& directory);  // what `save` wrote; Error names the file that is damaged
  void save(const std::string& directory) const;    // lexer.json, words.vocab or subwords.*, letters.vocab

  Lexed lex(std::string_view text) const;  // Error when it is not valid UTF-8
  // Words as they are given, at least a token for each; begin and end are bytes of each word by itself.
  Lexed lex_words(std::span<const std::string> words) const;
  // Where the words of a text stand, and how each is written: lower case and so on.
  std::vector<std::pair<int64_t, int64_t>> places(std::string_view text) const;
  std::vector<std::string> words(std::string_view text) const;
  // The letters of a token, at most 32; never none.
  std::vector<int32_t> letters(std::string_view token) const;

  int64_t size() const { return input_ == Input::subword ? subwords_.size() : vocabulary_.size(); }
  int64_t letter_count() const { return letters_.size(); }
  const std::string& piece(int32_t id) const;
  const LexerOptions& options() const { return options_; }

 private:
  enum class Input { word, subword, character };
  static Lexer begin(const LexerOptions& options);
  void add_word(std::string_view word, int64_t begin, int64_t number, Lexed& out) const;
  void lex_characters(std::string_view text, Lexed& out) const;
  std::string written(std::string_view word) const;
  LexerOptions options_;
  Input input_ = Input::word;
  Vocabulary vocabulary_, letters_;
  Tokenizer subwords_;
};

}  // namespace stemma
