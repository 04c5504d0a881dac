// The training log: one JSON object a line, steps increasing, appended to as training goes.
#pragma once
#include <fstream>
#include <string>
#include <vector>

#include "stemma/base/json.h"

namespace stemma {

class TrainingLog {
 public:
  // Keeps the lines of an existing file up to `step`, one a step, so that a resumed run leaves no duplicates.
  TrainingLog(std::string path, int64_t step);
  void write(const Json& line);  // at once on its way to the file; Error when it cannot be written

 private:
  std::string path_;
  std::ofstream file_;
};

// The lines of a log; an unfinished last line is left out.
std::vector<Json> read_log(const std::string& path);

}  // namespace stemma
