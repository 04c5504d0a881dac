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

// A model before its first step: random input rows, zeros for the output. Error when no word is frequent enough.
VectorModel new_vectors(const VectorOptions& options, std::vector<WordCount> words, uint64_t seed);
// The same with the rows of `before` for what it knows, and its further words behind; counts are added.
VectorModel grown_vectors(const VectorModel& before, const VectorOptions& options, const std::vector<WordCount>& words,
                          uint64_t seed);

// Goes on from run.position until all epochs are learned, or `stop`, or a pause; run.position says how far it came.
// True: all is done.
bool train_vectors(VectorModel& model, const Corpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                   const std::function<void(const VectorProgress&)>& report);

}  // namespace stemma
