#include "stemma/tasks/task_recipe.h"

#include <algorithm>
#include <bit>

#include "stemma/base/files.h"
#include "stemma/base/version.h"

namespace stemma {

void ExampleOptions::validate() const {
  check(examples >= 0, "batch.examples = ", examples, ": must be at least 0");
  check(tokens >= 0, "batch.tokens = ", tokens, ": must be at least 0");
  check(window > 0, "batch.window = ", window, ": must be at least 1");
}

ExampleOptions ExampleOptions::fitted(int64_t training_examples) const {
  ExampleOptions out = *this;
  if (examples == 0)
    out.examples = int64_t(std::bit_floor(uint64_t(std::clamp<int64_t>(training_examples / 150, 8, 32))));
  return out;
}

void save_task_recipe(const TaskRecipe& recipe, const std::string& task, const std::string& directory) {
  Json json = Json::object({{"stemma", version}, {"task", task}});
  const Json own = to_json(recipe);
  for (const auto& [key, value] : own.object()) json[key] = value;
  write_file(join_path(directory, "config.json"), json.dump(2) + "\n");
}

TaskRecipe default_recipe(const std::string& encoder, Json architecture) {
  TaskRecipe out;
  out.encoder = encoder, out.architecture = std::move(architecture);
  auto& train = out.train;
  train.optimizer.beta2 = 0.999, train.optimizer.epsilon = 1e-8;  // Kingma & Ba 2015
  train.schedule.name = "constant", train.schedule.rate = 1e-3, train.schedule.warmup = 0;
  train.clip_norm = 5;
  train.label_smoothing = 0;
  train.stop_on = "score";
  return out;
}

Json without_path(const Json& source) {
  Json::Object own;
  for (const auto& [key, value] : source.object())
    if (key != "path") own.emplace_back(key, value);
  return own;
}

}  // namespace stemma
