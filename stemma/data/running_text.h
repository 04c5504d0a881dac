// Plain text for language models: one stream of ids, line by line, in constant memory.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/base/files.h"
#include "stemma/text/tokenizer.h"

namespace stemma {

struct RunningTextOptions {
  std::string eos = "line";  // </s> after: line, as WikiText's <eos> | paragraph: at blank lines, lines of one are
                             // joined | none
  FIELDS(eos)
};
struct RunningTextReport {
  int64_t lines = 0, tokens = 0, unknown = 0;  // tokens: each </s> counted
  int64_t bytes = 0;  // of the text as it was read, newlines included: bits per byte divide by it
  int64_t words = 0;  // at white space
  FIELDS(lines, tokens, unknown, bytes, words)
};

// Words, subwords or characters: as the tokenizer is. In a tokenizer of characters </s> is the newline. Errors: text
// that is not UTF-8 (file, line, byte), a line over 1 MiB, no token at all.
class RunningTextReader {
 public:
  RunningTextReader(std::vector<std::string> paths, Tokenizer tokenizer, const RunningTextOptions& options = {});
  bool next(std::vector<int32_t>& ids);  // of the next line that has any; false at the end of the last file
  const RunningTextReport& report() const { return report_; }

 private:
  void append_line(std::vector<int32_t>& ids);
  std::vector<std::string> paths_;
  Tokenizer tokenizer_;
  RunningTextOptions options_;
  RunningTextReport report_;
  std::unique_ptr<LineReader> lines_;
  size_t next_path_ = 0;
  std::string line_;
  bool open_ = false;  // a paragraph waits for its </s>
};

// All of it: 4 bytes a token.
struct RunningText {
  std::vector<int32_t> ids;
  RunningTextReport report;
};
RunningText read_running_text(std::vector<std::string> paths, const Tokenizer& tokenizer,
                              const RunningTextOptions& options = {});

}  // namespace stemma
