// The tokenizers that sacreBLEU scores with, equal to it character by character. They belong to the metrics: no model
// ever sees their tokens.
//   13a   mteval-v13a: splits ASCII punctuation; points, commas and dashes by the digits around them
//   intl  mteval-v14: the same with the categories of Unicode       zh    Chinese character by character, then 13a
//   char  every character                                           none  at white space only
#pragma once
#include <string>
#include <string_view>

namespace stemma {

// Inserts (and for entities, replaces) so that the tokens are what `split_words` finds.
using ScoreTokenizer = std::u32string (*)(std::u32string_view line);
// Error naming the known ones when there is none of this name.
ScoreTokenizer find_score_tokenizer(std::string_view name);
// The tokens of `line`, joined by single spaces.
std::string tokenize(std::string_view line, std::string_view tokenizer);

// Tercom's normaliser (Snover et al. 2006), after lower-casing: words joined by single spaces.
struct TercomOptions {
  bool normalized = false, no_punct = false, asian_support = false;
};
std::u32string tercom(std::u32string_view line, const TercomOptions& options);

}  // namespace stemma
