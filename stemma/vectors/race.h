// Hogwild (Niu et al. 2011): threads take chunks of a text one after the other and change one model without locks.
// Under --deterministic one thread takes them all, so that the bits depend on nothing but options and text. Knows
// neither the text nor the model.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>

#include "stemma/base/fields.h"

namespace stemma {

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
  double pause_after = 0;  // seconds, then the race ends so that the caller can save; 0: never
};
struct ChunkRates {
  float first = 0, last = 0;  // of learning, at the begin and the end of a chunk
};
struct ChunkResult {
  int64_t words = 0;
  double loss_sum = 0;  // of some predictions
  int64_t losses = 0;   // how many
};
// Learns the chunk at a position, which counts on through the epochs; `seed` fixes all its draws.
using ChunkLearner = std::function<ChunkResult(int64_t position, ChunkRates rates, uint64_t seed)>;

int racers();  // how many threads will take chunks

struct Race {
  int64_t chunks = 0;
  int32_t epochs = 1;
  double rate = 0;                              // of learning at the begin; falls to a ten-thousandth
  std::function<double(int64_t)> share_before;  // of the text before a chunk
  std::function<ChunkLearner()> learner;        // a new one for each thread
};
// Goes on from run.position until all epochs are learned, or `stop`, or a pause; run.position says how far it came.
// True: all is done. Reports now and then, and once at the end, so that nothing goes unsaid.
bool run_race(const Race& race, VectorRun& run, const std::atomic<bool>& stop,
              const std::function<void(const VectorProgress&)>& report);

}  // namespace stemma
