#include "stemma/cli/input.h"

#include <iterator>

#include "stemma/base/check.h"
#include "stemma/text/unicode.h"

namespace stemma {

std::vector<std::string> InputLines::next(int64_t n) {
  check(error_.empty(), error_);
  std::vector<std::string> lines;
  try {
    for (std::string line; int64_t(lines.size()) < n && reader_.next(line);) {
      if (invalid_utf8(line) != line.npos) check_utf8(line, str(path(), ":", reader_.line_number()));
      lines.push_back(std::move(line));
    }
  } catch (const Error& e) {
    if (lines.empty()) throw;
    error_ = e.what();
  }
  number_ += int64_t(lines.size());
  return lines;
}

std::vector<std::string> read_lines(const std::string& path) {
  InputLines reader(path);
  std::vector<std::string> all;
  for (std::vector<std::string> lines; !(lines = reader.next(1024)).empty();)
    all.insert(all.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
  check(!all.empty(), reader.path(), " holds no line");
  return all;
}

}  // namespace stemma
