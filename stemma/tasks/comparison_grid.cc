#include "stemma/tasks/comparison_grid.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"

namespace stemma {

namespace {

namespace fs = std::filesystem;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// ---- files of a cell ------------------------------------------------------------------------------------------------
std::string result_file(const Cell& cell) { return join_path(cell.training.out, "cell.json"); }

void remove_directory(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  check(!error, "cannot remove ", path, ": ", error.message());
}

// Training's own files aside.
int64_t prediction_bytes(const std::string& directory) {
  int64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(directory)) {
    const std::string name = file.path().filename().string();
    if (file.is_regular_file() && !name.starts_with("checkpoint") && name != "training.jsonl")
      bytes += file.file_size();
  }
  return bytes;
}

void remove_checkpoints(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory)) files.push_back(file.path());
  for (const auto& file : files)
    if (file.filename().string().starts_with("checkpoint")) remove_file(file.string());
}

// What decides a cell's result.
Json identity(const Cell& cell) {
  const auto& t = cell.training;
  return Json::object({{"train", t.train},
                       {"valid", t.valid},
                       {"most", t.most},
                       {"recipe", to_json(t.recipe)},
                       {"test", cell.test_data}});
}

bool is_done(const Cell& cell, const std::string& test, CellResult& result) {
  if (!exists(result_file(cell))) return false;
  const std::string path = result_file(cell);
  const Json saved = Json::parse(read_file(path), path);
  if (saved["cell"] != identity(cell) || saved["file"] != Json(test)) return false;
  result = from_json<CellResult>(saved["result"], path);
  return true;
}

// Can a broken training of this cell go on?
bool goes_on(const Cell& cell) {
  const std::string& out = cell.training.out;
  if (exists(result_file(cell)) || !exists(join_path(out, "config.json"))) return false;
  TaskRecipe now = cell.training.recipe;
  now.train.deterministic |= deterministic();
  now.train = resolved(now.train);
  return Trainer::can_resume(out) && to_json(load_task_recipe(out, read_config(out).task)) == to_json(now);
}

// ---- a cell ---------------------------------------------------------------------------------------------------------
struct Grid {
  const ComparisonRecipe& recipe;
  const TextTask& task;
  const std::atomic<bool>& stop;
  const GridCallbacks& calls;
};

// False: stopped.
bool run_cell(const Grid& grid, const Cell& cell, CellResult& result) {
  TaskTraining training = cell.training;
  training.resume = goes_on(cell);
  if (!training.resume) remove_directory(training.out);
  auto begin = std::chrono::steady_clock::now();
  TaskCallbacks calls;
  calls.plan = [&](const TaskPlan& plan) { result.examples = plan.examples; };
  calls.progress = grid.calls.progress;
  const Summary summary = grid.task.train(training, grid.stop, calls);
  if (grid.stop) return false;
  result.train_seconds = training.resume ? summary.seconds : seconds_since(begin);
  const auto system = grid.task.load(training.out);
  begin = std::chrono::steady_clock::now();
  const TaskReport report = system->evaluate(grid.recipe.test, cell.test_data);
  result.texts_per_second = double(report.examples) / std::max(seconds_since(begin), 1e-9);
  check(std::isfinite(report.score), "its ", report.measure, " is not a number: it answers the same to every text");
  result.measure = report.measure, result.score = report.score, result.scores = report.all;
  result.parameters = system->parameters();
  result.bytes = prediction_bytes(training.out);
  return true;
}

void remember(const Cell& cell, const std::string& test, const CellResult& result, bool keep_model) {
  if (keep_model)
    remove_checkpoints(cell.training.out);
  else
    remove_directory(cell.training.out), make_directories(cell.training.out);
  write_file(result_file(cell),
             Json::object({{"cell", identity(cell)}, {"file", test}, {"result", to_json(result)}}).dump(2) + "\n");
}

// ---- cells together -------------------------------------------------------------------------------------------------
const Json* classes_of(const CellResult& cell) {
  const Json* scores = cell.scores.find("scores");
  return scores ? scores->find("classes") : nullptr;
}

