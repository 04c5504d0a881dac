#include "stemma/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "stemma/base/check.h"
#include "stemma/text/unicode.h"

namespace stemma {
namespace {
std::string repeated(std::string_view text, int64_t n) {
  std::string out;
  for (int64_t i = 0; i < n; ++i) out += text;
  return out;
}
enum class Side { left, right };
std::string padded(std::string_view text, int64_t columns, Side side) {
  const std::string space(size_t(std::max<int64_t>(0, columns - display_width(text))), ' ');
  return side == Side::left ? str(text, space) : str(space, text);
}
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}
}  // namespace

Terminal terminal_of(int file_descriptor) {
  Terminal out;
  out.interactive = isatty(file_descriptor) && environment("TERM") != "dumb";
  if (!out.interactive) return out;
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) out.columns = size.ws_col;
  if (const int columns = std::atoi(environment("COLUMNS").c_str()); columns > 0) out.columns = columns;
  const std::string depth = environment("COLORTERM");
  if (environment("NO_COLOR").empty())
    out.colour = depth == "truecolor" || depth == "24bit" ? Terminal::true_colour : Terminal::few;
  return out;
}

// ---- Numbers -------------------------------------------------------------------------------------------------------
std::string with_commas(int64_t n) {
  std::string digits = str(n);
  for (int64_t i = int64_t(digits.size()) - 3; i > (n < 0 ? 1 : 0); i -= 3) digits.insert(size_t(i), ",");
  return digits;
}

std::string in_short(double n) {
  const char* units[] = {"", "k", "M", "G", "T"};
  int unit = 0;
  while (std::abs(n) >= 999.5 && unit < 4) n /= 1000, ++unit;
  return fixed(n, n == std::floor(n) || std::abs(n) >= 99.95 ? 0 : 1) + units[unit];
}

std::string clock_time(double seconds) {
  const int64_t s = std::llround(std::max(0.0, seconds));
  char buffer[64];
  if (s < 3600)
    std::snprintf(buffer, sizeof buffer, "%d:%02d", int(s / 60), int(s % 60));
  else
    std::snprintf(buffer, sizeof buffer, "%lld:%02d:%02d", (long long)(s / 3600), int(s / 60 % 60), int(s % 60));
  return buffer;
}

// ---- Table ---------------------------------------------------------------------------------------------------------
namespace {
// Digits with what goes around them: 1,234  -0.5  96.3 %  4.2M  ×1.5  2:07, or a dash for none.
bool is_numeric(std::string_view cell) {
  if (cell.empty() || cell == "–" || cell == "-") return true;
  int64_t others = 0, digits = 0;
  for (const auto [c, begin, size] : code_points(cell)) {
    const bool digit = c >= '0' && c <= '9';
    digits += digit;
    others += !digit && c != ',' && c != '.' && c != '-' && c != '+' && c != ' ' && c != ':' && c != '%' && c != U'×';
  }
  return digits > 0 && others <= 2;
}
}  // namespace

