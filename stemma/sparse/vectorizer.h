// Texts -> sparse vectors: TF-IDF (Sparck Jones 1972) of word and character n-grams, with the values of scikit-learn's
// TfidfVectorizer. Knows no labels.
//   tf = count, or 1 + ln count (sublinear);  idf = 1 + ln((1 + n) / (1 + df)) (smooth), or 1 + ln(n / df)
#pragma once
#include <span>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/sparse/ngrams.h"
#include "stemma/sparse/sparse_matrix.h"
#include "stemma/text/word_table.h"

namespace stemma {

struct TfidfOptions {
  std::string words = "pattern";  // pattern | spaces | dictionary | characters: what a word is (ngrams.h)
  int shortest = 1, longest = 1;  // n-grams of words; longest 0: none
  // n-grams of characters; longest 0: none. Each kind is normalised by itself, and the vectors lie end to end.
  int shortest_characters = 1, longest_characters = 0;
  bool inside_words = true;  // characters do not cross words
  bool lower_case = true, sublinear = false, use_idf = true, smooth_idf = true;
  std::string norm = "l2";  // l2 | l1 | none
  // How many texts must, and may, have an n-gram: below 1 (min_df), up to 1 (max_df) a share of the texts, else a
  // count.
  double min_df = 1, max_df = 1;
  int64_t max_features = 0;  // of each kind the most frequent; of equals those that came first. 0: all
  FIELDS(words, shortest, longest, shortest_characters, longest_characters, inside_words, lower_case, sublinear,
         use_idf, smooth_idf, norm, min_df, max_df, max_features)
};

using Texts = std::span<const std::string>;

// N-grams of one kind.
struct TermBlock {
  NgramOptions ngrams;
  WordTable terms = {};
  std::vector<float> idf = {};  // of each term
};

class Vectorizer {
 public:
  Vectorizer() = default;
  // Learns n-grams and idf. Terms are numbered in the order in which they first appear: the same for any number of
  // threads. Error: a wrong option, no text, no n-gram left.
  Vectorizer(Texts texts, const TfidfOptions& options);
  // What save() wrote: the terms of each kind in their order, and idf of all. Error when they do not fit.
  Vectorizer(const TfidfOptions& options, std::span<const std::vector<std::string>> terms, std::span<const float> idf);

  SparseMatrix transform(Texts texts) const;  // [texts, features]; unknown n-grams are ignored
  // As the constructor, and transform of the same texts in one pass.
  struct Fitted;
  static Fitted fit(Texts texts, const TfidfOptions& options);

  int64_t features() const;
  std::string_view term(int64_t feature) const;
  const TfidfOptions& options() const { return options_; }
  const std::vector<TermBlock>& blocks() const { return blocks_; }

 private:
  TfidfOptions options_;
  std::vector<TermBlock> blocks_;
};

struct Vectorizer::Fitted {
  Vectorizer vectorizer;
  SparseMatrix x;
};

}  // namespace stemma
