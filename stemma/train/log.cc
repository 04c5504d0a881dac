#include "stemma/train/log.h"

#include "stemma/base/files.h"

namespace stemma {

TrainingLog::TrainingLog(std::string path, int64_t step) : path_(std::move(path)) {
  std::string kept;
  if (step > 0 && exists(path_)) {
    int64_t last = 0;
    for (const auto& line : read_log(path_)) {
      const int64_t at = line["step"].integer();
      if (at <= last || at > step) break;
      kept += line.dump() + "\n";
      last = at;
    }
  }
  write_file(path_, kept);
  file_.open(path_, std::ios::app);
  check(file_.is_open(), "cannot write ", path_);
}

void TrainingLog::write(const Json& line) {
  file_ << line.dump() << '\n' << std::flush;
  check(file_.good(), "cannot write ", path_, ": is the disk full?");
}

std::vector<Json> read_log(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<Json> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(Json::parse(std::string_view(text).substr(begin, end - begin), str(path, ":", lines.size() + 1)));
  return lines;
}

}  // namespace stemma