// Labels in the order in which the first cell has them; none where cells have none.
std::vector<std::string> labels_of(const std::vector<CellResult>& cells) {
  std::vector<std::string> labels;
  for (const auto& cell : cells) {
    const Json* classes = classes_of(cell);
    if (!cell.failed.empty() || !classes) continue;
    for (const auto& c : classes->array())
      if (std::find(labels.begin(), labels.end(), c["label"].text()) == labels.end())
        labels.push_back(c["label"].text());
  }
  return labels;
}

double f1_of(const CellResult& cell, const std::string& label) {
  const Json* classes = classes_of(cell);
  if (classes)
    for (const auto& c : classes->array())
      if (c["label"].text() == label) return c["f1"].number();
  return 0;
}

double mean_of(const std::vector<const CellResult*>& cells, const std::function<double(const CellResult&)>& value) {
  std::vector<double> values;
  for (const auto* cell : cells) values.push_back(value(*cell));
  return spread_of(values).mean;
}

ComparedEncoder together(const std::string& encoder, const std::vector<CellResult>& cells,
                         const std::vector<std::string>& labels) {
  ComparedEncoder out;
  out.encoder = encoder;
  std::vector<int64_t> sizes;
  for (const auto& cell : cells)
    if (std::find(sizes.begin(), sizes.end(), cell.size) == sizes.end()) sizes.push_back(cell.size);
  for (const int64_t size : sizes) {
    std::vector<const CellResult*> these;
    std::vector<double> scores;
    for (const auto& cell : cells)
      if (cell.encoder == encoder && cell.size == size && cell.failed.empty())
        these.push_back(&cell), scores.push_back(cell.score);
    if (these.empty()) continue;
    out.curve.push_back(
        {these[0]->examples, spread_of(scores), mean_of(these, [](const auto& c) { return c.train_seconds; })});
    if (size != sizes.back()) continue;
    out.score = spread_of(scores);
    out.parameters = mean_of(these, [](const auto& c) { return double(c.parameters); });
    out.bytes = mean_of(these, [](const auto& c) { return double(c.bytes); });
    out.train_seconds = mean_of(these, [](const auto& c) { return c.train_seconds; });
    out.texts_per_second = mean_of(these, [](const auto& c) { return c.texts_per_second; });
    for (const auto& label : labels) out.f1.push_back(mean_of(these, [&](const auto& c) { return f1_of(c, label); }));
  }
  return out;
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  Spread out;
  out.n = int64_t(values.size());
  for (const double v : values) out.mean += v / double(out.n);
  for (const double v : values) out.deviation += (v - out.mean) * (v - out.mean);
  out.deviation = out.n > 1 ? std::sqrt(out.deviation / double(out.n - 1)) : 0;
  return out;
}

Comparison summarise(const ComparisonRecipe& recipe, std::vector<CellResult> cells) {
  Comparison out;
  out.title = recipe.title, out.task = recipe.task, out.threads = threads(), out.labels = labels_of(cells);
  for (const auto& encoder : recipe.encoders) out.encoders.push_back(together(encoder, cells, out.labels));
  const CellResult* best = nullptr;
  for (const auto& cell : cells)
    if (cell.failed.empty() && (!best || cell.score > best->score)) best = &cell;
  if (best) out.best = to_json(*best), out.measure = best->measure;
  for (auto& cell : cells) cell.scores = nullptr;  // of the best alone: the others are in their cell.json
  out.cells = std::move(cells);
  return out;
}

std::vector<CellResult> run_grid(const ComparisonRecipe& recipe, const std::string& directory, bool resume,
                                 const std::atomic<bool>& stop, const GridCallbacks& calls) {
  const std::string home = join_path(directory, "cells");
  check(resume || !exists(home), directory,
        " holds a comparison already: --resume keeps its finished cells, or choose another --out");
  const auto cells = cells_of(recipe, home);
  const Grid grid{recipe, find_text_task(recipe.task), stop, calls};
  make_directories(home);
  std::vector<CellResult> results;
  for (const auto& cell : cells) {
    CellResult result;
    result.encoder = cell.encoder, result.size = cell.size, result.seed = cell.seed;
    if (!is_done(cell, recipe.test, result)) {
      if (calls.begin) calls.begin(cell);
      try {
        if (!run_cell(grid, cell, result)) break;
        remember(cell, recipe.test, result, cell.size == cells.back().size);
      } catch (const std::exception& e) {
        if (stop) break;
        result.failed = e.what();
      }
    }
    if (calls.end) calls.end(result);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace stemma
