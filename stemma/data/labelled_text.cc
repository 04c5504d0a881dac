#include "stemma/data/labelled_text.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/json.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr std::string_view label_prefix = "__label__";

// A label in a cell of many, or the parts of one cell.
std::vector<std::string> labels_of(const std::string& cell, const std::string& separator, bool json) {
  std::vector<std::string> labels;
  const auto add = [&](std::string_view written) {
    if (auto label = collapse_spaces(written); !label.empty()) labels.push_back(std::move(label));
  };
  if (json && cell.starts_with('[')) {
    try {
      const auto list = Json::parse(cell);
      for (const auto& label : list.array()) add(label.is_string() ? label.text() : label.dump());
      return labels;
    } catch (const Error&) {}  // a name that begins with [
  }
  for (std::string_view rest = cell;;) {
    const auto end = separator.empty() ? rest.npos : rest.find(separator);
    add(rest.substr(0, end));
    if (end == rest.npos) return labels;
    rest.remove_prefix(end + separator.size());
  }
}

bool begins_with_label(const std::string& path) {
  if (!can_look_ahead(path)) return false;
  LineReader lines(path, TableReader::max_row);
  std::string line;
  return lines.next(line) && line.starts_with(label_prefix);
}

}  // namespace

struct LabelledTextReader::Input {
  LabelledTextSource source;
  std::vector<std::string> names;    // of numbered labels
  std::optional<LineReader> lines;   // of fastText
  std::optional<TableReader> table;  // or else
  std::vector<std::string> cells;
  std::string line;

  explicit Input(const LabelledTextSource& from) : source(from) {
    if (!source.names.empty()) names = LabelSet::load(source.names).names();
    if (source.format == "auto" && begins_with_label(source.path)) source.format = "fasttext";
    if (source.format == "fasttext")
      lines.emplace(source.path, TableReader::max_row);
    else
      open_table();
  }

  void open_table() {
    check(!source.text.empty(), source.path, ": say which column holds the text");
    auto columns = source.text;
    if (!source.label.empty()) columns.push_back(source.label);
    TableOptions options{source.format, source.header};
    if (source.header == "auto" && looks_like_header(source.path, {source.label}, options)) options.header = "yes";
    table.emplace(source.path, std::move(columns), options);
  }

  bool next_line(LabelledText& out) {
    if (!lines->next(line)) return false;
    out.place = str(lines->path(), ":", lines->line_number());
    check_utf8(line, out.place);
    out.labels.clear(), out.text.clear();
    for (std::string_view rest = line; !rest.empty();) {
      const auto end = std::min(rest.find_first_of(" \t"), rest.size());
      const auto word = rest.substr(0, end);
      rest.remove_prefix(std::min(rest.size(), end + 1));
      if (word.starts_with(label_prefix) && word.size() > label_prefix.size())
        out.labels.emplace_back(word.substr(label_prefix.size()));
      else if (!word.empty())
        (out.text += out.text.empty() ? "" : " ") += word;
    }
    return true;
  }

  bool next_row(LabelledText& out) {
    if (!table->next(cells)) return false;
    out.place = table->place();
    out.text.clear();
    for (size_t i = 0; i < source.text.size(); ++i) (out.text += i == 0 ? "" : source.join) += cells[i];
    out.text = trimmed(out.text);
    out.labels.clear();
    if (!source.label.empty()) out.labels = labels_of(cells.back(), source.separator, table->format() == "jsonl");
    return true;
  }

  void name(LabelledText& out) const {
    for (auto& label : out.labels) {
      size_t number = 0;
      const auto end = label.data() + label.size();
      const auto [stop, error] = std::from_chars(label.data(), end, number);
      check(error == std::errc() && stop == end && number >= 1 && number <= names.size(), out.place, ": label '", label,
            "' is not a number from 1 to ", names.size(), ", a line of ", source.names);
      label = names[number - 1];
    }
  }
};

LabelledTextReader::LabelledTextReader(const LabelledTextSource& source) : input_(std::make_unique<Input>(source)) {}
LabelledTextReader::~LabelledTextReader() = default;
LabelledTextReader::LabelledTextReader(LabelledTextReader&&) noexcept = default;

bool LabelledTextReader::read(LabelledText& text) {
  return input_->lines ? input_->next_line(text) : input_->next_row(text);
}

bool LabelledTextReader::next(LabelledText& text) {
  while (read(text)) {
    if (text.text.empty()) {
      report_.empty.add(text.place);
    } else if (text.labels.empty() && !input_->source.label.empty()) {
      report_.unlabelled.add(text.place);
    } else {
      if (!input_->names.empty()) input_->name(text);
      ++report_.texts;
      return true;
    }
  }
  return false;
}

static LabelledTexts read_all(const LabelledTextSource& source, const LabelSet* known) {
  LabelledTexts out;
  LabelledTextReader reader(source);
  std::vector<std::string> names;  // in order of appearance, until all are known
  StringMap<int32_t> ids;
  std::vector<int32_t> row;
  for (LabelledText text; reader.next(text);) {
    row.clear();
    for (auto& label : text.labels) {
      const auto id = known ? known->id(label, text.place) : ids.emplace(label, int32_t(names.size())).first->second;
      if (!known && size_t(id) == names.size()) names.push_back(label);
      if (std::find(row.begin(), row.end(), id) == row.end()) row.push_back(id);
    }
    out.texts.push_back(std::move(text.text));
    out.labels.push_back(row);
  }
  out.report = reader.report();
  check(out.size() > 0, source.path, ": no text is left; ", out.report.empty.count, " were empty, ",
        out.report.unlabelled.count, " without a label");
  out.names = known ? *known : LabelSet(names);
  for (auto& id : out.labels.ids)
    if (!known) id = out.names.find(names[size_t(id)]);
  return out;
}

LabelledTexts read_labelled_texts(const LabelledTextSource& source) {
  auto out = read_all(source, nullptr);
  check(source.label.empty() || out.names.size() > 1, source.path, ": every text has the label '",
        out.names.size() ? out.names.name(0) : "", "'; there is nothing to tell apart");
  return out;
}
LabelledTexts read_labelled_texts(const LabelledTextSource& source, const LabelSet& known) {
  return read_all(source, &known);
}

}  // namespace stemma
