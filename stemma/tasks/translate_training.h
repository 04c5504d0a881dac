// Training a translation system: from files to a model directory, and (for the demo and for tests) from pairs in
// memory. Says what it will do before it begins; draws nothing itself.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "stemma/data/parallel_text.h"
#include "stemma/tasks/training_plan.h"
#include "stemma/tasks/translator.h"

namespace stemma {

struct TranslationPlan : TrainingPlan {
  int64_t source_vocabulary = 0, target_vocabulary = 0;
  int64_t pairs = 0, epoch_tokens = 0, batch_tokens = 0, accumulate = 1, left_out = 0;
  FIELDS(model, preset, precision, parameters, source_vocabulary, target_vocabulary, pairs, epoch_tokens, batch_tokens,
         accumulate, left_out, threads, weights_bytes, training_bytes, activation_bytes, available_bytes, limit)
};

struct TranslationData {
  TokenPairs train, valid;
  std::vector<std::string> valid_source, valid_target;  // text, for BLEU; may be empty
};

// Trains `system` in `directory`. With validation text, BLEU of greedy translations is measured as well.
// Errors before the start: not enough memory, nothing to train on.
Summary train_translator(Translator& system, const TranslationData& data, const std::string& directory, bool resume,
                         const std::atomic<bool>& stop, const TrainingCallbacks<TranslationPlan>& calls);

struct TrainFromFiles {
  Recipe recipe;
  ParallelFiles train, valid;  // valid.source empty: no validation, the model is the last one
  std::string out;
  bool resume = false;
};
// Checks the text, trains tokenizers, builds the shard, trains. With `resume` the run in `out` goes on, from its start
// when it was broken before its first checkpoint. Errors: also, the recipe or the text is not what the run began with.
Summary train_from_files(const TrainFromFiles& request, const std::atomic<bool>& stop,
                         const TrainingCallbacks<TranslationPlan>& calls);

}  // namespace stemma
