// Training word vectors from files: a text becomes a directory with model.bin (fastText's format), config.json and
// training.jsonl. While a run is on its way the model is in checkpoint.bin. Draws nothing itself.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/vectors/trainer.h"

namespace stemma {

struct VectorRecipe {
  std::string task = "vectors";
  VectorOptions vectors;
  CorpusOptions corpus;
  uint64_t seed = 1;
  bool deterministic = false;
  FIELDS(task, vectors, corpus, seed, deterministic)
};

struct VectorRequest {
  VectorRecipe recipe;
  std::vector<std::string> corpus;  // files, plain or .gz; "-": standard input
  std::string out;
  std::string from;          // vectors to go on from: a directory or a file; empty: none
  bool resume = false;       // go on with the run in `out`; the text must be the same
  double save_minutes = 10;  // between checkpoints
};
struct VectorPlan {
  int64_t running_words = 0, different_words = 0, words = 0, buckets = 0, phrases = 0, forgotten = 0;
  int64_t table_bytes = 0;
  int threads = 1;
  FIELDS(running_words, different_words, words, buckets, phrases, forgotten, table_bytes, threads)
};
struct VectorSummary {
  bool finished = false;
  int64_t words = 0;   // running words learned from by this process
  double seconds = 0;  // of learning: reading and saving are not counted
  double words_per_second = 0, loss = 0;
  FIELDS(finished, words, seconds, words_per_second, loss)
};
struct VectorCallbacks {
  std::function<void(int64_t words)> reading = nullptr;
  std::function<void(const VectorPlan&)> plan = nullptr;
  std::function<void(const VectorProgress&)> progress = nullptr;
};
// Errors before the start: a wrong option, a directory with another run in it, text that is not what the run began
// with.
VectorSummary train_vectors_from_files(const VectorRequest& request, const std::atomic<bool>& stop,
                                       const VectorCallbacks& calls);

}  // namespace stemma
