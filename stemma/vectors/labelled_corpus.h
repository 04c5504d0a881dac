// Labelled documents as numbers, for training a classifier: four bytes a word in memory, whatever they come from.
// Words stand between white space, as in fastText's files.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/vectors/lexicon.h"

namespace stemma {

class LabelledCorpus {
 public:
  // Labels without fastText's prefix. A document without labels is only counted: nothing can be learned from it. Words
  // that look like labels are left out. Error: an empty label.
  void add(std::string_view text, std::span<const std::string> labels);
  void add(std::string_view text, const std::string& label) { add(text, std::span(&label, 1)); }

  int64_t documents() const { return int64_t(word_ends_.size()); }
  int64_t without_labels() const { return without_labels_; }
  int64_t running_words() const { return int64_t(words_.size()) + documents(); }  // an end counts as a word
  // Numbers in words() and labels().
  std::span<const int32_t> words_of(int64_t document) const { return part(words_, word_ends_, document); }
  std::span<const int32_t> labels_of(int64_t document) const { return part(labels_, label_ends_, document); }
  const WordTable& words() const { return word_table_; }
  const WordTable& labels() const { return label_table_; }
  std::vector<WordCount> word_counts() const;                                  // and the sentence end, once a document
  std::vector<WordCount> label_counts() const;                                 // with fastText's prefix
  bool several_labels() const { return labels_.size() > label_ends_.size(); }  // in some document

 private:
  static std::span<const int32_t> part(const std::vector<int32_t>& all, const std::vector<int64_t>& ends, int64_t i) {
    const auto begin = size_t(i == 0 ? 0 : ends[size_t(i) - 1]);
    return std::span(all).subspan(begin, size_t(ends[size_t(i)]) - begin);
  }
  WordTable word_table_, label_table_;
  std::vector<int32_t> words_, labels_;
  std::vector<int64_t> word_ends_, label_ends_;  // of each document
  int64_t without_labels_ = 0;
};

}  // namespace stemma