std::string Table::text(const Terminal& terminal) const {
  size_t n = header_.size();
  for (const auto& row : rows_) n = std::max(n, row.size());
  std::vector<int64_t> widths(n, 0);
  std::vector<Side> sides(n, Side::right);
  const auto cell = [](const std::vector<std::string>& row, size_t j) { return j < row.size() ? row[j] : ""; };
  for (size_t j = 0; j < n; ++j) {
    widths[j] = display_width(cell(header_, j));
    for (const auto& row : rows_) {
      widths[j] = std::max(widths[j], display_width(cell(row, j)));
      if (!is_numeric(cell(row, j))) sides[j] = Side::left;
    }
  }
  const auto line = [&](const std::vector<std::string>& row) {
    std::string out;
    for (size_t j = 0; j < n; ++j) out += (j ? "  " : "") + padded(cell(row, j), widths[j], sides[j]);
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  std::string out = terminal.colour ? str("\033[1m", line(header_), "\033[0m\n") : line(header_) + "\n";
  if (terminal.interactive) {
    for (size_t j = 0; j < n; ++j) out += repeated("─", widths[j] + (j + 1 < n ? 2 : 0));
    out += '\n';
  }
  for (const auto& row : rows_) out += line(row) + "\n";
  return out;
}

// ---- Heat map ------------------------------------------------------------------------------------------------------
namespace {
using Colour = std::array<double, 3>;

// From night blue over violet and orange to pale yellow: brightness grows with the value, so it reads in grey as well.
std::string colour_code(double value, const Terminal& terminal) {
  static constexpr Colour ramp[] = {{16, 18, 48}, {70, 40, 130}, {175, 50, 120}, {245, 125, 75}, {253, 235, 165}};
  const double at = std::clamp(value, 0.0, 1.0) * 4;
  const int low = std::min(3, int(at));
  int rgb[3];
  for (int k = 0; k < 3; ++k) rgb[k] = int(std::lround(std::lerp(ramp[low][k], ramp[low + 1][k], at - low)));
  if (terminal.colour == Terminal::true_colour) return str("\033[48;2;", rgb[0], ';', rgb[1], ';', rgb[2], 'm');
  const auto level = [](int v) { return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40; };  // the 6 x 6 x 6 cube of xterm
  return str("\033[48;5;", 16 + 36 * level(rgb[0]) + 6 * level(rgb[1]) + level(rgb[2]), 'm');
}

std::string cell_text(double value, int64_t width, const Terminal& terminal) {
  static constexpr const char* shades[] = {" ", "░", "▒", "▓", "█"};
  if (std::isnan(value)) return padded("?", width, Side::left);
  if (terminal.colour) return str(colour_code(value, terminal), std::string(size_t(width), ' '), "\033[0m");
  return repeated(shades[std::clamp(int(value * 4 + 0.5), 0, 4)], width);
}

}  // namespace

std::string shaded(std::string_view text, double value, const Terminal& terminal) {
  if (!terminal.colour) return std::string(text);
  return str(colour_code(value, terminal), value > 0.6 ? "\033[38;5;16m" : "\033[38;5;255m", text, "\033[0m");
}

namespace {
// The labels [begin, end) above their columns, upright and bottom-aligned: one line per character of the longest.
std::string upright(const std::vector<std::string>& labels, size_t begin, size_t end, int64_t margin, int64_t width) {
  std::vector<std::vector<std::string>> letters;
  size_t height = 0;
  for (size_t j = begin; j < end; ++j) {
    auto& column = letters.emplace_back();
    for (const auto [c, at, size] : code_points(labels[j])) {
      if (display_width(c) == 0 && !column.empty())
        column.back() += labels[j].substr(at, size);
      else
        column.push_back(labels[j].substr(at, size));
    }
    height = std::max(height, column.size());
  }
  std::string out;
  for (size_t y = 0; y < height; ++y) {
    std::string line(size_t(margin), ' ');
    for (const auto& column : letters) {
      const size_t above = height - column.size();
      line += padded(y < above ? "" : column[y - above], width, Side::left);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}
}  // namespace

std::string heat_map(const HeatMap& map, const Terminal& terminal) {
  const size_t n = map.columns.size();
  check(map.rows.size() == map.weights.size(), "heat_map: ", map.rows.size(), " row labels and ", map.weights.size(),
        " rows");
  double largest = 0;
  int64_t margin = 1, widest = 1;
  for (const auto& row : map.weights) {
    check(row.size() == n, "heat_map: ", n, " column labels and a row of ", row.size());
    for (float w : row) largest = std::max(largest, double(w));
  }
  for (const auto& label : map.rows) margin = std::max(margin, display_width(label) + 1);
  for (const auto& label : map.columns) widest = std::max(widest, display_width(label));
  const bool flat = widest <= 4 && margin + int64_t(n) * (widest + 1) <= terminal.columns;
  const int64_t width = flat ? std::max<int64_t>(2, widest + (widest > 2 ? 1 : 0)) : 2;
  const size_t per_block = size_t(std::max<int64_t>(1, (terminal.columns - margin) / width));
  std::string out;
  for (size_t begin = 0; begin < n; begin += per_block) {
    const size_t end = std::min(n, begin + per_block);
    if (begin) out += '\n';
    if (flat) {
      out += std::string(size_t(margin), ' ');
      for (size_t j = begin; j < end; ++j) out += padded(map.columns[j], width, Side::left);
      out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    } else {
      out += upright(map.columns, begin, end, margin, width);
    }
    for (size_t i = 0; i < map.rows.size(); ++i) {
      std::string line = padded(map.rows[i], margin - 1, Side::right) + ' ';
      for (size_t j = begin; j < end; ++j)
        line += cell_text(largest > 0 ? map.weights[i][j] / largest : map.weights[i][j], width, terminal);
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + '\n';
    }
  }
  return out;
}

// ---- Curves and progress -------------------------------------------------------------------------------------------
std::string sparkline(const std::vector<double>& values, int64_t columns) {
  static constexpr const char* bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const int64_t n = int64_t(values.size()), m = std::min(n, std::max<int64_t>(columns, 1));
  std::vector<double> heights;
  double low = INFINITY, high = -INFINITY;
  for (int64_t k = 0; k < m; ++k) {
    const int64_t begin = k * n / m, end = (k + 1) * n / m;
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += values[size_t(i)];
    heights.push_back(sum / double(end - begin));
    if (!std::isfinite(heights.back())) continue;
    low = std::min(low, heights.back());
    high = std::max(high, heights.back());
  }
  std::string out;
  for (double h : heights) {
    const double share = high > low ? (h - low) / (high - low) : 0.5;
    out += std::isfinite(h) ? bars[std::clamp(int(share * 7.999), 0, 7)] : "·";
  }
  return out;
}

std::string progress_line(const HowFar& a, const Terminal& terminal) {
  const double rate = a.seconds > 0 ? double(a.done) / a.seconds : 0;
  std::string out = a.label;
  if (a.total > 0) {
    const double share = std::clamp(double(a.done) / double(a.total), 0.0, 1.0);
    const int64_t width = terminal.columns < 100 ? 16 : 28, full = int64_t(share * double(width));
    if (terminal.interactive) out += str("  ", repeated("━", full), repeated("┄", width - full));
    out += str("  ", padded(str(int(share * 100), "%"), 4, Side::right), "  ", with_commas(a.done), "/",
               with_commas(a.total), " ", a.unit);
  } else {
    out += str("  ", with_commas(a.done), " ", a.unit);
  }
  if (rate > 0) out += str("  ", in_short(rate), "/s");
  if (rate > 0 && a.total > a.done) out += str("  ", clock_time(double(a.total - a.done) / rate), " left");
  if (a.total > 0 && a.done >= a.total) out += str("  ", clock_time(a.seconds));
  if (!a.note.empty()) out += str("  ", a.note);
  if (!terminal.interactive || display_width(out) < terminal.columns) return out;
  return fit_width(out, terminal.columns - 1);
}

std::string ProgressBar::update(const HowFar& advance) {
  if (last_ && advance.seconds - *last_ < (terminal_.interactive ? 0.1 : 15)) return "";
  last_ = advance.seconds;
  const std::string line = progress_line(advance, terminal_);
  return terminal_.interactive ? str('\r', line, "\033[K") : line + "\n";
}

std::string ProgressBar::finish(const HowFar& advance) {
  const std::string line = progress_line(advance, terminal_) + "\n";
  return terminal_.interactive ? str('\r', "\033[K", line) : line;
}

}  // namespace stemma
