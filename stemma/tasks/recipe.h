// A recipe: every option of a training run in one tree, from defaults, a preset, a TOML or JSON file, and --set, each
// over the one before. The effective recipe is saved as the model's config.json.
#pragma once
#include <string>

#include "stemma/base/json.h"
#include "stemma/data/batches.h"
#include "stemma/decode/decode.h"
#include "stemma/text/tokenizer.h"
#include "stemma/train/trainer.h"

namespace stemma {

struct TextOptions : TokenizerOptions {
  bool joint = true;  // one vocabulary for both sides, learned from both
  FIELDS(joint, kind, vocabulary, normalize, lower, chinese_characters, character_coverage, byte_fallback, min_count,
         shrink, training_lines)
};

struct Recipe {
  std::string model = "transformer";
  std::string preset;  // what it began with, for the record
  Json architecture;   // of the model: see default_config
  TextOptions text;
  BatchOptions batch;
  TrainOptions train;
  DecodeOptions decode;
  FIELDS(model, preset, architecture, text, batch, train, decode)
};

// The recipe as a tree in which keys are set by their path ("train.schedule.rate") or by their last name alone where
// that is clear; the architecture's keys go before all others. "optimizer=adamw" sets train.optimizer.name.
class RecipeBuilder {
 public:
  // `model` and `preset` may be empty: the preset says the model, without both it is the transformer.
  RecipeBuilder(const std::string& model, const std::string& preset);
  explicit RecipeBuilder(const Recipe& begun) : tree_(to_json(begun)) {}
  // Errors: an unknown key (names the nearest), an ambiguous one (names all), a value of the wrong type.
  void set(const std::string& key, const std::string& value, const std::string& where = "--set");
  void set(const std::string& assignment);  // "key=value"
  void load(const std::string& path);       // .json, otherwise TOML
  Recipe build() const { return from_json<Recipe>(tree_, "recipe"); }

 private:
  void set_json(const std::string& key, const Json& value, const std::string& where);
  Json* find(const std::string& key, const std::string& where);
  Json tree_;
};

// Of a model directory, from its config.json. Errors: no such directory or file, not a translation model.
Recipe load_recipe(const std::string& directory);
// For a run that goes on: Error naming an option that differs, unless it is a limit (steps, epochs, minutes).
void check_same_run(const Recipe& begun, const Recipe& now);

}  // namespace stemma
