// The words that every `stemma train TASK` takes, and how they join the recipe.
#pragma once
#include <string>
#include <vector>

#include "stemma/cli/command_line.h"
#include "stemma/tasks/recipe_tree.h"

namespace stemma {

struct TrainingArguments {
  std::string of = "model";  // what names the thing that is trained, as an option and in the recipe: model | encoder
  std::string model, preset, config, out, trace;
  std::vector<std::string> set;
  double minutes = 0;
  int64_t epochs = 0, steps = 0, seed = 1;
  bool resume = false, json = false;
  Machine machine;

  void declare(CommandLine& line, const std::string& about_model);
  // A run in --out goes on with its own recipe: what --resume asks for, once there is a config.json.
  bool goes_on() const;
  // --config, --set and all limits, over the defaults or over the recipe of the run that goes on. Without any limit:
  // 10 validations without a better one, or 10 epochs when nothing is `validated`.
  RecipeTree recipe(RecipeTree begin, const CommandLine& line, bool validated) const;
};

// "Models: a b c" and the presets with what they are, for a help text.
std::string text_of(const std::vector<std::string>& models, const std::vector<Preset>& presets,
                    const std::string& heading = "Models");

}  // namespace stemma
