// Running text -> the words that a tagger tags: by the rule that would have found the words of its training text.
#pragma once
#include "stemma/data/tagged_text.h"

namespace stemma {

struct TextWords {
  std::vector<std::string> words;
  std::vector<WordPlace> places;  // bytes of the text
};
// `rule`: spaces, words, penn, characters, dictionary (text/segment.h). Nothing is dropped: what the dictionary leaves
// out falls into words by the rule `words`. Error when the text is not valid UTF-8.
TextWords split_words(const std::string& rule, std::string_view text);

// The rule that finds the most of the sentences' words at their places, measured by F1; of equal ones the simpler.
std::string best_word_rule(const std::vector<TaggedSentence>& sentences);

}  // namespace stemma
