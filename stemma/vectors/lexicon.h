// The words of a model with their counts, most frequent first, then the labels of a classifier. An id is a place in the
// list and, for words, a row of the input table.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/text/word_table.h"

namespace stemma {

struct WordCount {
  std::string text;
  int64_t count = 0;
};

class Lexicon {
 public:
  Lexicon() = default;
  // Error when a text comes twice.
  explicit Lexicon(const std::vector<WordCount>& words, const std::vector<WordCount>& labels = {});

  int32_t size() const { return table_.size(); }  // words and labels
  int32_t words() const { return words_; }
  int32_t labels() const { return size() - words_; }
  std::string_view text(int32_t id) const { return table_.text(id); }
  int64_t count(int32_t id) const { return counts_[size_t(id)]; }
  int32_t find(std::string_view text) const { return table_.find(text); }  // -1: absent
  std::span<const int64_t> word_counts() const { return std::span(counts_).first(size_t(words_)); }
  std::span<const int64_t> label_counts() const { return std::span(counts_).subspan(size_t(words_)); }

 private:
  void add(const WordCount& entry);
  WordTable table_;
  std::vector<int64_t> counts_;
  int32_t words_ = 0;
};

// By falling count, ties by bytes: the order of counting never matters. Rarer ones than `min_count` are left out.
std::vector<WordCount> by_count(std::vector<WordCount> words, int64_t min_count);

}  // namespace stemma
