#include "stemma/tasks/recipe.h"

namespace stemma {

namespace {

RecipeTree begin(const std::string& model, const std::string& preset) {
  Recipe defaults;
  const Preset* chosen = preset.empty() ? nullptr : &find_preset(preset);
  if (chosen) defaults.preset = chosen->name;
  defaults.model = !model.empty() ? model : chosen ? chosen->model : "transformer";
  check(!chosen || chosen->model == defaults.model, "preset ", preset, " is for the model ",
        chosen ? chosen->model : "", ", not ", model);
  defaults.architecture = default_config(defaults.model);
  RecipeTree tree(to_json(defaults));
  if (chosen) tree.apply(*chosen);
  return tree;
}

}  // namespace

RecipeBuilder::RecipeBuilder(const std::string& model, const std::string& preset) : RecipeTree(begin(model, preset)) {}

Recipe load_recipe(const std::string& directory) {
  const Config config = read_config(directory);
  check(config.task == "translate", config.path, ": not a translation model");
  return from_json<Recipe>(config.recipe, config.path);
}

}  // namespace stemma
