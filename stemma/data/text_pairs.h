// Two texts with a label or a score: columns of a table, or parallel files, one line each.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/label_set.h"
#include "stemma/data/skipped.h"
#include "stemma/data/table.h"

namespace stemma {

struct TextPairSource {
  std::string path;  // a table; empty: first, second and label are files
  TableOptions table;
  std::string first = "first", second = "second";
  std::string label = "label";     // empty: there is none, as in prediction
  bool scores = false;             // labels are numbers
  std::vector<std::string> leave;  // labels of pairs to leave out, as "-" in SNLI
  FIELDS(path, table, first, second, label, scores, leave)
};

struct LabelledPair {
  std::string first, second;
  std::string label;  // one line, as that of a LabelledText
  double score = 0;   // with `scores`
  std::string place;  // "train.tsv:12"
};
struct TextPairReport {
  int64_t pairs = 0;  // kept
  Skipped empty;      // either text is white space alone
  Skipped left_out;   // by `leave`
  FIELDS(pairs, empty, left_out)
};

// Streams. Errors: those of TableReader; files of unequal length; a score that is no finite number; an empty label.
class TextPairReader {
 public:
  explicit TextPairReader(const TextPairSource& source);
  ~TextPairReader();
  TextPairReader(TextPairReader&&) noexcept;
  bool next(LabelledPair& pair);
  const TextPairReport& report() const { return report_; }

 private:
  bool keep(LabelledPair& pair);
  struct Input;
  std::unique_ptr<Input> input_;
  TextPairSource source_;
  TextPairReport report_;
};

// All of it in memory.
struct LabelledPairs {
  std::vector<std::string> first, second;
  std::vector<int32_t> labels;  // ids in names; empty with scores or without labels
  std::vector<double> scores;
  LabelSet names;
  TextPairReport report;
  int64_t size() const { return int64_t(first.size()); }
};
// Training pairs: their labels become the set. Error when no pair is left, all have one label, or all one score.
LabelledPairs read_text_pairs(const TextPairSource& source);
// Validation and test pairs. An unseen label is an Error with file, line and the nearest of `known`.
LabelledPairs read_text_pairs(const TextPairSource& source, const LabelSet& known);

}  // namespace stemma
