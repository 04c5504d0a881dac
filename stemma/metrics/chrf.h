// chrF (Popović 2015) and, with word order 2, chrF++ (Popović 2017), equal to sacreBLEU 2.
#pragma once
#include "stemma/metrics/metric.h"

namespace stemma {

struct ChrfOptions {
  int64_t char_order = 6, word_order = 0, beta = 2;
  bool lowercase = false;
  bool whitespace = false;     // count white space as characters
  bool eps_smoothing = false;  // the mean F of all orders, as chrF++.py; else F of the mean precision and recall
  FIELDS(char_order, word_order, beta, lowercase, whitespace, eps_smoothing)
};

class Chrf : public Metric {
 public:
  explicit Chrf(const ChrfOptions& options = {});
  std::string name() const override;
  std::string options() const override;
  // For each order: n-grams of the hypothesis, of the reference with the best F score, and of both.
  MetricCounts count(std::string_view hypothesis, const std::vector<std::string_view>& references) const override;
  double score(const MetricCounts& sum) const override;
  Json details(const MetricCounts& sum) const override;

 private:
  ChrfOptions options_;
};

}  // namespace stemma
