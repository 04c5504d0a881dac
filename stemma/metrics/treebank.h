// English words as NLTK's word_tokenize cuts one sentence, in the manner of the Penn Treebank: "can't stop." ->
// ca n't stop . Scores that are defined by it need it; no model sees these words.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

std::vector<std::u32string> treebank_words(std::u32string_view sentence);

}  // namespace stemma
