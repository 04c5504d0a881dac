// What a kind of tokenizer must do; the two families behind Tokenizer. Private to the room.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/text/tokenizer.h"

namespace stemma {

// All text here is already normalised.
struct Tokenizer::Impl {
  TokenizerOptions options;

  virtual ~Impl() = default;
  virtual std::vector<Token> tokens(std::string_view text) const = 0;
  virtual std::vector<int32_t> encode(std::string_view text) const {
    std::vector<int32_t> ids;
    for (const auto& token : tokens(text)) ids.push_back(token.id);
    return ids;
  }
  virtual std::vector<std::string> pieces(std::string_view text) const = 0;
  virtual std::string decode(std::span<const int32_t> ids) const = 0;
  virtual int64_t size() const = 0;
  virtual const std::string& piece(int32_t id) const = 0;
  virtual int32_t id(std::string_view piece) const = 0;
  virtual int32_t unk() const { return unk_id; }
  virtual int32_t bos() const { return bos_id; }
  virtual int32_t eos() const { return eos_id; }
  virtual std::string content() const = 0;  // of the file that load_... reads
};

// bpe, unigram: subwords.cc, the only place that knows SentencePiece.
std::shared_ptr<Tokenizer::Impl> train_subwords(const TokenizerOptions& options, std::vector<std::string> lines);
std::shared_ptr<Tokenizer::Impl> load_subwords(const std::string& path, bool trusted);  // or else tried first
// word, char: words.cc
std::shared_ptr<Tokenizer::Impl> train_words(const TokenizerOptions& options, const std::vector<std::string>& lines);
std::shared_ptr<Tokenizer::Impl> load_words(const std::string& path, const TokenizerOptions& options);

}  // namespace stemma
