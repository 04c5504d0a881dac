#include "stemma/cli/input.h"

#include <unistd.h>

#include <cstdio>
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

// Lines `first` and following of `path`. Where they cannot be answered together, each is by itself.
static void answer_some(const std::vector<std::string>& lines, const std::string& path, int64_t first,
                        const AnswerLines& answer) {
  std::string answers;
  try {
    answers = answer(lines, first);
  } catch (const Error& e) {
    if (lines.size() == 1) fail(path, ":", first, ": ", e.what());
    for (const auto& line : lines) answer_some({line}, path, first++, answer);
    return;
  }
  print(answers);
}

void answer_lines(const std::string& path, int64_t chunk, const AnswerLines& answer) {
  InputLines reader(path);
  if (chunk <= 0) chunk = path == "-" && ::isatty(STDIN_FILENO) ? 1 : 512;
  for (std::vector<std::string> lines; !(lines = reader.next(chunk)).empty();)
    answer_some(lines, reader.path(), reader.number() - int64_t(lines.size()) + 1, answer);
}

void print(const std::string& text) {
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0,
        "cannot write the output");
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
