#include "stemma/text/lexer.h"

#include <map>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/text/segment.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr std::string_view space_piece = "▁";
constexpr int64_t most_letters = 32;

// A segmenter is for one thread.
Segmenter& segmenter(const std::string& kind) {
  thread_local std::map<std::string, Segmenter> of_kind;
  const auto found = of_kind.find(kind);
  return found != of_kind.end() ? found->second : of_kind.emplace(kind, Segmenter(kind)).first->second;
}

template <class F>
void each_character(std::string_view text, F&& f) {
  bool space = false, any = false;
  for (const auto [c, begin, size] : code_points(text)) {
    if (is_space(c)) {
      space = any;
      continue;
    }
    if (std::exchange(space, false)) f(space_piece, begin, begin);
    f(text.substr(begin, size), begin, begin + size), any = true;
  }
}

// One word, so that white space inside never splits what is one token of a file.
std::string_view without_space(std::string_view piece) {
  return piece.starts_with(space_piece) ? piece.substr(space_piece.size()) : piece;
}

}  // namespace

void LexerOptions::validate() const {
  check_choice("text.input", input, {"word", "subword", "char"});
  check_choice("text.words", words, {"auto", "words", "spaces", "dictionary", "characters", "penn"});
  check(vocabulary > 3, "text.vocabulary = ", vocabulary, ": must be over 3");
  check(min_count > 0, "text.min_count = ", min_count, ": must be at least 1");
  check(max_length >= 0, "text.max_length = ", max_length, ": must be at least 0");
}

Lexer Lexer::begin(const LexerOptions& options) {
  options.validate();
  Lexer out;
  out.options_ = options;
  if (options.words == "auto") out.options_.words = "words";
  out.input_ = options.input == "word" ? Input::word : options.input == "subword" ? Input::subword : Input::character;
  return out;
}

std::string Lexer::written(std::string_view word) const {
  std::string out = options_.lower ? lower_case(word) : std::string(word);
  if (options_.digits)
    for (char& c : out)
      if (c >= '0' && c <= '9') c = '0';
  return out;
}

Lexer Lexer::train(const LexerOptions& options, const LineSource& next) {
  Lexer out = begin(options);
  if (out.input_ != Input::character) {
    std::vector<std::string> words;
    size_t at = 0;
    std::string text;
    return train_on_words(options, [&](std::string& word) {
      while (at == words.size()) {
        if (!next(text)) return false;
        check_utf8(text, "training text");
        words.clear(), at = 0;
        for (const auto w : segmenter(out.options_.words).split(text)) words.emplace_back(w);
      }
      word = words[at++];
      return true;
    });
  }
  StringMap<int64_t> counts;
  std::string text;
  while (next(text)) {
    check_utf8(text, "training text");
    each_character(text, [&](std::string_view c, size_t, size_t) { ++counts[std::string(c)]; });
  }
  out.vocabulary_ = Vocabulary::build(counts, {.min_count = options.min_count, .max_size = options.vocabulary});
  check(out.vocabulary_.size() > eos_id + 1, "no character appears ", options.min_count, " times in the training text");
  out.letters_ = out.vocabulary_;
  return out;
}

Lexer Lexer::train_on_words(const LexerOptions& options, const LineSource& next) {
  Lexer out = begin(options);
  StringMap<int64_t> counts, letters;
  std::string word;
  while (next(word)) {
    ++counts[out.written(word)];
    for (const auto [c, begin, size] : code_points(word)) ++letters[word.substr(begin, size)];
  }
  out.letters_ = Vocabulary::build(letters, {.min_count = options.min_count});
  check(!counts.empty(), "no word in the training text");
  if (out.input_ == Input::subword) {
    TokenizerOptions how{.kind = "bpe", .vocabulary = options.vocabulary, .normalize = "none", .shrink = true};
    // Every word as often as it stands there, up to what learning BPE needs to know.
    auto it = counts.begin();
    int64_t given = 0;
    out.subwords_ = Tokenizer::train(how, [&](std::string& line) {
      while (it != counts.end() && given >= std::min<int64_t>(it->second, 1000)) ++it, given = 0;
      if (it == counts.end()) return false;
      line = it->first, ++given;
      return true;
    });
    return out;
  }
  out.vocabulary_ = Vocabulary::build(counts, {.min_count = options.min_count, .max_size = options.vocabulary});
  check(out.vocabulary_.size() > eos_id + 1, "no ", options.input, " appears ", options.min_count,
        " times in the training text; lower text.min_count");
  return out;
}

