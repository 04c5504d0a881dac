// BPE and unigram: the SentencePiece library, kept silent and made deterministic.
#include <fcntl.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/text/tokenizer_kinds.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

using sentencepiece::SentencePieceProcessor;

struct Subwords : Tokenizer::Impl {
  SentencePieceProcessor processor;

  void open(std::string_view model, const std::string& where) {
    const auto status = processor.LoadFromSerializedProto(model);
    check(status.ok() && size() > 0, where, ": not a SentencePiece model, or damaged");
  }
  // The numbers of SentencePiece are int; ours are int32_t, which is the same type.
  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int> ids;
    const auto status = processor.Encode(text, &ids);
    check(status.ok(), "tokenizer: ", status.error_message());
    return ids;
  }
  std::vector<Token> tokens(std::string_view text) const override {
    std::vector<Token> out;
    const auto encoded = processor.EncodeAsImmutableProto(text);  // pieces() refers into it
    for (const auto& piece : encoded.pieces())
      out.push_back({int32_t(piece.id()), int64_t(piece.begin()), int64_t(piece.end())});
    return out;
  }
  std::vector<std::string> pieces(std::string_view text) const override { return processor.EncodeAsPieces(text); }
  std::string decode(std::span<const int32_t> ids) const override {
    for (const int32_t id : ids) check_id(id);
    return processor.DecodeIds({ids.begin(), ids.end()});
  }
  int64_t size() const override { return processor.GetPieceSize(); }
  const std::string& piece(int32_t id) const override {
    check_id(id);
    return processor.IdToPiece(id);
  }
  int32_t id(std::string_view piece) const override { return processor.PieceToId(piece); }
  int32_t unk() const override { return processor.unk_id(); }
  int32_t bos() const override { return processor.bos_id(); }
  int32_t eos() const override { return processor.eos_id(); }
  std::string content() const override { return processor.serialized_model_proto(); }

  void check_id(int32_t id) const { check(id >= 0 && id < size(), "tokenizer: id ", id, " is not below ", size()); }
};

struct Lines : sentencepiece::SentenceIterator {
  const std::vector<std::string>& lines;
  size_t next = 0;

  explicit Lines(const std::vector<std::string>& all) : lines(all) {}
  bool done() const override { return next >= lines.size(); }
  void Next() override { ++next; }
  const std::string& value() const override { return lines[next]; }
  sentencepiece::util::Status status() const override { return {}; }
};

// "一,是,..." the Han characters of the text, most frequent first, up to the coverage asked for.
std::string chinese_characters(const std::vector<std::string>& lines, double coverage) {
  StringMap<int64_t> counts;
  int64_t total = 0;
  for (const auto& line : lines)
    for (const auto [c, begin, size] : code_points(line))
      if (is_chinese(c)) ++counts[line.substr(begin, size)], ++total;
  const auto ordered = Vocabulary::build(counts, {});
  std::string out;
  int64_t covered = 0;
  for (auto id = eos_id + 1; id < ordered.size() && double(covered) < coverage * double(total); ++id) {
    out += str(out.empty() ? "" : ",", ordered.token(id));
    covered += ordered.count(id);
  }
  return out;
}

// SentencePiece explains in the terms of its own flags; the user knows ours.
[[noreturn]] void fail_training(const TokenizerOptions& options, std::string_view why) {
  constexpr std::string_view small = "smaller than required_chars. ";
  if (const auto at = why.find(small); at != why.npos) {
    auto needed = why.substr(why.find(" vs ", at) + 4);
    needed = needed.substr(0, needed.find('.'));
    fail("vocabulary ", options.vocabulary, " is too small: the characters of the training text and the specials need ",
         needed, "; use --set vocabulary=", needed, " or more",
         options.character_coverage > 0.98f ? ", or lower character_coverage" : "");
  }
  fail("cannot train the ", options.kind, " tokenizer: ", why);
}

}  // namespace

std::shared_ptr<Tokenizer::Impl> train_subwords(const TokenizerOptions& options, std::vector<std::string> lines) {
  std::unordered_map<std::string, std::string> arguments = {
      {"model_type", options.kind},
      {"vocab_size", str(options.vocabulary)},
      {"hard_vocab_limit", "false"},  // the size is checked below, where the largest possible one is known
      {"character_coverage", str(options.character_coverage)},
      {"byte_fallback", str(options.byte_fallback)},
      {"normalization_rule_name", "identity"},  // the lines are normalised already
      {"max_sentence_length", str(int64_t{1} << 30)},
      {"num_threads", "4"},  // the sums of the unigram trainer depend on it: fixed, for the same bits everywhere
      {"unk_surface", "⁇"},
      {"minloglevel", "3"}};
  // A symbol defined by the user is never merged with its neighbours, and text still reads back unchanged.
  if (options.chinese_characters)
    arguments["user_defined_symbols"] = chinese_characters(lines, options.character_coverage);
  Lines iterator(lines);
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &iterator, &model);
  if (!status.ok()) fail_training(options, status.error_message());
  auto out = std::make_shared<Subwords>();
  out->open(model, "tokenizer");
  check(options.shrink || out->size() == options.vocabulary, "vocabulary ", options.vocabulary,
        " is larger than the training text supports: at most ", out->size(),
        " here; use --set vocabulary=", out->size(), " or --set shrink=true");
  out->options = options;
  return out;
}

// The library ends the process on some damaged models, so one that no hash vouches for is tried by a child first.
static bool survives(std::string_view model) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDERR_FILENO);
    SentencePieceProcessor tried;
    bool ok = tried.LoadFromSerializedProto(model).ok() && tried.GetPieceSize() > 0;
    std::vector<int> ids;
    ok = ok && tried.Encode("One probe, 一个.", &ids).ok();
    if (ok) tried.DecodeIds(ids);
    ::_exit(ok ? 0 : 1);
  }
  int status = 1;
  check(child > 0 && ::waitpid(child, &status, 0) == child, "cannot start a process to try a SentencePiece model");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::shared_ptr<Tokenizer::Impl> load_subwords(const std::string& path, bool trusted) {
  auto out = std::make_shared<Subwords>();
  const auto model = read_file(path);
  check(trusted || survives(model), path, ": not a SentencePiece model, or damaged");
  out->open(model, path);
  return out;
}

}  // namespace stemma
