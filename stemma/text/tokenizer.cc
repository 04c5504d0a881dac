#include "stemma/text/tokenizer.h"

#include <algorithm>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/json.h"
#include "stemma/base/random.h"
#include "stemma/text/tokenizer_kinds.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

// NAME.options.json; the hash finds a truncated or damaged NAME.model or NAME.vocab.
struct Description {
  TokenizerOptions options;
  int64_t content_hash = 0;
  FIELDS(options, content_hash)
};

bool is_subword(const std::string& kind) { return kind == "bpe" || kind == "unigram" || kind == "sentencepiece"; }

const char* ending(const TokenizerOptions& options) { return is_subword(options.kind) ? ".model" : ".vocab"; }

void check_options(const TokenizerOptions& o) {
  check_choice("text.kind", o.kind, {"bpe", "unigram", "word", "char"});
  check_choice("text.normalize", o.normalize, {"nfkc", "nfc", "none"});
  check(o.vocabulary > 3, "text.vocabulary = ", o.vocabulary, ": must be over 3");
  check(o.character_coverage >= 0.98f && o.character_coverage <= 1, "text.character_coverage = ", o.character_coverage,
        ": must be 0.98 to 1");
  check(o.min_count >= 1, "text.min_count = ", o.min_count, ": must be at least 1");
  check(o.training_lines >= 0, "text.training_lines = ", o.training_lines, ": must be at least 0 (all)");
}

std::string normalize(std::string_view text, const TokenizerOptions& options) {
  if (options.normalize == "model") return std::string(text);
  std::string out = options.normalize == "nfkc"  ? nfkc(text)
                    : options.normalize == "nfc" ? nfc(text)
                                                 : std::string(text);
  if (options.lower) out = lower_case(out);
  // "▁" would read back as a space, so it is one from the start.
  constexpr std::string_view mark = "▁";
  for (size_t at = 0; (at = out.find(mark, at)) != out.npos;) out.replace(at, mark.size(), " ");
  return collapse_spaces(out);
}

// A uniform sample of `size` lines (all when 0), in one pass: Vitter 1985, algorithm R. Empty lines are dropped.
std::vector<std::string> sample_lines(const LineSource& next_line, const TokenizerOptions& options) {
  std::vector<std::string> lines;
  Random random{.key = 1};
  std::string line;
  int64_t seen = 0, number = 0;
  while (next_line(line)) {
    ++number;
    check_utf8(line, str("training text, line ", number));
    if (line.empty()) continue;
    ++seen;
    if (options.training_lines == 0 || int64_t(lines.size()) < options.training_lines)
      lines.push_back(line);
    else if (const auto place = random.below(uint64_t(seen)); place < lines.size())
      lines[place] = line;
  }
  for (auto& text : lines) text = normalize(text, options);
  std::erase(lines, "");
  check(!lines.empty(), "no text to train the tokenizer on: ", number, " lines, all empty");
  return lines;
}

}  // namespace

LineSource lines_of(std::vector<std::string> paths) {
  return
      [paths = std::move(paths), file = size_t{0}, reader = std::shared_ptr<LineReader>()](std::string& line) mutable {
        for (;; reader = nullptr, ++file) {
          if (file >= paths.size()) return false;
          if (!reader) reader = std::make_shared<LineReader>(paths[file]);
          if (!reader->next(line)) continue;
          if (invalid_utf8(line) != line.npos) check_utf8(line, str(reader->path(), ":", reader->line_number()));
          return true;
        }
      };
}

LineSource lines_of_text(std::string_view text) {
  return [text](std::string& line) mutable {
    if (text.empty()) return false;
    const auto end = std::min(text.find('\n'), text.size());
    line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return true;
  };
}

Tokenizer Tokenizer::train(const TokenizerOptions& options, const LineSource& next_line) {
  check_options(options);
  auto lines = sample_lines(next_line, options);
  return Tokenizer(is_subword(options.kind) ? train_subwords(options, std::move(lines)) : train_words(options, lines));
}

void Tokenizer::save(const std::string& directory, const std::string& name) const {
  make_directories(directory);
  const auto stem = join_path(directory, name), content = impl().content();
  write_file(stem + ending(options()), content);
  const Description description{options(), int64_t(hash64(content))};
  write_file(stem + ".options.json", to_json(description).dump(2) + "\n");
}

Tokenizer Tokenizer::load(const std::string& path) {
  auto stem = is_directory(path) ? join_path(path, "tokenizer") : path;
  for (const std::string_view known : {".model", ".vocab", ".options.json"})
    if (stem.ends_with(known)) stem.resize(stem.size() - known.size());
  const auto described = stem + ".options.json";
  if (!exists(described)) {
    check(exists(stem + ".model"), "no tokenizer at ", path, ": neither ", described, " nor ", stem, ".model is there");
    auto impl = load_subwords(stem + ".model", false);
    impl->options = {.kind = "sentencepiece", .vocabulary = int(impl->size()), .normalize = "model"};
    return Tokenizer(std::move(impl));
  }
  const auto [options, hash] = from_json<Description>(Json::parse(read_file(described), described), described);
  if (options.kind != "sentencepiece") check_options(options);
  const auto file = stem + ending(options);
  check(int64_t(hash64(read_file(file))) == hash, file, ": damaged, or not the file that ", described, " describes");
  auto impl = is_subword(options.kind) ? load_subwords(file, true) : load_words(file, options);
  impl->options = options;
  return Tokenizer(std::move(impl));
}

const Tokenizer::Impl& Tokenizer::impl() const {
  check(bool(impl_), "tokenizer: none is trained or loaded");
  return *impl_;
}

std::string Tokenizer::normalized(std::string_view text) const {
  check_utf8(text, "text");
  return normalize(text, options());
}
std::vector<int32_t> Tokenizer::encode(std::string_view text) const { return impl().encode(normalized(text)); }
std::vector<std::string> Tokenizer::encode_pieces(std::string_view text) const {
  return impl().pieces(normalized(text));
}
std::vector<Token> Tokenizer::encode_tokens(std::string_view text) const { return impl().tokens(normalized(text)); }
std::string Tokenizer::decode(std::span<const int32_t> ids) const { return impl().decode(ids); }
int64_t Tokenizer::size() const { return impl().size(); }
const std::string& Tokenizer::piece(int32_t id) const { return impl().piece(id); }
int32_t Tokenizer::id(std::string_view piece) const { return impl().id(piece); }
int32_t Tokenizer::unk() const { return impl().unk(); }
int32_t Tokenizer::bos() const { return impl().bos(); }
int32_t Tokenizer::eos() const { return impl().eos(); }
const TokenizerOptions& Tokenizer::options() const { return impl().options; }
uint64_t Tokenizer::fingerprint() const { return hash64(impl().content(), hash64(to_json(options()).dump())); }

}  // namespace stemma
