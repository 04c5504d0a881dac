#include "stemma/data/text_pairs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

double score_of(const std::string& text, std::string_view where) {
  double score = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, score);
  check(error == std::errc() && stop == end && std::isfinite(score), where, ": score '", text, "' is not a number");
  return score;
}

}  // namespace

struct TextPairReader::Input {
  std::optional<TableReader> table;
  std::vector<LineReader> files;  // or else: first, second, label
  std::vector<std::string> cells;

  explicit Input(const TextPairSource& source) {
    std::vector<std::string> names = {source.first, source.second};
    if (!source.label.empty()) names.push_back(source.label);
    cells.resize(names.size());
    if (source.path.empty()) {
      for (const auto& name : names) files.emplace_back(name, TableReader::max_row);
      return;
    }
    auto options = source.table;
    const HeaderQuestion question{source.label, source.scores};
    if (options.header == "auto" && looks_like_header(source.path, question, options)) options.header = "yes";
    table.emplace(source.path, std::move(names), options);
  }

  bool next() { return table ? table->next(cells) : next_lines(); }
  std::string place() const { return table ? table->place() : str(files[0].path(), ":", files[0].line_number()); }

  bool next_lines() {
    size_t read = 0;
    std::vector<bool> ended;
    for (size_t i = 0; i < files.size(); ++i) {
      ended.push_back(!files[i].next(cells[i]));
      read += !ended.back();
      check_utf8(cells[i], str(files[i].path(), ":", files[i].line_number()));
    }
    if (read == files.size()) return true;
    if (read == 0) return false;
    const auto shorter = size_t(std::find(ended.begin(), ended.end(), true) - ended.begin());
    const auto longer = size_t(std::find(ended.begin(), ended.end(), false) - ended.begin());
    fail(files[shorter].path(), " ends after line ", files[shorter].line_number(), ", ", files[longer].path(),
         " goes on; parallel files need one line for each pair");
  }
};

TextPairReader::TextPairReader(const TextPairSource& source)
    : input_(std::make_unique<Input>(source)), source_(source) {}
TextPairReader::~TextPairReader() = default;
TextPairReader::TextPairReader(TextPairReader&&) noexcept = default;

bool TextPairReader::next(LabelledPair& pair) {
  while (input_->next()) {
    pair.place = input_->place();
    pair.first = input_->cells[0], pair.second = input_->cells[1];
    if (!source_.label.empty()) pair.label = collapse_spaces(input_->cells[2]);
    if (keep(pair)) return true;
  }
  return false;
}

bool TextPairReader::keep(LabelledPair& pair) {
  if (std::find(source_.leave.begin(), source_.leave.end(), pair.label) != source_.leave.end() &&
      !source_.label.empty()) {
    report_.left_out.add(pair.place);
    return false;
  }
  if (trimmed(pair.first).empty() || trimmed(pair.second).empty()) {
    report_.empty.add(pair.place);
    return false;
  }
  check(source_.label.empty() || !pair.label.empty(), pair.place, ": the pair has no label");
  if (source_.scores && !source_.label.empty()) pair.score = score_of(pair.label, pair.place);
  ++report_.pairs;
  return true;
}

static LabelledPairs read_all(const TextPairSource& source, const LabelSet* known) {
  LabelledPairs out;
  TextPairReader reader(source);
  const bool labelled = !source.label.empty() && !source.scores;
  std::vector<std::string> labels;
  for (LabelledPair pair; reader.next(pair);) {
    if (labelled && known) out.labels.push_back(known->id(pair.label, pair.place));
    if (labelled && !known) labels.push_back(pair.label);
    if (source.scores && !source.label.empty()) out.scores.push_back(pair.score);
    out.first.push_back(std::move(pair.first)), out.second.push_back(std::move(pair.second));
  }
  out.report = reader.report();
  check(out.size() > 0, source.path.empty() ? source.first : source.path, ": no pair is left; ", out.report.empty.count,
        " had an empty text, ", out.report.left_out.count, " were left out by label");
  out.names = known ? *known : LabelSet(labels);
  for (const auto& label : labels) out.labels.push_back(out.names.find(label));
  return out;
}

LabelledPairs read_text_pairs(const TextPairSource& source) {
  auto out = read_all(source, nullptr);
  const auto& where = source.path.empty() ? source.label : source.path;
  check(source.scores || source.label.empty() || out.names.size() > 1, where, ": every pair has the label '",
        out.names.size() ? out.names.name(0) : "", "'; there is nothing to tell apart");
  const auto& s = out.scores;
  check(s.empty() || std::any_of(s.begin(), s.end(), [&](double x) { return x != s[0]; }), where,
        ": every pair has the score ", s.empty() ? 0 : s[0], "; there is nothing to learn");
  return out;
}
LabelledPairs read_text_pairs(const TextPairSource& source, const LabelSet& known) { return read_all(source, &known); }

}  // namespace stemma
