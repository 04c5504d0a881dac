// A log-linear model: word vectors (CBOW or skip-gram) or a text classifier (fastText supervised; Joulin et al. 2017).
// An input row for each word and each bucket of n-grams, an output row for each predicted word, inner node or label.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/vectors/lexicon.h"
#include "stemma/vectors/subwords.h"
#include "stemma/vectors/vector_table.h"

namespace stemma {

struct VectorOptions {
  std::string model = "skipgram";  // cbow | skipgram | supervised
  std::string loss = "negatives";  // negatives | tree (hierarchical softmax) | softmax | each (one against all)
  int32_t dimension = 100;
  int32_t window = 5;     // words on each side, at most; how many is drawn anew for each word
  int32_t negatives = 5;  // wrong words for each right one
  int32_t min_count = 5;  // rarer words are dropped
  int32_t epochs = 5;
  double subsample = 1e-3;               // words of a greater share are dropped at random; 0: none
  double rate = 0;                       // of learning at the begin, falling to nothing; 0: 0.05, supervised 0.1
  int32_t min_ngram = 0, max_ngram = 0;  // letters of an n-gram; 0: words alone
  int32_t buckets = 2'000'000;           // of n-grams
  int32_t word_ngrams = 1;               // supervised: n-grams of words
  FIELDS(model, loss, dimension, window, negatives, min_count, epochs, subsample, rate, min_ngram, max_ngram, buckets,
         word_ngrams)

  bool has_buckets() const { return max_ngram > 0 || word_ngrams > 1; }
};
void check_options(const VectorOptions& options);  // Error names the option
double first_rate(const VectorOptions& options);

struct VectorModel {
  VectorOptions options;
  Lexicon lexicon;
  int64_t running_words = 0;                          // of the text, rare ones counted
  VectorTable input;                                  // words, then buckets
  VectorTable output;                                 // no rows: vectors alone, read from a file that has no more
  bool pruned = false;                                // only some buckets are kept:
  std::unordered_map<int32_t, int32_t> kept_buckets;  // bucket -> its place behind the words

  SubwordOptions subword_options() const {
    return {options.min_ngram, options.max_ngram, options.has_buckets() ? options.buckets : 0};
  }
  // The input rows of a word: its own when it is known, and those of its n-grams.
  std::vector<int32_t> rows_of(std::string_view word) const;
  // The mean of its rows; zeros when there are none.
  std::vector<float> word_vector(std::string_view word) const;
  // Has at least one row.
  bool knows(std::string_view word) const { return !rows_of(word).empty(); }
  // -1 when the bucket was pruned.
  int32_t bucket_row(int32_t bucket) const;
  int64_t dimension() const { return input.width(); }
};

}  // namespace stemma
