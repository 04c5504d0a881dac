// Building blocks for people who look at a terminal: tables, heat maps, progress, sparklines. Each is a function from
// values to text; who calls them prints. Wide characters (Chinese) count as the two columns they fill.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stemma/base/numbers.h"

namespace stemma {

// What is on the other side of an output.
struct Terminal {
  bool interactive = false;                       // a person looks: lines may be redrawn
  enum { none, few, true_colour } colour = none;  // few: the 256 colours of xterm
  int64_t columns = 80;
};
// Of a file descriptor. NO_COLOR, TERM=dumb, COLORTERM and COLUMNS are respected; a pipe has no colour.
Terminal terminal_of(int file_descriptor);

// 1234567 -> "1,234,567"; 12345678 -> "12.3M"; 83.4 -> "1:23"
std::string with_commas(int64_t n);
std::string in_short(double n);
std::string clock_time(double seconds);

// Aligned columns: numbers to the right, all else to the left, a header above. Missing cells are empty.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text(const Terminal& terminal = {}) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// weights[i][j] >= 0 belongs to rows[i] and columns[j]; the darkest cell without colour, the brightest with it, is the
// largest weight. Labels of columns stand upright, one character to a line, unless they are as narrow as a cell.
struct HeatMap {
  std::vector<std::string> rows, columns;
  std::vector<std::vector<float>> weights;
};
// Throws Error when the sizes do not fit. Columns that do not fit the terminal wrap into further blocks.
std::string heat_map(const HeatMap& map, const Terminal& terminal = {});

// `text` on the colour of a value in [0, 1]; as it is where there is no colour.
std::string shaded(std::string_view text, double value, const Terminal& terminal);

// ▁▂▃▅▇ between the smallest and the largest value, averaged down to `columns` bars; "·" for what is not finite.
std::string sparkline(const std::vector<double>& values, int64_t columns = 40);

struct HowFar {
  std::string label;
  int64_t done = 0, total = 0;  // total 0: not known
  double seconds = 0;           // since the start
  std::string unit = "steps";
  std::string note;  // such as "loss 2.31"
};
// One line without its newline: label, bar, share, rate, time left, note.
std::string progress_line(const HowFar& advance, const Terminal& terminal = {});

// Decides when to say how far it is: a person sees one line redrawn at most 10 times a second, a log file gets a line
// every 15 seconds.
class ProgressBar {
 public:
  explicit ProgressBar(const Terminal& terminal) : terminal_(terminal) {}
  std::string update(const HowFar& advance);  // the text to write now, mostly empty
  std::string finish(const HowFar& advance);  // the last line, with its newline

 private:
  Terminal terminal_;
  std::optional<double> last_;
};

}  // namespace stemma
