#include "stemma/tasks/compared_task.h"

#include <algorithm>
#include <chrono>

#include "stemma/base/files.h"
#include "stemma/tasks/language_training.h"

namespace stemma {

namespace {

using Clock = std::chrono::steady_clock;

// ---- tasks on texts -------------------------------------------------------------------------------------------------
CellScores measure_text_task(const TextTask& task, const std::string& directory, const std::string& file,
                             const Json& data) {
  const auto system = task.load(directory);
  const auto begin = Clock::now();
  TaskReport report = system->evaluate(file, data);
  return {.measure = report.measure,
          .second_measure = report.second_measure,
          .score = report.score,
          .second = report.second,
          .all = std::move(report.all),
          .read = report.examples,
          .seconds = std::chrono::duration<double>(Clock::now() - begin).count(),
          .parameters = system->parameters()};
}

ComparedTask compared(const TextTask& task) {
  return {.name = task.name,
          .unit = "texts",
          .encoders = task.encoders(),
          .recipe = [&task](const std::string& encoder) { return to_json(task.recipe(encoder)); },
          .checked = [](const Json& recipe) { return to_json(from_json<TaskRecipe>(recipe, "recipe")); },
          .train =
              [&task](const CellTraining& t, const auto& stop, const auto& progress) {
                int64_t examples = 0;
                task.train({.recipe = from_json<TaskRecipe>(t.recipe, "recipe"),
                            .train = t.train,
                            .valid = t.valid,
                            .out = t.out,
                            .most = t.most,
                            .resume = t.resume},
                           stop, {.plan = [&](const TaskPlan& p) { examples = p.examples; }, .progress = progress});
                return examples;
              },
          .measure = [&task](const std::string& directory, const std::string& file,
                             const Json& data) { return measure_text_task(task, directory, file, data); }};
}

// ---- language models ------------------------------------------------------------------------------------------------
// The first lines of a text as a file of their own in `directory`; a run that goes on finds it there.
std::string first_lines(const CellTraining& training) {
  const std::string path = join_path(training.out, "train.txt");
  if (training.resume && exists(path)) return path;
  const LineSource next = lines_of(files_of(training.train));
  std::string text, line;
  for (int64_t n = 0; n < training.most && next(line); ++n) text += line + "\n";
  make_directories(training.out);
  write_file(path, text);
  return path;
}

int64_t train_language_cell(const CellTraining& t, const std::atomic<bool>& stop,
                            const std::function<void(const Progress&)>& progress) {
  int64_t tokens = 0;
  train_language({.recipe = from_json<LanguageRecipe>(t.recipe, "recipe"),
                  .text = t.most ? std::vector<std::string>{first_lines(t)} : files_of(t.train),
                  .valid = t.valid,
                  .out = t.out,
                  .resume = t.resume},
                 stop, {.plan = [&](const LanguagePlan& p) { tokens = p.tokens; }, .progress = progress});
  return tokens;
}

CellScores measure_language(const std::string& directory, const std::string& file, const Json&) {
  const auto system = LanguageSystem::load(directory);
  const LanguageScores s = evaluate(system, read_stream({files_of(file), system.tokenizer()}), system.usual_streams());
  return {.measure = "perplexity",
          .second_measure = "bits/byte",
          .score = s.perplexity,
          .second = s.bits_per_byte,
          .all = to_json(s),
          .read = s.tokens,
          .seconds = s.seconds,
          .parameters = count(system.model().params())};
}

ComparedTask compared_language() {
  return {.name = "lm",
          .unit = "tokens",
          .smaller_is_better = true,
          .encoders = language_model_names(),
          .recipe = [](const std::string& model) { return begin_language_recipe(model, "").json(); },
          .checked = [](const Json& recipe) { return to_json(from_json<LanguageRecipe>(recipe, "recipe")); },
          .train = train_language_cell,
          .measure = measure_language};
}

}  // namespace

ComparedTask find_compared_task(const std::string& name) {
  return name == "lm" ? compared_language() : compared(find_text_task(name));
}

std::vector<std::string> files_of(const std::string& list) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin < list.size();) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    out.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return out;
}

}  // namespace stemma
