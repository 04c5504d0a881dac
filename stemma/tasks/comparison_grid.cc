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

// What only training needs: checkpoints, and a language model's text and its stream of tokens.
bool is_of_training(const std::string& name) { return name.starts_with("checkpoint") || name.starts_with("train."); }

int64_t prediction_bytes(const std::string& directory) {
  int64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(directory)) {
    const std::string name = file.path().filename().string();
    if (file.is_regular_file() && !is_of_training(name) && name != "training.jsonl") bytes += file.file_size();
  }
  return bytes;
}

void remove_files_of_training(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory)) files.push_back(file.path());
  for (const auto& file : files)
    if (is_of_training(file.filename().string())) remove_file(file.string());
}

// What decides a cell's result.
Json identity(const Cell& cell) {
  const auto& t = cell.training;
  return Json::object(
      {{"train", t.train}, {"valid", t.valid}, {"most", t.most}, {"recipe", t.recipe}, {"test", cell.test_data}});
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
bool goes_on(const ComparedTask& task, const Cell& cell) {
  const std::string& out = cell.training.out;
  if (exists(result_file(cell)) || !exists(join_path(out, "config.json")) || !Trainer::can_resume(out)) return false;
  Json now = cell.training.recipe;
  auto train = from_json<TrainOptions>(now["train"], "train");
  train.deterministic |= deterministic();
  now["train"] = to_json(resolved(train));
  return task.checked(read_config(out).recipe) == task.checked(now);
}

// ---- a cell ---------------------------------------------------------------------------------------------------------
struct Grid {
  const ComparisonRecipe& recipe;
  const ComparedTask task;
  const std::atomic<bool>& stop;
  const GridCallbacks& calls;
};

// False: stopped.
bool run_cell(const Grid& grid, const Cell& cell, CellResult& result) {
  CellTraining training = cell.training;
  training.resume = goes_on(grid.task, cell);
  if (!training.resume) remove_directory(training.out);
  const auto begin = std::chrono::steady_clock::now();
  double learning = 0;
  result.examples = grid.task.train(training, grid.stop, [&](const Progress& p) {
    learning = p.seconds;
    if (grid.calls.progress) grid.calls.progress(p);
  });
  if (grid.stop) return false;
  result.train_seconds = training.resume ? learning : seconds_since(begin);
  const CellScores scores = grid.task.measure(training.out, grid.recipe.test, cell.test_data);
  check(std::isfinite(scores.score), "its ", scores.measure, " is not a number: it answers the same to every text");
  result.texts_per_second = double(scores.read) / std::max(scores.seconds, 1e-9);
  result.measure = scores.measure, result.score = scores.score, result.scores = scores.all;
  result.second_measure = scores.second_measure, result.second = scores.second;
  result.parameters = scores.parameters;
  result.bytes = prediction_bytes(training.out);
  return true;
}

void remember(const Cell& cell, const std::string& test, const CellResult& result, bool keep_model) {
  if (keep_model)
    remove_files_of_training(cell.training.out);
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
    out.second = mean_of(these, [](const auto& c) { return c.second; });
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
  const ComparedTask task = find_compared_task(recipe.task);
  out.unit = task.unit, out.smaller_is_better = task.smaller_is_better;
  for (const auto& encoder : recipe.encoders) out.encoders.push_back(together(encoder, cells, out.labels));
  const CellResult* best = nullptr;
  for (const auto& cell : cells)
    if (cell.failed.empty() &&
        (!best || (task.smaller_is_better ? cell.score < best->score : cell.score > best->score)))
      best = &cell;
  if (best) out.best = to_json(*best), out.measure = best->measure, out.second_measure = best->second_measure;
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
  const Grid grid{recipe, find_compared_task(recipe.task), stop, calls};
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
