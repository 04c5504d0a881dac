#include "stemma/data/tagged_text.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/data/table.h"
#include "stemma/data/tag_scheme.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

constexpr size_t max_words = 100'000;
constexpr std::string_view intent_mark = " <=> ";
const std::vector<std::string> conllu_columns = {"ID",    "FORM", "LEMMA",  "UPOS", "XPOS",
                                                 "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"};
enum : size_t { id_column, form_column, feats_column = 5, misc_column = 9, feature_of_feats = 10 };

// Columns at tabs when there is one, else at runs of spaces.
void split_columns(std::string_view line, std::vector<std::string_view>& out) {
  out.clear();
  const bool tabs = line.find('\t') != line.npos;
  const char gap = tabs ? '\t' : ' ';
  for (bool more = true; more;) {
    const auto end = line.find(gap);
    more = end != line.npos;
    const auto column = line.substr(0, end);
    if (tabs || !column.empty()) out.push_back(column);
    if (more) line.remove_prefix(end + 1);
  }
}

// "SpaceAfter" in "Gloss=x|SpaceAfter=No"; empty when absent.
std::string_view feature(std::string_view features, std::string_view key) {
  while (!features.empty()) {
    const auto end = std::min(features.find('|'), features.size());
    const auto one = features.substr(0, end);
    if (one.size() > key.size() && one.starts_with(key) && one[key.size()] == '=') return one.substr(key.size() + 1);
    features.remove_prefix(std::min(features.size(), end + 1));
  }
  return {};
}

size_t find_conllu_column(const std::string& name, const std::string& path) {
  const auto found = std::find(conllu_columns.begin(), conllu_columns.end(), name);
  const bool key = name.find_first_of("abcdefghijklmnopqrstuvwxyz") != name.npos;
  check(found != conllu_columns.end() || key, path, ": CoNLL-U has no column '", name, "'",
        suggestion(name, conllu_columns));
  return size_t(found - conllu_columns.begin());
}

// A number from 1, or from the end as -1, as a place from 0.
size_t find_column(const std::string& column, size_t width, const std::string& where) {
  int64_t number = 0;
  const auto end = column.data() + column.size();
  const auto [stop, error] = std::from_chars(column.data(), end, number);
  check(error == std::errc() && stop == end && number != 0, where, ": column '", column,
        "' is not a number from 1, or from the end as -1");
  const int64_t from_start = number > 0 ? number - 1 : int64_t(width) + number;
  check(from_start >= 0 && from_start < int64_t(width), where, ": there is no column ", number, "; the line has ",
        width);
  return size_t(from_start);
}

// "京1" -> "京", "310" -> "3": the digits behind the first character.
std::string_view without_index(std::string_view word) {
  const auto first = code_point_at(word, 0).size;
  while (word.size() > first && word.back() >= '0' && word.back() <= '9') word.remove_suffix(1);
  return word;
}

}  // namespace

struct TaggedTextReader::Input {
  TaggedTextSource source;
  LineReader lines;
  std::string line;
  std::vector<std::string_view> columns;
  size_t width = 0;                // conll: of its first line
  size_t word_at = 0, tag_at = 0;  // columns
  bool space = false;              // before what is written next
  size_t token_end = 0;            // conllu: words so far, at which the open multiword token ends
  std::string token, misc;         // it, as written, and what is known of it
  std::vector<std::string> forms;  // of its words

  explicit Input(const TaggedTextSource& from) : source(from), lines(from.path) {
    check_choice(str(source.path, ": format"), source.format, {"auto", "conll", "conllu", "slots"});
    if (source.format == "auto") source.format = guess_format();
    if (source.format != "conllu") return;
    word_at = find_conllu_column(source.word.empty() ? "FORM" : source.word, source.path);
    tag_at = find_conllu_column(source.tag.empty() ? "UPOS" : source.tag, source.path);
    check(word_at < feature_of_feats, source.path, ": words cannot be read from the feature '", source.word, "'");
  }

  std::string guess_format() const {
    const auto& path = source.path;
    if (path.ends_with(".conllu") || path.ends_with(".conllu.gz")) return "conllu";
    if (!can_look_ahead(path)) return "conll";
    LineReader first(path);
    std::string text;
    return first.next(text) && text.find(intent_mark) != text.npos ? "slots" : "conll";
  }

  std::string place() const { return str(lines.path(), ":", lines.line_number()); }

  bool next(TaggedSentence& out, TaggedTextReport& report) {
    out = {};
    space = false, token_end = 0;
    token.clear(), forms.clear();
    while (lines.next(line)) {
      check_utf8(line, place());
      const bool blank = trimmed(line).empty();
      if (blank && !out.words.empty()) break;
      if (blank || line.starts_with("-DOCSTART-")) continue;
      if (out.words.empty()) out.place = place();
      if (source.format == "slots") return add_slots(out), true;
      split_columns(line, columns);
      source.format == "conllu" ? add_conllu(out, report) : add_conll(out);
      check(out.words.size() <= max_words, place(), ": a sentence of over ", max_words,
            " words; blank lines must part sentences");
    }
    return !out.words.empty();
  }

  void add_word(TaggedSentence& out, std::string_view word, std::string_view tag) const {
    check(!word.empty(), place(), ": a word is empty");
    check(!tag.empty(), place(), ": word '", word, "' has no tag");
    out.words.emplace_back(word), out.tags.emplace_back(tag);
  }
  void write(TaggedSentence& out, std::string_view written) {
    if (space) out.text += ' ';
    const auto begin = int64_t(out.text.size());
    out.text += written;
    out.places.push_back({begin, int64_t(out.text.size())});
  }

