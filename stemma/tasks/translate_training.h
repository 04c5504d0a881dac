// Training a translation system: from files to a model directory, and (for the demo and for tests) from pairs in
// memory. Says what it will do before it begins; draws nothing itself.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "stemma/data/parallel_text.h"
#include "stemma/tasks/translator.h"

namespace stemma {

// What a run will do and need.
struct TrainingPlan {
  std::string model, preset, precision;
  int64_t parameters = 0, source_vocabulary = 0, target_vocabulary = 0;
  int64_t pairs = 0, epoch_tokens = 0, batch_tokens = 0, accumulate = 1, left_out = 0;
  int threads = 1;
  int64_t weights_bytes = 0, training_bytes = 0;      // parameters; gradients and optimiser state
  int64_t activation_bytes = 0, available_bytes = 0;  // measured on a small batch and scaled; of this machine
  std::string limit;                                  // "20 epochs", ...
  FIELDS(model, preset, precision, parameters, source_vocabulary, target_vocabulary, pairs, epoch_tokens, batch_tokens,
         accumulate, left_out, threads, weights_bytes, training_bytes, activation_bytes, available_bytes, limit)
};

struct TranslationData {
  TokenPairs train, valid;
  std::vector<std::string> valid_source, valid_target;  // text, for BLEU; may be empty
};

struct TrainingCallbacks {
  std::function<void(const std::string& line)> say = nullptr;  // a step of the preparation, a finding
  std::function<void(const TrainingPlan&)> plan = nullptr;     // before the first step
  std::function<void(const Progress&)> progress = nullptr;
};

// The type of products in training: auto takes bf16 where the CPU multiplies it natively, unless Deterministic.
Type resolve_precision(const std::string& precision);

// Trains `system` in `directory`. With validation text, BLEU of greedy translations is measured as well.
// Errors before the start: not enough memory, nothing to train on.
Summary train_translator(Translator& system, const TranslationData& data, const std::string& directory, bool resume,
                         const std::atomic<bool>& stop, const TrainingCallbacks& calls);

struct TrainFromFiles {
  Recipe recipe;
  ParallelFiles train, valid;  // valid.source empty: no validation, the model is the last one
  std::string out;
  bool resume = false;
};
// Checks the text, trains tokenizers, builds the shard, trains. With `resume` the run in `out` goes on, from its start
// when it was broken before its first checkpoint. Errors: also, the recipe or the text is not what the run began with.
Summary train_from_files(const TrainFromFiles& request, const std::atomic<bool>& stop, const TrainingCallbacks& calls);

}  // namespace stemma
