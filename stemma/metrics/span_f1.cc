#include "stemma/metrics/span_f1.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"
#include "stemma/base/tags.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

struct Piece {
  std::string_view prefix, type;
  bool is(std::string_view prefixes) const { return prefix.size() == 1 && prefixes.find(prefix[0]) != prefixes.npos; }
};

// ---- lenient: by looking at two neighbours -------------------------------------------------------------------------
Piece lenient_piece(std::string_view label) {
  const size_t first = code_point_at(label, 0).size;
  std::string_view type = label.substr(first);
  if (const size_t dash = type.find('-'); dash != type.npos) type.remove_prefix(dash + 1);
  return {label.substr(0, first), type.empty() ? "_" : type};
}
bool ends(const Piece& before, const Piece& next) {
  return before.is("ES") || (before.is("BI") && next.is("BSO")) || (!before.is("O.") && before.type != next.type);
}
bool begins(const Piece& before, const Piece& next) {
  return next.is("BS") || (before.is("ESO") && next.is("EI")) || (!next.is("O.") && before.type != next.type);
}
std::vector<TaggedSpan> lenient_spans(const std::vector<std::string>& labels) {
  std::vector<TaggedSpan> out;
  Piece before{"O", "_"};
  int64_t first = 0;
  for (size_t i = 0; i <= labels.size(); ++i) {
    const Piece next = i < labels.size() ? lenient_piece(labels[i]) : Piece{"O", "_"};
    if (ends(before, next)) out.push_back({std::string(before.type), first, int64_t(i) - 1});
    if (begins(before, next)) first = int64_t(i);
    before = next;
  }
  return out;
}

// ---- strict: by the patterns of a scheme ---------------------------------------------------------------------------
enum class Types { any, same, different };
struct Pattern {
  std::string_view before, next;  // prefixes
  Types types;
};
struct Rules {
  std::string_view name, prefixes;
  std::vector<Pattern> begin, inside, end;
};
constexpr std::string_view every = "IOBESUL";

const Rules& rules_of(SpanScheme scheme) {
  using enum Types;
  static const Rules all[] = {
      {"lenient", "", {}, {}, {}},
      {"iob1",
       "IOB",
       {{"OB", "I", any}, {"I", "I", different}, {"IB", "B", same}},
       {{"BI", "I", same}},
       {{"IB", "I", different}, {"IB", "O", any}, {"I", "B", any}, {"B", "B", same}}},
      {"iob2", "IOB", {{every, "B", any}}, {{"BI", "I", same}}, {{"IB", "OB", any}, {"IB", "I", different}}},
      {"ioe1",
       "IOE",
       {{"OE", "I", any}, {"I", "I", different}, {"E", "E", same}},
       {{"I", "IE", same}},
       {{"I", "IE", different}, {"I", "O", any}, {"E", "IE", same}}},
      {"ioe2", "IOE", {{"OE", "IE", any}, {"I", "IE", different}}, {{"I", "IE", same}}, {{"E", every, any}}},
      {"iobes", "IOBES", {{every, "BS", any}}, {{"BI", "IE", same}}, {{"SE", every, any}}},
      {"bilou", "BILOU", {{every, "BU", any}}, {{"BI", "IL", same}}, {{"UL", every, any}}},
  };
  return all[size_t(scheme)];
}

