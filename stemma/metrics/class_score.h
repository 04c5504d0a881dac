// Precision, recall and F1 of classes of anything: documents, spans. Knows nothing of where the counts are from.
//   P = correct / predicted    R = correct / support    F1 = 2 P R / (P + R); 0 / 0 is 0, as in scikit-learn
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/base/fields.h"

namespace stemma {

struct ClassCounts {
  std::string label;
  int64_t correct = 0, predicted = 0, support = 0;  // support: how many there are in truth
};

struct ClassScore {
  std::string label;
  double precision = 0, recall = 0, f1 = 0;
  int64_t support = 0, predicted = 0;
  FIELDS(label, precision, recall, f1, support, predicted)
};
struct ClassScores {
  std::vector<ClassScore> classes;
  // Of the sums of all counts; the mean of the classes; the mean weighted by support.
  ClassScore micro{.label = "micro"}, macro{.label = "macro"}, weighted{.label = "weighted"};
  FIELDS(classes, micro, macro, weighted)
};
ClassScores class_scores(const std::vector<ClassCounts>& counts);

}  // namespace stemma