void Lexer::add_word(std::string_view word, int64_t begin, int64_t number, Lexed& out) const {
  const auto add = [&](int32_t id, int64_t from, int64_t to) {
    out.ids.push_back(id), out.word.push_back(number);
    out.begin.push_back(begin + from), out.end.push_back(begin + to);
  };
  const std::string text = written(word);
  const auto length = int64_t(word.size());
  if (input_ != Input::subword) {
    const int32_t id = vocabulary_.id(text);
    return add(id <= eos_id ? unk_id : id, 0, length);  // text never makes a special, even where it spells one
  }
  // Where the written word is as long as the word, a piece's bytes are its own; else those of the word.
  const bool same = text.size() == word.size() && text.find(' ') == text.npos;
  int64_t from = 0;
  for (const auto& piece : subwords_.encode_pieces(text)) {
    const auto bytes = int64_t(without_space(piece).size());
    const int64_t to = std::min(length, from + bytes);
    if (bytes > 0 || piece == text) add(subwords_.id(piece), same ? from : 0, same ? to : length);
    from = to;
  }
}

void Lexer::lex_characters(std::string_view text, Lexed& out) const {
  int64_t word = 0;
  each_character(text, [&](std::string_view c, size_t begin, size_t end) {
    const int32_t id = vocabulary_.id(c);
    word += begin == end;
    out.ids.push_back(id <= eos_id ? unk_id : id), out.word.push_back(word);
    out.begin.push_back(int64_t(begin)), out.end.push_back(int64_t(end));
  });
}

static Lexed cut(Lexed x, int64_t most) {
  if (most == 0 || x.size() <= most) return x;
  const auto n = size_t(most);
  x.ids.resize(n), x.begin.resize(n), x.end.resize(n), x.word.resize(n), x.cut = true;
  return x;
}

Lexed Lexer::lex(std::string_view text) const {
  check_utf8(text, "text");
  Lexed out;
  if (input_ == Input::character) {
    lex_characters(text, out);
  } else {
    int64_t number = 0;
    for (const auto word : segmenter(options_.words).split(text))
      add_word(word, word.data() - text.data(), number++, out);
  }
  return cut(std::move(out), options_.max_length);
}

Lexed Lexer::lex_words(std::span<const std::string> words) const {
  Lexed out;
  int64_t number = 0;
  for (const auto& word : words) {
    check_utf8(word, "word");
    const auto first = out.ids.size();
    if (input_ == Input::character)
      lex_characters(word, out);
    else
      add_word(word, 0, number, out);
    if (out.ids.size() == first) {  // a word of white space alone
      out.ids.push_back(unk_id), out.word.push_back(number);
      out.begin.push_back(0), out.end.push_back(int64_t(word.size()));
    }
    for (auto i = first; i < out.ids.size(); ++i) out.word[i] = number;
    ++number;
  }
  return cut(std::move(out), options_.max_length);
}

std::vector<std::pair<int64_t, int64_t>> Lexer::places(std::string_view text) const {
  check_utf8(text, "text");
  std::vector<std::pair<int64_t, int64_t>> out;
  for (const auto word : segmenter(options_.words).split(text)) {
    const int64_t begin = word.data() - text.data();
    out.emplace_back(begin, begin + int64_t(word.size()));
  }
  return out;
}

std::vector<std::string> Lexer::words(std::string_view text) const {
  std::vector<std::string> out;
  for (const auto& [begin, end] : places(text)) out.push_back(written(text.substr(size_t(begin), size_t(end - begin))));
  return out;
}

std::vector<int32_t> Lexer::letters(std::string_view token) const {
  std::vector<int32_t> out;
  for (const auto [c, begin, size] : code_points(token)) {
    if (int64_t(out.size()) == most_letters) break;
    out.push_back(letters_.id(token.substr(begin, size)));
  }
  if (out.empty()) out.push_back(eos_id);
  return out;
}

const std::string& Lexer::piece(int32_t id) const {
  return input_ == Input::subword ? subwords_.piece(id) : vocabulary_.token(id);
}

void Lexer::save(const std::string& directory) const {
  make_directories(directory);
  if (input_ == Input::subword)
    subwords_.save(directory, "subwords");
  else
    vocabulary_.save(join_path(directory, "words.vocab"));
  letters_.save(join_path(directory, "letters.vocab"));
  write_file(join_path(directory, "lexer.json"), to_json(options_).dump(2) + "\n");
}

Lexer Lexer::load(const std::string& directory) {
  const std::string path = join_path(directory, "lexer.json");
  Lexer out = begin(from_json<LexerOptions>(Json::parse(read_file(path), path), path));
  if (out.input_ == Input::subword)
    out.subwords_ = Tokenizer::load(join_path(directory, "subwords"));
  else
    out.vocabulary_ = Vocabulary::load(join_path(directory, "words.vocab"));
  out.letters_ = Vocabulary::load(join_path(directory, "letters.vocab"));
  return out;
}

}  // namespace stemma
