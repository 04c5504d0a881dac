#include "stemma/data/parallel_text.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/hash.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

int64_t lines_to_the_end(LineReader& reader) {
  for (std::string line; reader.next(line);) {}
  return reader.line_number();
}

std::string_view column(std::string_view line, int number) {
  for (; number > 1; --number) {
    const auto tab = line.find('\t');
    if (tab == line.npos) return {nullptr, 0};
    line.remove_prefix(tab + 1);
  }
  return line.substr(0, line.find('\t'));
}

std::string place(const LineReader& reader) { return str(reader.path(), ":", reader.line_number()); }

// Counts equal things in bounded memory (Gibbons 2001, distinct sampling): keeps those whose hash ends in `level`
// zero bits and raises the level when full, so counts are exact until then and estimates afterwards.
class RepeatCounter {
 public:
  explicit RepeatCounter(int64_t capacity) : capacity_(size_t(capacity)) {}
  void add(uint64_t hash, int64_t line) {
    if (hash & mask()) return;
    if (++seen_[hash] > 1 && first_line_ == 0) first_line_ = line;
    if (seen_.size() <= capacity_) return;
    ++level_;
    std::erase_if(seen_, [&](const auto& entry) { return entry.first & mask(); });
  }
  Finding repeats() const {
    int64_t count = 0;
    for (const auto& [hash, times] : seen_) count += times - 1;
    return {count << level_, first_line_};
  }

 private:
  uint64_t mask() const { return (uint64_t{1} << level_) - 1; }
  std::unordered_map<uint64_t, int64_t> seen_;
  size_t capacity_;
  int level_ = 0;
  int64_t first_line_ = 0;
};

void note(Finding& finding, bool found, int64_t line) {
  if (found && finding.count++ == 0) finding.first_line = line;
}

bool holds(const std::vector<int32_t>& ids, int32_t id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

ParallelReader::ParallelReader(ParallelFiles files) : files_(std::move(files)), source_(files_.source) {
  if (!files_.target.empty()) {
    target_.emplace(files_.target);
    return;
  }
  check(files_.source_column >= 1 && files_.target_column >= 1, files_.source,
        ": columns are counted from 1; asked for ", files_.source_column, " and ", files_.target_column);
}

bool ParallelReader::next(TextPair& pair) {
  if (!(target_ ? read_two(pair) : read_tsv(pair))) {
    check(pairs_ > 0, files_.source, ": the corpus is empty");
    return false;
  }
  ++pairs_;
  return true;
}

bool ParallelReader::read_two(TextPair& pair) {
  const bool source = source_.next(pair.source), target = target_->next(pair.target);
  if (source != target) {
    const auto source_lines = source ? lines_to_the_end(source_) : source_.line_number();
    const auto target_lines = target ? lines_to_the_end(*target_) : target_->line_number();
    fail(source_.path(), " has ", source_lines, " lines, ", target_->path(), " ", target_lines,
         "; parallel text needs one line for each");
  }
  if (!source) return false;
  check_utf8(pair.source, place(source_));
  check_utf8(pair.target, place(*target_));
  return true;
}

bool ParallelReader::read_tsv(TextPair& pair) {
  if (!source_.next(line_)) return false;
  check_utf8(line_, place(source_));
  const auto source = column(line_, files_.source_column), target = column(line_, files_.target_column);
  check(source.data() && target.data(), place(source_), ": only ", 1 + std::count(line_.begin(), line_.end(), '\t'),
        " columns, expected ", std::max(files_.source_column, files_.target_column),
        "; without a target file the source is a TSV");
  pair.source = source, pair.target = target;
  return true;
}

LineSource lines_of(const ParallelFiles& files, Side side) {
  auto reader = std::make_shared<ParallelReader>(files);
  return [reader, side, pair = TextPair(), waiting = false](std::string& line) mutable {
    if (std::exchange(waiting, false)) return line = pair.target, true;
    if (!reader->next(pair)) return false;
    waiting = side == Side::both;
    line = side == Side::target ? pair.target : pair.source;
    return true;
  };
}

CorpusReport check_corpus(const ParallelFiles& files, const Tokenizer& source, const Tokenizer& target,
                          const CorpusChecks& checks) {
  CorpusReport report;
  RepeatCounter repeats(checks.max_distinct);
  ParallelReader reader(files);
  for (TextPair pair; reader.next(pair);) {
    const auto s = source.encode(pair.source), t = target.encode(pair.target);
    const auto line = ++report.pairs, source_size = int64_t(s.size()), target_size = int64_t(t.size());
    const auto shorter = std::min(source_size, target_size), longer = std::max(source_size, target_size);
    report.source_tokens += source_size;
    report.target_tokens += target_size;
    report.longest_source = std::max(report.longest_source, source_size);
    report.longest_target = std::max(report.longest_target, target_size);
    note(report.empty_source, s.empty(), line);
    note(report.empty_target, t.empty(), line);
    note(report.overlong, checks.max_length > 0 && longer > checks.max_length, line);
    note(report.copies, shorter > 0 && pair.source == pair.target, line);
    note(report.mismatched,
         shorter > 0 && longer >= checks.ratio_from && double(longer) > checks.max_ratio * double(shorter), line);
    note(report.unknown_source, holds(s, source.unk()), line);
    note(report.unknown_target, holds(t, target.unk()), line);
    if (shorter > 0) repeats.add(hash64(pair.target, hash64(pair.source)), line);
  }
  report.duplicates = repeats.repeats();
  return report;
}

std::string describe(const CorpusReport& report) {
  const auto pairs = double(report.pairs);
  std::string out =
      str(report.pairs, " pairs, ", report.source_tokens, " source tokens (longest ", report.longest_source, "), ",
          report.target_tokens, " target tokens (longest ", report.longest_target, ")\n");
  const std::pair<const char*, const Finding&> rows[] = {{"empty source", report.empty_source},
                                                         {"empty target", report.empty_target},
                                                         {"overlong", report.overlong},
                                                         {"the same pair again", report.duplicates},
                                                         {"source equals target", report.copies},
                                                         {"lengths far apart", report.mismatched},
                                                         {"unknown token in source", report.unknown_source},
                                                         {"unknown token in target", report.unknown_target}};
  for (const auto& [name, finding] : rows) {
    if (finding.count == 0) continue;
    const auto percent = double(int64_t(10'000 * double(finding.count) / pairs + 0.5)) / 100;
    out += str("  ", fit_width(name, 24), " ", fit_width(str(finding.count), 9), " ", fit_width(str(percent, " %"), 7),
               " first in line ", finding.first_line, "\n");
  }
  return out;
}

}  // namespace stemma
