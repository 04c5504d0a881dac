#include "stemma/vectors/lexicon.h"

#include <algorithm>

#include "stemma/base/check.h"

namespace stemma {

Lexicon::Lexicon(const std::vector<WordCount>& words, const std::vector<WordCount>& labels) {
  size_t letters = 0;
  for (const auto* entries : {&words, &labels})
    for (const auto& entry : *entries) letters += entry.text.size();
  counts_.reserve(words.size() + labels.size()), table_.reserve(words.size() + labels.size(), letters);
  for (const auto& entry : words) add(entry);
  words_ = size();
  for (const auto& entry : labels) add(entry);
}

void Lexicon::add(const WordCount& entry) {
  check(table_.add(entry.text) == int32_t(counts_.size()), "the word '", entry.text, "' comes twice");
  counts_.push_back(entry.count);
}

std::vector<WordCount> by_count(std::vector<WordCount> words, int64_t min_count) {
  std::erase_if(words, [&](const WordCount& w) { return w.count < min_count; });
  std::sort(words.begin(), words.end(), [](const WordCount& a, const WordCount& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  });
  return words;
}

}  // namespace stemma
