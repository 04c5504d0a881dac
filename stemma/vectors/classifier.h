// fastText's classifier (Joulin et al. 2017): the mean of a text's rows (words, n-grams of letters and of words)
// against the rows of the labels. Labels and probabilities are those that fastText gives for the same file.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "stemma/vectors/huffman.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

// Input rows of a line of text; labels in it are passed over. </s> ends it.
std::vector<int32_t> rows_of_text(const VectorModel& model, std::string_view text);
// The mean of these rows; for word vectors the mean of the words' unit vectors, without </s>. As fastText's
// get_sentence_vector.
std::vector<float> text_vector(const VectorModel& model, std::string_view text);

struct LabelGuess {
  std::string label;  // as in the file: __label__...
  double probability = 0;
};

class Classifier {
 public:
  explicit Classifier(VectorModel model);           // Error when the model has no labels
  static Classifier load(const std::string& path);  // .bin or .ftz, ours and fastText's
  void save(const std::string& path) const;         // what fastText reads

  std::vector<std::string> labels() const;  // without __label__
  // One for each of labels(), as below; of a text without known rows what the model says of zeros.
  std::vector<double> probabilities(std::string_view text) const;
  // The k most probable labels of at least `threshold`, best first. None for a text without known rows. Probabilities
  // carry fastText's 1e-5, and with the losses `negatives` and `each` its table of 512 sigmoids.
  std::vector<LabelGuess> predict(std::string_view text, int64_t k = 1, double threshold = 0) const;
  const VectorModel& model() const { return model_; }

 private:
  struct Scored {
    double log_p;
    int32_t label;
  };
  std::vector<Scored> score(const std::vector<int32_t>& rows, double threshold) const;
  std::vector<Scored> score_all(const std::vector<float>& hidden, double threshold) const;
  void descend(int32_t node, double log_p, double least, const std::vector<float>& hidden,
               std::vector<Scored>& out) const;
  VectorModel model_;
  HuffmanTree tree_;
};

}  // namespace stemma
