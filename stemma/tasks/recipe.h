// The recipe of a translation system: every option of its training run.
#pragma once
#include <string>

#include "stemma/data/batches.h"
#include "stemma/decode/decode.h"
#include "stemma/tasks/recipe_tree.h"
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

class RecipeBuilder : public RecipeTree {
 public:
  // `model` and `preset` may be empty: the preset says the model, without both it is the transformer.
  RecipeBuilder(const std::string& model, const std::string& preset);
  explicit RecipeBuilder(const Recipe& begun) : RecipeTree(to_json(begun)) {}
  Recipe build() const { return RecipeTree::build<Recipe>(); }
};

// Of a model directory, from its config.json. Errors: no such directory or file, not a translation model.
Recipe load_recipe(const std::string& directory);

}  // namespace stemma
