// Running a comparison cell by cell: train, measure on the test file, remember; and what the cells of an encoder say
// together. A cell that fails is a finding, not the end.
#pragma once
#include "stemma/tasks/comparison_recipe.h"

namespace stemma {

struct CellResult {
  std::string encoder;
  int64_t size = 0, seed = 1;           // as asked for; size 0: all
  std::string failed;                   // why; empty: it did not
  int64_t examples = 0;                 // learned from
  std::string measure, second_measure;  // the second may be empty
  double score = 0, second = 0;
  int64_t parameters = 0, bytes = 0;  // bytes: of the files that prediction needs
  double train_seconds = 0;           // reading, vocabulary, learning, validation
  double texts_per_second = 0;        // of reading, answering and scoring the test file; lm: tokens
  Json scores;                        // all that was measured
  FIELDS(encoder, size, seed, failed, examples, measure, second_measure, score, second, parameters, bytes,
         train_seconds, texts_per_second, scores)
};

struct Spread {
  double mean = 0, deviation = 0;  // of the sample (n - 1); 0 for one value
  int64_t n = 0;
  FIELDS(mean, deviation, n)
};
Spread spread_of(const std::vector<double>& values);

struct CurvePoint {
  int64_t examples = 0;
  Spread score;
  double train_seconds = 0;  // the mean
  FIELDS(examples, score, train_seconds)
};
// An encoder: means over its seeds with the greatest training set, and the course over the sizes.
struct ComparedEncoder {
  std::string encoder;
  Spread score;       // n = 0: none of these cells succeeded
  double second = 0;  // what is told beside it: the mean
  double parameters = 0, bytes = 0, train_seconds = 0, texts_per_second = 0;
  std::vector<CurvePoint> curve;
  std::vector<double> f1;  // of each of Comparison::labels, where the task has them
  FIELDS(encoder, score, second, parameters, bytes, train_seconds, texts_per_second, curve, f1)
};
struct Comparison {
  std::string title, task, measure, second_measure;
  std::string unit;                // of what is read: "texts", "tokens"
  bool smaller_is_better = false;  // as in compared_task.h: otherwise scores are shares of one
  int64_t threads = 1;
  std::vector<ComparedEncoder> encoders;  // in the order of the recipe
  std::vector<std::string> labels;        // that every cell scored by itself; may be empty
  Json best;                              // the result of the best cell; null when all failed
  std::vector<CellResult> cells;
  FIELDS(title, task, measure, second_measure, unit, smaller_is_better, threads, encoders, labels, best, cells)
};
Comparison summarise(const ComparisonRecipe& recipe, std::vector<CellResult> cells);

struct GridCallbacks {
  std::function<void(const Cell&)> begin = nullptr;  // of cells that are not done yet
  std::function<void(const Progress&)> progress = nullptr;
  std::function<void(const CellResult&)> end = nullptr;
};
// Runs what is not done yet. DIRECTORY/cells/NAME holds a cell: its model, if it learned from the greatest set, and
// cell.json, its result. `resume`: cells with the same recipe that are done stay, one that was broken goes on; without
// it the directory must not hold any. Ends early, with the cells so far, when `stop` is set.
std::vector<CellResult> run_grid(const ComparisonRecipe& recipe, const std::string& directory, bool resume,
                                 const std::atomic<bool>& stop, const GridCallbacks& calls);

}  // namespace stemma
