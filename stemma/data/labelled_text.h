// Texts with one label or many: columns of a table, or fastText's lines "__label__a __label__b text".
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/label_set.h"
#include "stemma/data/ragged.h"
#include "stemma/data/skipped.h"
#include "stemma/data/table.h"

namespace stemma {

struct LabelledTextSource {
  std::string path = {};
  std::string format = "auto";  // tsv | csv | jsonl | fasttext | auto: fasttext when the first line begins with
                                // __label__, else as table.h says
  std::string header = "auto";  // yes | no | auto: by names asked for, or looks_like_header of the label column
  std::vector<std::string> text = {"text"};  // columns, joined by `join`
  std::string join = " ";
  std::string label = "label";  // column; empty: the texts have no labels, as in prediction
  std::string separator = {};   // splits a cell into many labels; empty: one label. A JSON list is many anyhow
  std::string names = {};       // a plain file: label n, a whole number from 1, is its line n (AG News: classes.txt)
  FIELDS(path, format, header, text, join, label, separator, names)
};

struct LabelledText {
  std::string text;
  std::vector<std::string> labels;  // without __label__; white space within one is a single space: it is one line
  std::string place;                // "train.tsv:12"
};
struct LabelledTextReport {
  int64_t texts = 0;   // kept
  Skipped empty;       // white space alone
  Skipped unlabelled;  // labels are asked for, and there is none
  FIELDS(texts, empty, unlabelled)
};

// Streams; texts as they are, white space at both ends aside. Errors: those of TableReader; a label that is not in
// `names`.
class LabelledTextReader {
 public:
  explicit LabelledTextReader(const LabelledTextSource& source);
  ~LabelledTextReader();
  LabelledTextReader(LabelledTextReader&&) noexcept;
  bool next(LabelledText& text);
  const LabelledTextReport& report() const { return report_; }

 private:
  bool read(LabelledText& text);
  struct Input;
  std::unique_ptr<Input> input_;
  LabelledTextReport report_;
};

// All of it in memory.
struct LabelledTexts {
  std::vector<std::string> texts;
  Ragged labels;  // ids, as many sequences as texts
  LabelSet names;
  LabelledTextReport report;
  int64_t size() const { return int64_t(texts.size()); }
};
// Training text: its labels become the set. Error when no text is left, or all have the same one label.
LabelledTexts read_labelled_texts(const LabelledTextSource& source);
// Validation and test text. Error names file, line, label and the nearest of `known`.
LabelledTexts read_labelled_texts(const LabelledTextSource& source, const LabelSet& known);

}  // namespace stemma