  void add_conll(TaggedSentence& out) {
    if (line[0] == '#' && out.words.empty() && columns.size() != width) return;  // a comment
    if (width == 0) {
      width = columns.size();
      word_at = find_column(source.word.empty() ? "1" : source.word, width, place());
      tag_at = find_column(source.tag.empty() ? "-1" : source.tag, width, place());
      check(word_at != tag_at, place(), ": word and tag are the same column; the line has ", width);
    }
    check(columns.size() == width, place(), ": ", columns.size(), " columns, expected ", width,
          " as in the first line");
    add_word(out, source.strip_index ? without_index(columns[word_at]) : columns[word_at], columns[tag_at]);
    write(out, out.words.back());
    space = source.spaces;
  }

  void add_slots(TaggedSentence& out) {
    const auto mark = line.find(intent_mark);
    std::string_view rest = std::string_view(line).substr(0, mark);
    if (mark != line.npos) out.intent = trimmed(std::string_view(line).substr(mark + intent_mark.size()));
    split_columns(rest, columns);
    for (const auto& item : columns) {
      const auto colon = item.rfind(':');
      check(colon != item.npos, place(), ": '", item, "' is not word:tag");
      add_word(out, item.substr(0, colon), item.substr(colon + 1));
      write(out, out.words.back());
      space = source.spaces;
    }
    check(!out.words.empty(), place(), ": an intent without words");
  }

  void add_conllu(TaggedSentence& out, TaggedTextReport& report) {
    if (line[0] == '#' && out.words.empty()) return;
    check(columns.size() == conllu_columns.size(), place(), ": ", columns.size(), " columns, CoNLL-U has ",
          conllu_columns.size());
    const auto id = columns[id_column];
    if (id.find('.') != id.npos) return report.empty_nodes.add(place());
    if (const auto dash = id.find('-'); dash != id.npos) {
      report.multiword_tokens.add(place());
      return open_token(out, id.substr(0, dash), id.substr(dash + 1));
    }
    const bool inner = !token.empty();
    const auto tag = tag_at == feature_of_feats ? feature(columns[feats_column], source.tag) : columns[tag_at];
    add_word(out, columns[word_at], tag.empty() && tag_at == feature_of_feats ? "_" : tag);
    forms.emplace_back(columns[form_column]);
    if (inner && out.words.size() < token_end) return;
    if (inner)
      close_token(out);
    else
      write(out, forms.back());
    space = feature(inner ? std::string_view(misc) : columns[misc_column], "SpaceAfter") != "No";
    forms.clear();
    token.clear();
  }

  void open_token(const TaggedSentence& out, std::string_view first, std::string_view last) {
    size_t from = 0, to = 0;
    std::from_chars(first.data(), first.data() + first.size(), from);
    std::from_chars(last.data(), last.data() + last.size(), to);
    check(token.empty() && from == out.words.size() + 1 && to >= from && to - from < max_words, place(),
          ": multiword token ", columns[id_column], " does not begin at the next word, ", out.words.size() + 1);
    token = columns[form_column], misc = columns[misc_column];
    check(!token.empty(), place(), ": a word is empty");
    token_end = to;
  }

  // Words that spell the token have places of their own in it.
  void close_token(TaggedSentence& out) {
    std::string spelt;
    for (const auto& form : forms) spelt += form;
    write(out, token);
    if (spelt != token) {
      while (out.places.size() < out.words.size()) out.places.push_back(out.places.back());
      return;
    }
    int64_t begin = out.places.back().begin;
    out.places.pop_back();
    for (const auto& form : forms) {
      out.places.push_back({begin, begin + int64_t(form.size())});
      begin += int64_t(form.size());
    }
  }
};

TaggedTextReader::TaggedTextReader(const TaggedTextSource& source) : input_(std::make_unique<Input>(source)) {}
TaggedTextReader::~TaggedTextReader() = default;
TaggedTextReader::TaggedTextReader(TaggedTextReader&&) noexcept = default;

bool TaggedTextReader::next(TaggedSentence& sentence) {
  if (!input_->next(sentence, report_)) return false;
  check(sentence.places.size() == sentence.words.size(), sentence.place,
        ": a multiword token is longer than its sentence");
  ++report_.sentences, report_.words += int64_t(sentence.words.size());
  for ([[maybe_unused]] const auto place : illegal_bio(sentence.tags)) report_.illegal_bio.add(sentence.place);
  return true;
}

static TaggedTexts read_all(const TaggedTextSource& source, const LabelSet* known) {
  TaggedTexts out;
  TaggedTextReader reader(source);
  std::vector<std::string> tags, intents;
  for (TaggedSentence sentence; reader.next(sentence);) {
    if (!known) tags.insert(tags.end(), sentence.tags.begin(), sentence.tags.end());
    if (!sentence.intent.empty()) intents.push_back(sentence.intent);
    out.sentences.push_back(std::move(sentence));
  }
  check(out.size() > 0, source.path, ": no sentence there");
  out.report = reader.report();
  out.names = known ? *known : LabelSet(std::move(tags));
  out.intents = LabelSet(std::move(intents));
  for (const auto& sentence : out.sentences) {
    std::vector<int32_t> ids;
    for (const auto& tag : sentence.tags) {
      ids.push_back(out.names.find(tag));
      if (ids.back() < 0) out.report.unseen_tags.add(str(sentence.place, " '", tag, "'"));
    }
    out.tags.push_back(ids);
  }
  return out;
}

TaggedTexts read_tagged_texts(const TaggedTextSource& source) {
  auto out = read_all(source, nullptr);
  check(out.names.size() > 1, source.path, ": every word has the tag '", out.names.name(0),
        "'; there is nothing to tell apart");
  return out;
}
TaggedTexts read_tagged_texts(const TaggedTextSource& source, const LabelSet& known) {
  return read_all(source, &known);
}

}  // namespace stemma
