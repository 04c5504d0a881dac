// The task `lm`: a language model with its tokenizer. Made new, or loaded from its directory (config.json,
// model.safetensors, tokenizer). Text in, probabilities and more text out.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stemma/data/streams.h"
#include "stemma/decode/decode.h"
#include "stemma/models/language_model.h"
#include "stemma/tasks/recipe_tree.h"
#include "stemma/train/trainer.h"

namespace stemma {

struct LanguageRecipe {
  std::string model = "lstm";
  std::string preset;  // what it began with, for the record
  Json architecture;   // of the model: see default_language_config
  TokenizerOptions text;
  StreamOptions batch;
  TrainOptions train;
  DecodeOptions decode;
  FIELDS(model, preset, architecture, text, batch, train, decode)
  LanguageRecipe();
  void validate() const;  // Error naming the option; the architecture is the model's to check
};
// `model` and `preset` may be empty: the preset says the model, without both it is the lstm.
RecipeTree begin_language_recipe(const std::string& model, const std::string& preset);
// Of a model directory. Errors: no such directory or file, not a language model.
LanguageRecipe load_language_recipe(const std::string& directory);

// Log probabilities of a text, token by token.
struct Scored {
  std::vector<int32_t> ids;         // lines end in </s>
  std::vector<std::string> pieces;  // what they are called
  std::vector<float> log_p;         // of each, given all before it
  struct Alternative {
    std::string piece;
    float log_p = 0;
  };
  std::vector<std::vector<Alternative>> best;  // of each, the likeliest in its place, best first
};

struct Fit {
  double nll = 0;       // in nats, over all tokens
  int64_t correct = 0;  // tokens that were the likeliest
  int64_t tokens = 0;
  double loss() const { return tokens ? nll / double(tokens) : 0; }
};

class LanguageSystem {
 public:
  // A new one with initial weights.
  LanguageSystem(LanguageRecipe recipe, Tokenizer tokenizer);
  enum class For { prediction, training };
  // Errors: no such directory, a file missing or damaged, weights of another architecture, NaN (which tensor). For
  // prediction the weights lie in the mapped file, and once more packed for products.
  static LanguageSystem load(const std::string& directory, For use = For::prediction);
  // config.json and the tokenizer; the weights are the trainer's to write.
  void save_description(const std::string& directory) const;

  // Ids of a text whose last line is open: </s> stands between lines only.
  std::vector<int32_t> encode_open(std::string_view text) const;
  // What tokens say, </s> as a line's end.
  std::string decode(std::span<const int32_t> ids) const;

  // log p of every token of a text, which begins after </s>. In one pass, the state carried on all the way; a model
  // that sees no further than its window gives each token at least half a window of what was before it.
  // `alternatives`: how many of the likeliest at each place.
  Scored score(std::span<const int32_t> ids, int64_t alternatives = 0) const;
  // The sum of the same over a long text. A text is read in `streams` parts side by side, each begun early enough to
  // have read 4 * batch.length tokens before its first that counts; 1: unbroken.
  Fit fit(std::span<const int32_t> ids, int64_t streams) const;
  // Some, unless the model's state might not recover from beginning elsewhere (a plain RNN had perplexity 4,227 in 8
  // streams and 218 in one); then 1.
  int64_t usual_streams() const { return model_->forgets() ? 8 : 1; }

  LanguageModel& model() const { return *model_; }
  const LanguageRecipe& recipe() const { return recipe_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  bool carries() const { return !model_->carried_widths().empty(); }  // or else sees windows
  int64_t window() const;                                             // tokens that a model without carried state sees
  std::string architecture() const;                                   // what checkpoints are marked with

 private:
  LanguageSystem(LanguageRecipe recipe, Tokenizer tokenizer, std::unique_ptr<LanguageModel> model);
  LanguageRecipe recipe_;
  Tokenizer tokenizer_;
  std::unique_ptr<LanguageModel> model_;
};

// The decode loop's view: text that goes on after `prompts`, each at least one id. Where a window is full it moves on
// by half of itself.
System continuing(const LanguageSystem& system, const std::vector<std::vector<int32_t>>& prompts);

}  // namespace stemma
