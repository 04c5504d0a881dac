#include "stemma/metrics/class_score.h"

namespace stemma {

static double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

static ClassScore score_of(const ClassCounts& c) {
  ClassScore out{.label = c.label, .support = c.support, .predicted = c.predicted};
  out.precision = ratio(double(c.correct), double(c.predicted)),
  out.recall = ratio(double(c.correct), double(c.support));
  out.f1 = ratio(2 * out.precision * out.recall, out.precision + out.recall);
  return out;
}

ClassScores class_scores(const std::vector<ClassCounts>& counts) {
  ClassScores out;
  ClassCounts sum{.label = "micro"};
  for (const auto& c : counts) {
    sum.correct += c.correct, sum.predicted += c.predicted, sum.support += c.support;
    out.classes.push_back(score_of(c));
  }
  out.micro = score_of(sum);
  const auto average = [&](ClassScore& mean, auto&& weight) {
    double total = 0;
    for (const auto& c : out.classes) total += weight(c);
    for (const auto& c : out.classes) {
      const double share = ratio(weight(c), total);
      mean.precision += share * c.precision, mean.recall += share * c.recall, mean.f1 += share * c.f1;
    }
    mean.support = sum.support, mean.predicted = sum.predicted;
  };
  average(out.macro, [](const ClassScore&) { return 1.0; });
  average(out.weighted, [](const ClassScore& c) { return double(c.support); });
  return out;
}

}  // namespace stemma
