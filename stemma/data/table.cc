#include "stemma/data/table.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/json.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

// A number of a column from 1; 0 when it is a name.
size_t column_number(const std::string& column) {
  size_t number = 0;
  const auto end = column.data() + column.size();
  const auto [stop, error] = std::from_chars(column.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

// Splits CSV, fed line by line as newlines may stand within quotes.
class CsvSplitter {
 public:
  explicit CsvSplitter(std::vector<std::string>& cells) : cells_(cells) { cells_.assign(1, ""); }
  bool open() const { return quoted_; }  // the row goes on in the next line
  void feed(std::string_view line, std::string_view where) {
    if (quoted_) cells_.back() += '\n';
    for (size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quoted_) {
        if (c != '"')
          cells_.back() += c;
        else if (i + 1 < line.size() && line[i + 1] == '"')
          cells_.back() += line[i++];
        else
          quoted_ = false, closed_ = true;
      } else if (c == ',') {
        cells_.emplace_back(), closed_ = false;
      } else {
        check(!closed_, where, ": text behind the closing quote of column ", cells_.size(), R"(; write a quote as "")");
        if (c == '"' && cells_.back().empty())
          quoted_ = true;
        else
          cells_.back() += c;
      }
    }
  }

 private:
  std::vector<std::string>& cells_;
  bool quoted_ = false, closed_ = false;
};

void split_tsv(std::string_view line, std::vector<std::string>& cells) {
  size_t n = 0;
  for (bool more = true; more; ++n) {
    const auto tab = line.find('\t');
    more = tab != line.npos;
    if (n == cells.size()) cells.emplace_back();
    cells[n] = line.substr(0, tab);
    if (more) line.remove_prefix(tab + 1);
  }
  cells.resize(n);
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.object()) keys.push_back(key);
  return keys;
}

// The value at "a.b.c".
const Json& at_path(const Json& object, std::string_view path, std::string_view where) {
  const Json* json = &object;
  for (std::string_view rest = path; !rest.empty();) {
    const auto key = rest.substr(0, rest.find('.'));
    check(json->is_object(), where, ": '", path, "' is not there: expected an object, found ",
          json->dump().substr(0, 80));
    const Json* found = json->find(key);
    check(found, where, ": key '", path, "' is missing", suggestion(key, keys_of(*json)));
    json = found;
    rest.remove_prefix(std::min(rest.size(), key.size() + 1));
  }
  check(!json->is_null(), where, ": '", path, "' is null");
  return *json;
}

}  // namespace

std::string table_format(const std::string& path, const std::string& format) {
  check_choice("table format", format, {"auto", "tsv", "csv", "jsonl"});
  if (format != "auto") return format;
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv")) return "csv";
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson") || name.ends_with(".json")) return "jsonl";
  return "tsv";
}

TableReader::TableReader(const std::string& path, std::vector<std::string> columns, const TableOptions& options)
    : options_(options), columns_(std::move(columns)), lines_(path, max_row) {
  options_.format = table_format(path, options.format);
  check_choice("table header", options_.header, {"auto", "yes", "no"});
  if (options_.format == "jsonl") {
    check(!columns_.empty(), path, ": say which keys to read");
    return;
  }
  const auto is_name = [](const std::string& column) { return column_number(column) == 0; };
  const auto name = std::find_if(columns_.begin(), columns_.end(), is_name);
  if (options_.header == "auto") options_.header = name != columns_.end() ? "yes" : "no";
  check(options_.header == "yes" || name == columns_.end(), path, ": column '",
        name == columns_.end() ? std::string() : *name, "' is a name, and header=no says there are none");
  if (!next_row()) return;
  find_columns();
}

void TableReader::find_columns() {
  if (options_.header == "yes")
    names_ = row_;
  else
    waiting_ = true;
  for (const auto& column : columns_) {
    size_t number = column_number(column);
    const auto found = std::find(names_.begin(), names_.end(), column);
    if (found != names_.end()) number = size_t(found - names_.begin()) + 1;
    check(number > 0, place(), ": there is no column '", column, "'", suggestion(column, names_));
    check(number <= width_, place(), ": there is no column ", number, "; the first row has ", width_);
    numbers_.push_back(number - 1);
  }
  for (size_t i = 0; columns_.empty() && i < width_; ++i) numbers_.push_back(i);
}

bool TableReader::next(std::vector<std::string>& cells) {
  if (options_.format == "jsonl") {
    do {
      if (!lines_.next(line_)) return false;
    } while (line_.empty());
    row_line_ = lines_.line_number();
    next_json(cells);
    return true;
  }
  if (!std::exchange(waiting_, false) && !next_row()) return false;
  cells.resize(numbers_.size());
  for (size_t i = 0; i < numbers_.size(); ++i) cells[i] = row_[numbers_[i]];
  return true;
}

bool TableReader::next_row() {
  do {
    if (!lines_.next(line_)) return false;
  } while (line_.empty());
  row_line_ = lines_.line_number();
  check_utf8(line_, place());
  if (options_.format == "tsv")
    split_tsv(line_, row_);
  else
    next_csv();
  if (width_ == 0) width_ = row_.size();
  check(row_.size() == width_ || (options_.more_columns && row_.size() > width_), place(), ": ", row_.size(),
        " columns, expected ", width_, " as in the first row",
        row_.size() < width_ || options_.more_columns ? "" : " (more_columns allows longer rows)");
  return true;
}

void TableReader::next_csv() {
  CsvSplitter splitter(row_);
  splitter.feed(line_, place());
  for (size_t size = line_.size(); splitter.open(); size += line_.size() + 1) {
    check(size <= max_row, place(), ": a quote that opens in this row is not closed within ", max_row, " bytes");
    check(lines_.next(line_), place(), ": a quote that opens in this row is never closed");
    const auto where = str(lines_.path(), ":", lines_.line_number());
    check_utf8(line_, where);
    splitter.feed(line_, where);
  }
}

void TableReader::next_json(std::vector<std::string>& cells) const {
  const auto where = place();
  check_utf8(line_, where);
  const auto json = Json::parse(line_, where);
  check(json.is_object(), where, ": expected an object, found ", json.dump().substr(0, 80));
  cells.resize(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Json& value = at_path(json, columns_[i], where);
    cells[i] = value.is_string() ? value.text() : value.dump();
  }
}

std::string TableReader::place() const { return str(lines_.path(), ":", row_line_); }

bool can_look_ahead(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

bool looks_like_header(const std::string& path, const HeaderQuestion& question, const TableOptions& options) {
  const auto format = table_format(path, options.format);
  if (!can_look_ahead(path) || format == "jsonl" || column_number(question.column) == 0) return false;
  TableReader reader(path, {question.column}, {format, "no", options.more_columns});
  std::vector<std::string> cells;
  if (!reader.next(cells)) return false;
  const std::string first = cells[0];
  if (question.numbers) {
    double number = 0;
    const auto end = first.data() + first.size();
    const auto [stop, error] = std::from_chars(first.data(), end, number);
    return error != std::errc() || stop != end;
  }
  std::unordered_map<std::string, int> seen;
  bool twice = false;
  for (int i = 0; i < 1000 && reader.next(cells); ++i) {
    if (cells[0] == first) return false;
    twice |= ++seen[cells[0]] > 1;
  }
  return twice;
}

}  // namespace stemma
