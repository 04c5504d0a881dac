// The recipe of a comparison: encoders x sizes of the training set x seeds of one task, and the cells of that grid,
// each with the recipe of its training.
#pragma once
#include "stemma/tasks/compared_task.h"

namespace stemma {

struct ComparisonRecipe {
  std::string task, title;
  std::string train, valid, test;     // valid may be empty; several files of one text with commas between
  std::vector<std::string> encoders;  // none: all that the task has
  std::vector<int64_t> seeds = {1};
  std::vector<int64_t> sizes = {0};  // training examples, drawn by the seed (lm: the first lines); 0: all
  double minutes = 0;                // a cell may learn so long; 0: as `settings` say
  Json data;                         // how the files are read: options under `data` of the task's recipe
  Json test_data;                    // the same for the test file, where it differs
  Json settings;                     // options of every encoder, by name or path, as --set takes them
  Json encoder;                      // {"lstm": {options of that one, over the others}}
  FIELDS(task, title, train, valid, test, encoders, seeds, sizes, minutes, data, test_data, settings, encoder)
};

// TOML or JSON. `folder` is where relative names of files begin, and what "{data}" in any option stands for.
// Error: an unknown key (names the nearest).
ComparisonRecipe load_comparison(const std::string& path, const std::string& folder);

struct Cell {
  std::string encoder;
  int64_t size = 0, seed = 1;
  std::string name;  // "lstm-1000-seed1", "lstm-all-seed1"
  CellTraining training;
  Json test_data;  // null: the test file is read as the training file
};
// Smaller sizes before greater ones (all is the greatest), within them seed by seed; a cell's directory is
// DIRECTORY/NAME. Errors: unknown encoders, options that no encoder's recipe has, files that are not there.
std::vector<Cell> cells_of(const ComparisonRecipe& recipe, const std::string& directory);

}  // namespace stemma
