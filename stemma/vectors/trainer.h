// Training word vectors: a model from a numbered text, chunk after chunk. Without --deterministic several threads work
// on one model at once; with it one thread does the steps, so that the bits depend on nothing but options and text.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>

#include "stemma/vectors/corpus.h"
#include "stemma/vectors/race.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

// The words that are there `min_count` times or more. Error when there are fewer than two.
Lexicon frequent_words(std::vector<WordCount> words, int64_t min_count);
// A model before its first step: random input rows, zeros for the output. The text that the lexicon is of had
// `running_words`.
VectorModel new_vectors(const VectorOptions& options, Lexicon lexicon, int64_t running_words, uint64_t seed);
// A new model with the rows of `before` for what it knows, and its further words behind; counts are added.
VectorModel grown_vectors(const VectorModel& before, const VectorOptions& options, const std::vector<WordCount>& words,
                          uint64_t seed);

// Goes on from run.position until all epochs are learned, or `stop`, or a pause; run.position says how far it came.
// True: all is done.
bool train_vectors(VectorModel& model, const Corpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                   const std::function<void(const VectorProgress&)>& report);

}  // namespace stemma
