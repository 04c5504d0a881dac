// The encoder `tfidf`: TF-IDF features and a linear model, from texts or pairs of texts to probabilities, margins or
// scores; it explains itself by its heaviest n-grams. A directory holds it:
//   tfidf.json          options, labels        tfidf.words.txt, tfidf.characters.txt   an n-gram a line
//   tfidf.safetensors   idf [terms], weights [features, outputs], bias [outputs]; mapped, not read
#pragma once
#include <span>
#include <string>
#include <vector>

#include "stemma/sparse/linear_model.h"
#include "stemma/sparse/vectorizer.h"

namespace stemma {

class SafetensorsFile;

struct TextModelOptions {
  TfidfOptions features;
  LinearOptions linear;
  FIELDS(features, linear)
};

struct TextInput {
  Texts texts;
  Texts others = {};  // of pairs the second texts, as many; otherwise empty
  bool pairs() const { return !others.empty(); }
};

struct Predictions {
  int64_t outputs = 0;
  std::vector<float> values;  // [texts, outputs]
  std::span<const float> row(int64_t i) const {
    return std::span(values).subspan(size_t(i * outputs), size_t(outputs));
  }
};

struct Reason {
  std::string term;
  std::string part;  // of pairs: "first", "second", "differs" (|u - v|), "shared" (u * v); otherwise empty
  float value = 0;   // the feature in the text; 1 where no text is asked about
  float weight = 0;  // of the feature for the output; value * weight is what it adds
  FIELDS(term, part, value, weight)
};

// [u; v; |u - v|; u * v], of the rows of `u` and `v`.
SparseMatrix pair_features(const SparseMatrix& u, const SparseMatrix& v);

class TextModel {
 public:
  // `labels` names the outputs. Error: what Vectorizer and fit_classes, fit_labels, fit_scores do not accept.
  static TextModel fit_classes(const TextInput& input, std::span<const int32_t> y, std::vector<std::string> labels,
                               const TextModelOptions& options);
  static TextModel fit_labels(const TextInput& input, std::span<const std::vector<int32_t>> y,
                              std::vector<std::string> labels, const TextModelOptions& options);
  static TextModel fit_scores(const TextInput& input, std::span<const double> y, const TextModelOptions& options);

  // Probabilities (has_probabilities), margins, or a score for each text; that of a text does not depend on the others.
  // A text without any known n-gram has the answer of the bias alone.
  Predictions predict(const TextInput& input) const;
  bool has_probabilities() const { return linear_.has_probabilities(); }

  // The n-grams of one text, or pair, that add most to `output`, and take most from it: the largest |value * weight|
  // first, at most `most`.
  std::vector<Reason> explain(const TextInput& one, int64_t output, int64_t most) const;
  // The n-grams that speak most for `output` whatever the text: the largest weight first.
  std::vector<Reason> heaviest(int64_t output, int64_t most) const;

  void save(const std::string& directory) const;
  // Error: a file is missing, damaged, or does not fit the others.
  static TextModel load(const std::string& directory);

  const std::vector<std::string>& labels() const { return labels_; }  // of scores: none
  const TextModelOptions& options() const { return options_; }
  const Vectorizer& vectorizer() const { return vectorizer_; }
  const LinearModel& linear() const { return linear_; }
  Outcome outcome() const { return linear_.outcome; }
  bool pairs() const { return pairs_; }
  int64_t parameters() const { return linear_.features * linear_.outputs + linear_.outputs; }

 private:
  SparseMatrix learn_features(const TextInput& input);
  SparseMatrix features_of(const TextInput& input) const;
  Reason reason(int64_t feature, int64_t output, float value) const;
  TextModelOptions options_;
  bool pairs_ = false;
  std::vector<std::string> labels_;
  Vectorizer vectorizer_;
  LinearModel linear_;
  friend struct TextModelFiles;
};

// What a directory holds; save() and load() are these and the files.
struct TextModelFiles {
  std::string json;
  // Of words, of characters, as far as the model has them: an n-gram a line, \\ and \n escaped.
  std::vector<std::string> terms;
  static TextModel read(const TextModelFiles& files, const SafetensorsFile& arrays, const std::string& directory);
};

}  // namespace stemma
