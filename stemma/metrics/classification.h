// How well documents are classified, equal to scikit-learn.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stemma/metrics/class_score.h"

namespace stemma {

struct ClassificationScore {
  int64_t documents = 0;
  double accuracy = 0;
  double mcc = 0;           // Matthews' correlation, of many classes as Gorodkin 2004; 0 where it is 0 / 0
  ClassScores scores = {};  // `macro` is over the classes that occur, in truth or predicted; the others have no row
  std::vector<std::string> labels;
  std::vector<std::vector<int64_t>> confusion = {};  // [label in truth][label predicted], of all labels
  FIELDS(documents, accuracy, mcc, scores, labels, confusion)
};
// targets, predictions: a number of `labels` for each document. Error when they are not as many, or outside.
ClassificationScore score_classification(const std::vector<int32_t>& targets, const std::vector<int32_t>& predictions,
                                         const std::vector<std::string>& labels);

// Documents with any number of labels each; `macro` is over all labels.
struct MultiLabelScore {
  int64_t documents = 0;
  double exact_match = 0;   // the share of documents with exactly the right labels
  double hamming_loss = 0;  // the share of wrong decisions among all documents x labels
  ClassScores scores = {};
  FIELDS(documents, exact_match, hamming_loss, scores)
};
MultiLabelScore score_many_labels(const std::vector<std::vector<int32_t>>& targets,
                                  const std::vector<std::vector<int32_t>>& predictions,
                                  const std::vector<std::string>& labels);

// Are documents given probability p right in a share of p? (Guo et al. 2017, eq. 3; the bins are (from, to].)
struct ReliabilityBin {
  double from = 0, to = 0;
  int64_t documents = 0;
  double confidence = 0, accuracy = 0;  // means over its documents; 0 where there are none
  FIELDS(from, to, documents, confidence, accuracy)
};
struct Calibration {
  double log_loss = 0;        // the mean of -log p(target), p no less than 2^-52
  double expected_error = 0;  // sum over bins of their share times |accuracy - confidence|
  double greatest_error = 0;  // the greatest |accuracy - confidence| of a bin
  std::vector<ReliabilityBin> bins;
  FIELDS(log_loss, expected_error, greatest_error, bins)
};
// probabilities: [documents * classes], row by row. Error when the sizes do not fit or a number is outside [0, 1].
Calibration calibration(const std::vector<int32_t>& targets, std::span<const float> probabilities, int64_t bins = 15);

}  // namespace stemma
