// The n-grams of a text: of its words, or of its characters. Knows no vocabulary and counts nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/text/segment.h"

namespace stemma {

struct Ngram {
  std::string_view text;  // words are joined by one space
  uint32_t hash;          // word_hash(text)
};

struct NgramOptions {
  std::string unit = "words";  // words | characters | inside_words: of characters that do not cross words (char_wb)
  // pattern: runs of two or more letters, digits and _, as scikit-learn's default; otherwise a kind of Segmenter
  std::string words = "pattern";
  int shortest = 1, longest = 1;
  bool lower_case = true;
};

// One for each thread.
class NgramReader {
 public:
  explicit NgramReader(const NgramOptions& options);  // Error names a wrong option
  // In no order that matters, as often as they occur; valid until the next call. The text must be UTF-8; an ill-formed
  // byte parts words.
  const std::vector<Ngram>& read(std::string_view text);

 private:
  void keep_pattern(std::string_view text);
  void keep_words(std::string_view text);
  void keep_characters(std::string_view text);
  void keep_inside_words(std::string_view text);
  void add_words();
  void add_characters(size_t begin, size_t end);
  void add_inside_words();
  size_t keep(std::string_view text, size_t begin);

  NgramOptions options_;
  std::unique_ptr<Segmenter> segmenter_;
  std::string kept_;           // the text as its n-grams are cut from it
  std::vector<size_t> words_;  // where each word of it ends
  std::vector<size_t> marks_;  // where each code point of a part of it begins
  std::vector<Ngram> ngrams_;
};

}  // namespace stemma
