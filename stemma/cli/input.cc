#include "stemma/cli/input.h"

#include <limits>

#include "stemma/base/check.h"
#include "stemma/text/unicode.h"

namespace stemma {

std::vector<std::string> next_lines(LineReader& reader, int64_t n) {
  std::vector<std::string> lines;
  for (std::string line; int64_t(lines.size()) < n && reader.next(line);) {
    if (invalid_utf8(line) != line.npos) check_utf8(line, str(reader.path(), ":", reader.line_number()));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> read_lines(const std::string& path) {
  LineReader reader(path);
  auto lines = next_lines(reader, std::numeric_limits<int64_t>::max());
  check(!lines.empty(), reader.path(), " holds no line");
  return lines;
}

}  // namespace stemma
