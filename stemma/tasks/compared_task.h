// A task as a comparison sees it: names of encoders, recipes as trees, training, a score. Tasks on texts (text_task.h)
// and language models (language_training.h) are alike here.
#pragma once
#include "stemma/tasks/text_task.h"

namespace stemma {

struct CellTraining {
  Json recipe;
  std::string train, valid, out;  // valid may be empty; several files of one text with commas between
  int64_t most = 0;               // only so many examples (lm: the first lines) of `train`; 0: all
  bool resume = false;
};
struct CellScores {
  std::string measure, second_measure;  // "accuracy"; what is told beside it, may be empty
  double score = 0, second = 0;
  Json all;            // that was measured
  int64_t read = 0;    // of the test file, in units
  double seconds = 0;  // of reading, answering and scoring it
  int64_t parameters = 0;
};

struct ComparedTask {
  std::string name, unit;          // unit: of what is read: "texts", "tokens"
  bool smaller_is_better = false;  // false: scores are shares of one, the greater the better
  std::vector<std::string> encoders;
  std::function<Json(const std::string& encoder)> recipe;  // the defaults
  std::function<Json(const Json& recipe)> checked;         // the same recipe; Error where a value does not fit
  // How many units were learned from; stopped early when `stop` is set.
  std::function<int64_t(const CellTraining&, const std::atomic<bool>& stop,
                        const std::function<void(const Progress&)>&)>
      train;
  // `data`: how the file is read, where that is not as the training file was; null: as that was.
  std::function<CellScores(const std::string& directory, const std::string& file, const Json& data)> measure;
};
ComparedTask find_compared_task(const std::string& name);

// "a.txt,b.txt" as files.
std::vector<std::string> files_of(const std::string& list);

}  // namespace stemma
