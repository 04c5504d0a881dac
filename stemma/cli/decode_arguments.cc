#include "stemma/cli/decode_arguments.h"

#include <algorithm>

namespace stemma {

namespace {

struct Row {
  const char *name, *key, *help;
};
constexpr Row table[] = {
    {"--beam", "decode.beam", "hypotheses kept for each line; 1: greedy"},
    {"--length-penalty", "decode.length_penalty", "a in log p / length^a; 0: none"},
    {"--coverage-penalty", "decode.coverage_penalty", "for source words never looked at (Wu et al. 2016)"},
    {"--max-length", "decode.max_length", "tokens; 0: twice the source and 20"},
    {"--nbest", "decode.nbest", "answers for each line: 'line ||| text ||| score'"},
    {"--min-length", "decode.min_length", "tokens"},
    {"--groups", "decode.groups", "diverse beam: so many groups (Vijayakumar et al. 2018)"},
    {"--diversity", "decode.diversity", "what a token costs that an earlier group has chosen"},
    {"--seed", "decode.seed", "of sampling"},
    {"--temperature", "decode.rules.temperature", "scores are divided by it"},
    {"--top-k", "decode.rules.top_k", "only the k most likely tokens; 0: all"},
    {"--top-p", "decode.rules.top_p", "only the likeliest tokens that hold this mass"},
    {"--min-p", "decode.rules.min_p", "only tokens at least so likely, relative to the best"},
    {"--no-repeat-ngram", "decode.rules.no_repeat_ngram", "no n-gram twice; 0: free"},
    {"--repetition-penalty", "decode.rules.repetition_penalty", "on log p of tokens already there; 1: none"},
};
constexpr size_t of_search = 4;  // the first of the table

// A piece of the vocabulary by its name, or the one piece that a word is.
int32_t piece_of(const Tokenizer& target, const std::string& word, const char* option) {
  if (const int32_t id = target.id(word); id != target.unk()) return id;
  const auto ids = target.encode(word);
  std::string pieces;
  for (const int32_t id : ids) pieces += " " + target.piece(id);
  check(ids.size() == 1 && ids[0] != target.unk(), option, ": '", word, "' is not one token of the vocabulary but",
        pieces.empty() ? " none" : pieces, "; name each");
  return ids[0];
}

}  // namespace

void DecodeArguments::declare(CommandLine& line, Which which) {
  which_ = which;
  values_.resize(which == search ? of_search : std::size(table));  // never again: the line keeps their addresses
  for (size_t i = 0; i < values_.size(); ++i) line.option(table[i].name, values_[i], table[i].help);
  if (which == search) return;
  line.flag("--sample", sample_, "draw from the model instead of searching");
  line.option("--suppress", suppressed_, "a word or token that is never said; may be repeated");
  line.option("--allow", allowed_, "say nothing but these words or tokens; may be repeated");
}

DecodeOptions DecodeArguments::options(const CommandLine& line, const Translator& system) const {
  RecipeBuilder builder(system.recipe());
  for (size_t i = 0; i < values_.size(); ++i)
    if (line.given(table[i].name)) builder.set(table[i].key, values_[i], table[i].name);
  DecodeOptions out = builder.build().decode;
  if (which_ == all) {
    out.sample |= sample_;
    if (!out.sample && !line.given("--beam")) out.beam = std::max(out.beam, out.nbest);
    if (!line.given("--beam") && out.beam % std::max<int64_t>(out.groups, 1) != 0) out.beam = out.groups;
  }
  for (const auto& word : suppressed_) out.rules.suppressed.push_back(piece_of(system.target(), word, "--suppress"));
  for (const auto& word : allowed_) out.rules.allowed.push_back(piece_of(system.target(), word, "--allow"));
  out.validate();
  return out;
}

}  // namespace stemma
