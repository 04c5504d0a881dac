#include "stemma/tasks/text_task.h"

#include <algorithm>
#include <numeric>

#include "stemma/base/random.h"
#include "stemma/tasks/answer_task.h"
#include "stemma/tasks/choose_task.h"
#include "stemma/tasks/label_tasks.h"
#include "stemma/tasks/tag_task.h"

namespace stemma {

std::vector<TaskAnswer> TextSystem::answer_file(const std::string& file) const {
  fail(file, ": inputs of this task are lines of text, not a JSON file");
}

std::string describe_cut(int64_t cut, int64_t inputs) {
  return cut ? str(cut, " of ", inputs, " inputs are longer than what is read of them, and were cut") : "";
}

const std::vector<TextTask>& text_tasks() {
  static const std::vector<TextTask> list = {classify_task(), pair_task(), tag_task(), answer_task(), choose_task()};
  return list;
}

const TextTask& find_text_task(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& task : text_tasks()) {
    if (task.name == name) return task;
    known.push_back(task.name);
  }
  fail("unknown task '", name, "'", suggestion(name, known));
}

TaskRecipe first_recipe(const TextTask& task, const std::string& encoder, const std::string& preset) {
  if (preset.empty()) return task.recipe(encoder.empty() ? "lstm" : encoder);
  const Preset& chosen = find_preset(preset, encoder_presets());
  check(encoder.empty() || encoder == chosen.model, "preset ", preset, " is for the encoder ", chosen.model, ", not ",
        encoder);
  RecipeTree tree(to_json(task.recipe(chosen.model)));
  tree.apply(chosen);
  auto recipe = tree.build<TaskRecipe>();
  recipe.preset = preset;
  return recipe;
}

TaskRecipe load_task_recipe(const std::string& directory, const std::string& task) {
  const Config config = read_config(directory);
  check(config.task == task, config.path, ": is of the task ", config.task, ", not ", task);
  return from_json<TaskRecipe>(config.recipe, config.path);
}

TaskRecipe begin_run(const TaskTraining& training, const std::string& task) {
  TaskRecipe recipe = training.recipe;
  recipe.text.validate(), recipe.batch.validate(), recipe.train.validate();
  const std::string needy = recipe.train.needs_validation();
  check(needy.empty() || !training.valid.empty(), needy, " needs validation data: --valid");
  recipe.train.deterministic |= deterministic();
  recipe.train = resolved(recipe.train);
  goes_on<TaskRecipe>(training.out, training.resume, recipe,
                      [&](const std::string& directory) { return load_task_recipe(directory, task); });
  return recipe;
}

void say_skipped(const TaskCallbacks& calls, const std::string& file, const std::string& skipped) {
  if (calls.say && !skipped.empty()) calls.say(str(file, ": passed over\n", skipped));
}

std::vector<int64_t> sample(int64_t n, int64_t most, uint64_t seed) {
  std::vector<int64_t> out(static_cast<size_t>(n));
  std::iota(out.begin(), out.end(), int64_t{0});
  if (most == 0 || most >= n) return out;
  for (auto& i : out) i = int64_t(permuted(uint64_t(i), uint64_t(n), Random{seed}.stream(77).key));
  out.resize(size_t(most));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace stemma
