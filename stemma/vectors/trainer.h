// Training word vectors: a model from a numbered text, chunk after chunk. Without --deterministic several threads work
// on one model at once; with it one thread does the steps, so that the bits depend on nothing but options and text.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>

#include "stemma/vectors/corpus.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

// A model before its first step: random input rows, zeros for the output. Error when no word is frequent enough.
VectorModel new_vectors(const VectorOptions& options, const std::vector<WordCount>& words, uint64_t seed);
// The same with the rows of `before` for what it knows, and its further words behind; counts are added.
VectorModel grown_vectors(const VectorModel& before, const VectorOptions& options, const std::vector<WordCount>& words,
                          uint64_t seed);

struct VectorProgress {
  double done = 0;     // share of all epochs
  int64_t words = 0;   // running words read by this run, all epochs
  double seconds = 0;  // of this process
  double words_per_second = 0;
  double loss = 0;  // mean of a prediction since the last report
  double rate = 0;  // of learning
  FIELDS(done, words, seconds, words_per_second, loss, rate)
};

struct VectorRun {
  uint64_t seed = 1;
  int64_t position = 0;    // chunks learned, all epochs counted; what a resumed run begins with
  double pause_after = 0;  // seconds, then `train` returns so that the caller can save; 0: never
};
// Goes on from run.position until all epochs are learned, or `stop`, or a pause; run.position says how far it came.
// True: all is done.
bool train_vectors(VectorModel& model, const Corpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                   const std::function<void(const VectorProgress&)>& report);

double first_rate(const VectorOptions& options);

}  // namespace stemma