Piece strict_piece(const std::string& label, const Rules& rules) {
  const Piece letter{std::string_view(label).substr(0, 1), {}};
  check(letter.is(rules.prefixes), "label '", label, "' does not begin with one of ", rules.prefixes,
        ", the prefixes of ", rules.name);
  std::string_view type = std::string_view(label).substr(1);
  while (!type.empty() && type.front() == '-') type.remove_prefix(1);
  while (!type.empty() && type.back() == '-') type.remove_suffix(1);
  return {letter.prefix, type.empty() ? "_" : type};
}
bool fits(const std::vector<Pattern>& patterns, const Piece& before, const Piece& next) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& p) {
    return before.is(p.before) && next.is(p.next) &&
           (p.types == Types::any || (p.types == Types::same) == (before.type == next.type));
  });
}
std::vector<TaggedSpan> strict_spans(const std::vector<std::string>& labels, const Rules& rules) {
  const Piece outside{"O", "_"};
  std::vector<Piece> pieces{outside};  // one before the first label, one behind the last
  for (const auto& label : labels) pieces.push_back(strict_piece(label, rules));
  pieces.push_back(outside);
  std::vector<TaggedSpan> out;
  for (size_t i = 1; i + 1 < pieces.size();) {
    const size_t first = i++;
    if (!fits(rules.begin, pieces[first - 1], pieces[first])) continue;
    while (fits(rules.inside, pieces[i - 1], pieces[i])) ++i;
    if (fits(rules.end, pieces[i - 1], pieces[i]))
      out.push_back({std::string(pieces[first].type), int64_t(first) - 1, int64_t(i) - 2});
  }
  return out;
}

TagScheme scheme_in(const LabelSequences& sequences) {
  std::set<std::string> labels;
  for (const auto& sequence : sequences) labels.insert(sequence.begin(), sequence.end());
  return scheme_of({labels.begin(), labels.end()});
}

// conlleval reads one long sequence with an O behind each part.
std::vector<std::string> one_line(const LabelSequences& sequences) {
  std::vector<std::string> out;
  for (const auto& sequence : sequences) {
    out.insert(out.end(), sequence.begin(), sequence.end());
    out.emplace_back("O");
  }
  return out;
}

void count_spans(const std::vector<TaggedSpan>& targets, const std::vector<TaggedSpan>& predictions,
                 std::map<std::string, ClassCounts>& types) {
  const std::set<TaggedSpan> truth(targets.begin(), targets.end()), found(predictions.begin(), predictions.end());
  for (const auto& span : truth) ++types[span.type].support, types[span.type].correct += int64_t(found.count(span));
  for (const auto& span : found) ++types[span.type].predicted;
}

}  // namespace

SpanScheme span_scheme(const std::string& name) {
  std::vector<std::string> known;
  for (int i = 0; i <= int(SpanScheme::bilou); ++i) {
    known.emplace_back(rules_of(SpanScheme(i)).name);
    if (known.back() == name) return SpanScheme(i);
  }
  fail("spans: there is no scheme '", name, "'", suggestion(name, known));
}

std::vector<TaggedSpan> tagged_spans(const std::vector<std::string>& labels, SpanScheme scheme) {
  for (size_t i = 0; i < labels.size(); ++i) check(!labels[i].empty(), "the label of token ", i + 1, " is empty");
  return scheme == SpanScheme::lenient ? lenient_spans(labels) : strict_spans(labels, rules_of(scheme));
}

SpanScore score_spans(const LabelSequences& targets, const LabelSequences& predictions, SpanScheme scheme) {
  check(targets.size() == predictions.size(), "spans: ", predictions.size(), " predictions for ", targets.size(),
        " sequences");
  SpanScore out{.sequences = int64_t(targets.size())};
  const TagScheme tags = scheme_in(targets);
  std::map<std::string, ClassCounts> types;
  double right = 0;
  for (size_t s = 0; s < targets.size(); ++s) {
    const auto &y = targets[s], &z = predictions[s];
    check(y.size() == z.size(), "sequence ", s + 1, ": ", z.size(), " labels predicted for ", y.size(), " tokens");
    out.tokens += int64_t(y.size());
    for (size_t i = 0; i < y.size(); ++i) right += y[i] == z[i];
    out.illegal_targets += illegal_places(y, tags), out.illegal_predictions += illegal_places(z, tags);
    if (scheme != SpanScheme::lenient) count_spans(tagged_spans(y, scheme), tagged_spans(z, scheme), types);
  }
  if (scheme == SpanScheme::lenient)
    count_spans(tagged_spans(one_line(targets)), tagged_spans(one_line(predictions)), types);
  std::vector<ClassCounts> counts;
  for (auto& [type, c] : types) c.label = type, counts.push_back(c);
  out.scores = class_scores(counts);
  out.token_accuracy = out.tokens == 0 ? 0 : right / double(out.tokens);
  return out;
}

}  // namespace stemma
