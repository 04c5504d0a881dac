// Text <-> ids. BPE (Sennrich et al. 2016) and unigram (Kudo 2018) by the SentencePiece library; words and characters
// by our Vocabulary. One value type: cheap to copy, const calls, safe for many threads.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/text/vocabulary.h"

namespace stemma {

struct TokenizerOptions {
  std::string kind = "bpe";            // bpe | unigram | word | char; loaded from a bare .model: sentencepiece
  int vocabulary = 8000;               // pieces, the three specials included; word, char: at most
  std::string normalize = "nfkc";      // nfkc | nfc | none; white space is always collapsed. model: as the .model says
  bool lower = false;                  // lower case; not undone by decode
  bool chinese_characters = false;     // every Han character is a token of its own
  float character_coverage = 1;        // bpe, unigram: share of running characters that get a piece; the rest is <unk>
  bool byte_fallback = false;          // bpe, unigram: unknown characters become bytes, not <unk> (256 pieces)
  int min_count = 1;                   // word, char: rarer ones are <unk>
  bool shrink = false;                 // less text than `vocabulary` asks for: take a smaller one instead of an Error
  int64_t training_lines = 1'000'000;  // a seeded sample of so many lines bounds memory; 0: all
  FIELDS(kind, vocabulary, normalize, lower, chinese_characters, character_coverage, byte_fallback, min_count, shrink,
         training_lines)
};

// Gives the next line, false at the end.
using LineSource = std::function<bool(std::string& line)>;
LineSource lines_of(std::vector<std::string> paths);  // files one after the other, plain or .gz
LineSource lines_of_text(std::string_view text);      // the text must outlive it

struct Token {
  int32_t id;
  int64_t begin, end;  // bytes of normalized(text) that it stands for
};

class Tokenizer {
 public:
  Tokenizer() = default;  // holds nothing; calls throw Error
  // The same options and lines give the same tokenizer, whatever the number of threads. Prints nothing.
  static Tokenizer train(const TokenizerOptions& options, const LineSource& next_line);
  // A directory that `save` wrote, or one file in it, or any SentencePiece .model.
  static Tokenizer load(const std::string& path);
  // DIRECTORY/NAME.model or NAME.vocab, and NAME.options.json. load(join_path(directory, name)) reads it back.
  void save(const std::string& directory, const std::string& name = "tokenizer") const;

  // No <s>, no </s>: the caller adds what its model wants. Error when the text is not valid UTF-8.
  std::vector<int32_t> encode(std::string_view text) const;
  std::vector<std::string> encode_pieces(std::string_view text) const;  // an unknown piece as it is written
  std::vector<Token> encode_tokens(std::string_view text) const;
  // Plain text again; <s> and </s> vanish, <unk> is "⁇". decode(encode(x)) == normalized(x) when nothing is unknown.
  std::string decode(std::span<const int32_t> ids) const;
  std::string normalized(std::string_view text) const;

  int64_t size() const;
  const std::string& piece(int32_t id) const;  // "▁Haus": ▁ is a space; Error when out of range
  int32_t id(std::string_view piece) const;    // unk() when absent
  int32_t unk() const;
  int32_t bos() const;
  int32_t eos() const;
  const TokenizerOptions& options() const;
  uint64_t fingerprint() const;  // of options and content
  explicit operator bool() const { return bool(impl_); }

  struct Impl;  // text/tokenizer_kinds.h

 private:
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace stemma
