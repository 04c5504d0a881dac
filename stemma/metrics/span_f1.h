// Precision, recall and F1 of tagged spans, equal to seqeval (Nakayama 2018), which equals conlleval.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/metrics/class_score.h"

namespace stemma {

// lenient: labels of any scheme as conlleval reads them, illegal ones too: a span begins wherever one can be seen to.
// The others are seqeval's strict mode: only what is a span by the letter of the scheme counts.
enum class SpanScheme { lenient, iob1, iob2, ioe1, ioe2, iobes, bilou };
// "lenient", "iob1", ...; Error naming the known.
SpanScheme span_scheme(const std::string& name);

struct TaggedSpan {
  std::string type;             // "_" where a label has none
  int64_t first = 0, last = 0;  // tokens, both of the span
  auto operator<=>(const TaggedSpan&) const = default;
};
// The spans of one sequence, in order. An empty label, or in a strict scheme one with a foreign prefix, is an Error.
std::vector<TaggedSpan> tagged_spans(const std::vector<std::string>& labels, SpanScheme scheme = SpanScheme::lenient);

struct SpanScore {
  int64_t sequences = 0, tokens = 0;
  double token_accuracy = 0;
  ClassScores scores = {};  // a row for each type, by name; micro F1 is "the" F1
  // Places where BIO or BIOES, whichever the labels in truth look like, is broken (base/tags.h).
  int64_t illegal_targets = 0, illegal_predictions = 0;
  FIELDS(sequences, tokens, token_accuracy, scores, illegal_targets, illegal_predictions)
};
using LabelSequences = std::vector<std::vector<std::string>>;
// Error naming the sequence when the lengths differ.
SpanScore score_spans(const LabelSequences& targets, const LabelSequences& predictions,
                      SpanScheme scheme = SpanScheme::lenient);

}  // namespace stemma
