// Words and characters over a Vocabulary.
#include <utility>

#include "stemma/base/check.h"
#include "stemma/text/tokenizer_kinds.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr std::string_view space_piece = "▁";  // a space among characters, written as SentencePiece does

bool stands_alone(std::string_view piece) {  // Chinese is written without spaces
  const auto first = code_point_at(piece, 0);
  return first.size == piece.size() && (is_chinese(first.value) || is_chinese_punctuation(first.value));
}

struct Words : Tokenizer::Impl {
  Vocabulary vocabulary;

  bool characters() const { return options.kind == "char"; }

  // Calls f(begin, end) for each token of the text.
  template <class F>
  void each(std::string_view text, F&& f) const {
    size_t word = 0;  // where the open word begins
    for (const auto [c, begin, size] : code_points(text)) {
      const size_t end = begin + size;
      const bool alone = characters() || (options.chinese_characters && stands_alone(text.substr(begin, size)));
      if (!alone && c != ' ') continue;
      if (begin > word) f(word, begin);
      if (alone) f(begin, end);
      word = end;
    }
    if (text.size() > word) f(word, text.size());
  }
  std::string_view written(std::string_view piece) const { return piece == " " ? space_piece : piece; }
  // Text never makes a special, even where it spells one.
  int32_t id(std::string_view piece) const override {
    const int32_t id = vocabulary.id(piece);
    return id <= eos_id ? unk_id : id;
  }
  std::vector<Token> tokens(std::string_view text) const override {
    std::vector<Token> out;
    each(text, [&](size_t begin, size_t end) {
      out.push_back({id(written(text.substr(begin, end - begin))), int64_t(begin), int64_t(end)});
    });
    return out;
  }
  std::vector<std::string> pieces(std::string_view text) const override {
    std::vector<std::string> out;
    each(text, [&](size_t begin, size_t end) { out.emplace_back(written(text.substr(begin, end - begin))); });
    return out;
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string out;
    bool joins = true;  // the last token wants no space after it
    for (const int32_t id : ids) {
      std::string_view piece = vocabulary.token(id);
      if (id == bos_id || id == eos_id) continue;
      if (id == unk_id) piece = "⁇";
      const bool alone = characters() || (options.chinese_characters && stands_alone(piece));
      if (!std::exchange(joins, alone) && !alone) out += ' ';
      out += characters() && piece == space_piece ? " " : piece;
    }
    return out;
  }
  int64_t size() const override { return vocabulary.size(); }
  const std::string& piece(int32_t id) const override { return vocabulary.token(id); }
  std::string content() const override { return vocabulary.text(); }
};

}  // namespace

std::shared_ptr<Tokenizer::Impl> train_words(const TokenizerOptions& options, const std::vector<std::string>& lines) {
  auto out = std::make_shared<Words>();
  out->options = options;
  StringMap<int64_t> counts;
  for (const auto& line : lines)
    for (auto& piece : out->pieces(line)) ++counts[std::move(piece)];
  out->vocabulary = Vocabulary::build(counts, {.min_count = options.min_count, .max_size = options.vocabulary});
  check(out->size() > eos_id + 1, "no ", options.kind, " appears ", options.min_count,
        " times in the training text; lower min_count");
  return out;
}

std::shared_ptr<Tokenizer::Impl> load_words(const std::string& path, const TokenizerOptions& options) {
  auto out = std::make_shared<Words>();
  out->options = options;
  out->vocabulary = Vocabulary::load(path);
  return out;
}

}  // namespace stemma
