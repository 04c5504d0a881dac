// The recipe of any task, a struct with FIELDS, as a tree: from defaults, a preset, a TOML or JSON file, and --set,
// each over the one before. The effective recipe is saved in the model's config.json, with the name of its task.
#pragma once
#include <string>

#include "stemma/base/json.h"
#include "stemma/models/registry.h"

namespace stemma {

// Keys are set by their path ("train.schedule.rate") or by their last name alone where that is clear; the
// architecture's keys go before all others. "optimizer=adamw" sets train.optimizer.name.
class RecipeTree {
 public:
  explicit RecipeTree(Json tree) : tree_(std::move(tree)) {}
  // Errors: an unknown key (names the nearest), an ambiguous one (names all), a value of the wrong type.
  void set(const std::string& key, const std::string& value, const std::string& where = "--set");
  void set(const std::string& assignment);  // "key=value"
  void load(const std::string& path);       // see read_recipe
  // Every option of `table`, whose tables are parts of paths; `where` begins each error.
  void merge(const Json& table, const std::string& where);
  void apply(const Preset& preset);
  const Json& json() const { return tree_; }
  template <HasFields R>
  R build() const {
    return from_json<R>(tree_, "recipe");
  }

 private:
  void set_json(const std::string& key, const Json& value, const std::string& where);
  Json* find(const std::string& key, const std::string& where);
  Json tree_;
};

// A file's table of options: .json, otherwise TOML. Error with line and column.
Json read_recipe(const std::string& path);
// A training without any limit gets one: early stopping with validation data, else ten epochs.
void limit(RecipeTree& recipe, bool validated);

// What a model directory says of itself. Errors: no such directory or file, no task in it.
struct Config {
  std::string path, task;  // of config.json; "translate", "lm", ...
  Json recipe;
};
Config read_config(const std::string& directory);
// For a run that goes on: Error naming an option that differs and the rule, unless it is a limit of `train`.
void check_same_run(
    Json begun, Json now,
    std::string_view rule = "a resumed run keeps its recipe; only steps, epochs and minutes may change");

}  // namespace stemma
