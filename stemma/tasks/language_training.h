// Training a language model from files to a model directory, and measuring one. Says what it will do before it begins;
// draws nothing itself.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "stemma/tasks/language_modelling.h"
#include "stemma/tasks/training_plan.h"

namespace stemma {

struct LanguagePlan : TrainingPlan {
  int64_t vocabulary = 0, tokens = 0, words = 0, unknown = 0;  // of the training text
  int64_t epoch_tokens = 0, streams = 0, length = 0;           // streams: of an update
  FIELDS(model, preset, precision, parameters, vocabulary, tokens, words, unknown, epoch_tokens, streams, length,
         threads, weights_bytes, training_bytes, activation_bytes, available_bytes, limit)
};
using LanguageCallbacks = TrainingCallbacks<LanguagePlan>;

// Trains `system` in `directory`, by back-propagation truncated at batch.length, the state carried on. `valid` may be
// empty. Errors before the start: not enough memory, a text too small for one batch.
Summary train_language(LanguageSystem& system, const TokenStream& train, const TokenStream& valid,
                       const std::string& directory, bool resume, const std::atomic<bool>& stop,
                       const LanguageCallbacks& calls);

struct TrainLanguage {
  LanguageRecipe recipe;
  std::vector<std::string> text;
  std::string valid;  // empty: no validation, the model is the last one
  std::string out;
  bool resume = false;
};
// Learns the vocabulary, builds the stream of ids, trains. With `resume` the run in `out` goes on. Errors: also, the
// recipe or the text is not what the run began with.
Summary train_language(const TrainLanguage& request, const std::atomic<bool>& stop, const LanguageCallbacks& calls);

struct LanguageScores {
  int64_t tokens = 0, words = 0, characters = 0, bytes = 0;  // line ends counted as one of each
  int64_t unknown = 0;                                       // tokens, which cost what <unk> costs
  double loss = 0, perplexity = 0;                           // per token
  double word_perplexity = 0, bits_per_character = 0, bits_per_byte = 0, accuracy = 0;
  double seconds = 0, tokens_per_second = 0;
  FIELDS(tokens, words, characters, bytes, unknown, loss, perplexity, word_perplexity, bits_per_character,
         bits_per_byte, accuracy, seconds, tokens_per_second)
};
// Over the whole text; `streams` as in LanguageSystem::fit.
LanguageScores evaluate(const LanguageSystem& system, const TokenStream& text, int64_t streams);

}  // namespace stemma
