// Lines of text that a command reads, valid UTF-8 or one clear error, and answers.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "stemma/base/files.h"

namespace stemma {

// The lines of a file, or of standard input ("-"), some at a time. Those before a line that cannot be read are given
// first; then its Error is thrown: "test.de:3: not valid UTF-8 at byte 7".
class InputLines {
 public:
  explicit InputLines(const std::string& path) : reader_(path) {}
  std::vector<std::string> next(int64_t n);   // up to n further lines; empty at the end
  int64_t number() const { return number_; }  // of the last line given, from 1
  const std::string& path() const { return reader_.path(); }

 private:
  LineReader reader_;
  std::string error_;  // of the line behind the last one given
  int64_t number_ = 0;
};

// Prints what `answer` makes of all lines of a file, or of standard input, `chunk` at a time: 0: 512, on a terminal 1.
// Where a line cannot be answered those before it are all the same, and the Error names it: "test.de:3: ...".
// first: the number of lines[0], from 1.
using AnswerLines = std::function<std::string(const std::vector<std::string>& lines, int64_t first)>;
void answer_lines(const std::string& path, int64_t chunk, const AnswerLines& answer);

// To standard output, at once. Throws Error when it cannot be written.
void print(const std::string& text);

// All of a file, "-" for standard input. Error also when there are none.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace stemma
