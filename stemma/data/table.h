// The one reader of tables: TSV (no quoting), CSV (RFC 4180: quotes, newlines within them) and JSONL (an object a
// line), plain or .gz, streamed. A byte order mark and CRLF are accepted. Knows nothing of what the columns mean.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/base/files.h"

namespace stemma {

struct TableOptions {
  std::string format = "auto";  // tsv | csv | jsonl | auto: by the name's ending (.gz aside), tsv when it says nothing
  std::string header = "auto";  // yes | no | auto: yes when a column is asked for by name
  bool more_columns = false;    // a row may be longer than the first one
  FIELDS(format, header, more_columns)
};

// Columns are asked for by their name in the header or by their number from 1; of JSONL by key, nested ones as
// "question.stem". Empty lines are passed over. Errors name file and line: a row with too few or too many columns, text
// that is not UTF-8, an unknown column (with the nearest name), a key that is missing or null, a quote that is never
// closed or closed within a cell, a row over 1 MiB.
class TableReader {
 public:
  static constexpr size_t max_row = size_t{1} << 20;  // bytes
  // No columns: all of them (TSV and CSV only).
  TableReader(const std::string& path, std::vector<std::string> columns, const TableOptions& options = {});
  // The cells asked for, in the order asked; false at the end. Of JSONL: numbers, lists and objects as JSON text.
  bool next(std::vector<std::string>& cells);
  std::string place() const;                                        // "train.csv:12", where the row last read begins
  const std::string& format() const { return options_.format; }     // never "auto"
  const std::vector<std::string>& names() const { return names_; }  // of the header; empty without one

 private:
  bool next_row();
  void next_csv();
  void next_json(std::vector<std::string>& cells) const;
  void find_columns();
  TableOptions options_;
  std::vector<std::string> columns_, names_;
  std::vector<size_t> numbers_;  // of the columns asked for, from 0
  LineReader lines_;
  std::string line_;
  std::vector<std::string> row_;
  int64_t row_line_ = 0;
  size_t width_ = 0;      // columns of the first row; 0: none read yet
  bool waiting_ = false;  // row_ was read ahead
};

// A file can be; standard input and pipes are read once.
bool can_look_ahead(const std::string& path);
// Whether `format` is "auto": what the name says. tsv | csv | jsonl.
std::string table_format(const std::string& path, const std::string& format);
// Is the first row a header? Yes when its label (the column's cell) is found in none of the next thousand rows while
// another is found twice: labels come again, names do not. `numbers`: yes when it is not a number. Of what
// cannot be looked at ahead: no.
struct HeaderQuestion {
  std::string column = "1";
  bool numbers = false;
};
bool looks_like_header(const std::string& path, const HeaderQuestion& question, const TableOptions& options);

}  // namespace stemma
