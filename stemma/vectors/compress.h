// A model made small: rows quantised, and as many of them left out as a size asks for (Joulin et al. 2016). What comes
// out is a fastText .ftz; it answers, but learns no more.
#pragma once
#include <cstdint>

#include "stemma/vectors/vector_model.h"

namespace stemma {

struct CompressOptions {
  int64_t bytes = 0;    // of the file at most; 0: all rows are kept
  int32_t piece = 2;    // floats to a code; word vectors that are too many for `bytes` take longer pieces
  bool output = false;  // a classifier's output is quantised as well
  uint64_t seed = 1;
};
// A classifier keeps the rows of the greatest length, words and n-grams alike, and </s>. Word vectors keep all words,
// then the n-grams of the greatest length; they lose their output rows. Error: fewer than 256 rows, or too few bytes
// (says how many it takes).
VectorModel compressed(const VectorModel& model, const CompressOptions& options);

}  // namespace stemma
