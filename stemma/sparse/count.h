// Counts of n-grams, text by text, with terms numbered in the order of their first appearance.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "stemma/sparse/ngrams.h"
#include "stemma/sparse/sparse_matrix.h"
#include "stemma/text/word_table.h"

namespace stemma {

struct Counts {
  WordTable terms;
  std::vector<int64_t> documents, occurrences;  // of each term
  SparseMatrix x;                               // [texts, terms]; indices are not sorted
};

// One pass, by all threads; each thread's pieces have numbers of their own, and are put together in the order of the
// texts, so that the result is that of one thread.
Counts count_ngrams(std::span<const std::string> texts, const NgramOptions& options);
// Of known terms only.
SparseMatrix count_known(std::span<const std::string> texts, const NgramOptions& options, const WordTable& terms);
// Keeps the terms of `kept` (ascending numbers) and renumbers them.
Counts keep_terms(const Counts& counts, std::span<const int32_t> kept);

}  // namespace stemma
