#include "stemma/data/running_text.h"

#include <algorithm>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/text/unicode.h"

namespace stemma {

static int64_t count_words(std::string_view line) {
  int64_t words = 0;
  bool within = false;
  for (const auto [c, begin, size] : code_points(line)) {
    const bool space = is_space(c);
    words += !space && !within;
    within = !space;
  }
  return words;
}

RunningTextReader::RunningTextReader(std::vector<std::string> paths, Tokenizer tokenizer,
                                     const RunningTextOptions& options)
    : paths_(std::move(paths)), tokenizer_(std::move(tokenizer)), options_(options) {
  const std::vector<std::string> known = {"line", "paragraph", "none"};
  check(std::find(known.begin(), known.end(), options.eos) != known.end(), "eos: there is no '", options.eos, "'",
        suggestion(options.eos, known));
  check(!paths_.empty(), "running text: no file is named");
}

bool RunningTextReader::next(std::vector<int32_t>& ids) {
  ids.clear();
  while (ids.empty()) {
    if (lines_ && lines_->next(line_)) {
      append_line(ids);
    } else if (std::exchange(open_, false)) {  // a file ends its paragraph
      ids.push_back(tokenizer_.eos());
    } else if (next_path_ < paths_.size()) {
      lines_ = std::make_unique<LineReader>(paths_[next_path_++]);
    } else {
      check(report_.tokens > 0, paths_[0], ": there is no text");
      return false;
    }
  }
  report_.tokens += int64_t(ids.size());
  return true;
}

void RunningTextReader::append_line(std::vector<int32_t>& ids) {
  check_utf8(line_, str(lines_->path(), ":", lines_->line_number()));
  ++report_.lines;
  report_.bytes += int64_t(line_.size()) + 1;
  report_.words += count_words(line_);
  ids = tokenizer_.encode(line_);
  report_.unknown += std::count(ids.begin(), ids.end(), tokenizer_.unk());
  const bool ends = options_.eos == "line" || (options_.eos == "paragraph" && ids.empty() && open_);
  if (ends) ids.push_back(tokenizer_.eos());
  open_ = options_.eos == "paragraph" && !ends && (open_ || !ids.empty());
}

RunningText read_running_text(std::vector<std::string> paths, const Tokenizer& tokenizer,
                              const RunningTextOptions& options) {
  RunningText text;
  RunningTextReader reader(std::move(paths), tokenizer, options);
  for (std::vector<int32_t> ids; reader.next(ids);) text.ids.insert(text.ids.end(), ids.begin(), ids.end());
  text.report = reader.report();
  return text;
}

}  // namespace stemma
