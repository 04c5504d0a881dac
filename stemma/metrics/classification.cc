#include "stemma/metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "stemma/base/check.h"

namespace stemma {

namespace {

void check_label(int32_t label, size_t labels, size_t document) {
  check(label >= 0 && size_t(label) < labels, "document ", document + 1, ": label number ", label, " of ", labels);
}

// Gorodkin 2004: the covariance of truth and prediction over that of each with itself.
double matthews(const std::vector<std::vector<int64_t>>& confusion, double n) {
  double right = 0, both = 0, truth = 0, predicted = 0;
  for (size_t k = 0; k < confusion.size(); ++k) {
    double t = 0, p = 0;
    for (size_t j = 0; j < confusion.size(); ++j) t += double(confusion[k][j]), p += double(confusion[j][k]);
    right += double(confusion[k][k]), both += t * p, truth += t * t, predicted += p * p;
  }
  const double spread = (n * n - truth) * (n * n - predicted);
  return spread == 0 ? 0 : (right * n - both) / std::sqrt(spread);
}

}  // namespace

ClassificationScore score_classification(const std::vector<int32_t>& targets, const std::vector<int32_t>& predictions,
                                         const std::vector<std::string>& labels) {
  check(targets.size() == predictions.size(), "classification: ", predictions.size(), " predictions for ",
        targets.size(), " documents");
  const size_t k = labels.size();
  ClassificationScore out{.documents = int64_t(targets.size()), .labels = labels};
  out.confusion.assign(k, std::vector<int64_t>(k));
  for (size_t i = 0; i < targets.size(); ++i) {
    check_label(targets[i], k, i), check_label(predictions[i], k, i);
    ++out.confusion[size_t(targets[i])][size_t(predictions[i])];
  }
  std::vector<ClassCounts> counts;
  double right = 0;
  for (size_t i = 0; i < k; ++i) {
    ClassCounts c{.label = labels[i], .correct = out.confusion[i][i]};
    for (size_t j = 0; j < k; ++j) c.support += out.confusion[i][j], c.predicted += out.confusion[j][i];
    right += double(c.correct);
    if (c.support + c.predicted > 0) counts.push_back(c);
  }
  out.scores = class_scores(counts);
  const auto n = double(targets.size());
  out.accuracy = targets.empty() ? 0 : right / n;
  out.mcc = matthews(out.confusion, n);
  return out;
}

MultiLabelScore score_many_labels(const std::vector<std::vector<int32_t>>& targets,
                                  const std::vector<std::vector<int32_t>>& predictions,
                                  const std::vector<std::string>& labels) {
  check(targets.size() == predictions.size(), "classification: ", predictions.size(), " predictions for ",
        targets.size(), " documents");
  MultiLabelScore out{.documents = int64_t(targets.size())};
  std::vector<ClassCounts> counts;
  for (const auto& label : labels) counts.push_back({.label = label});
  double exact = 0, wrong = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    const std::set<int32_t> truth(targets[i].begin(), targets[i].end());
    const std::set<int32_t> found(predictions[i].begin(), predictions[i].end());
    size_t right = 0;
    for (const int32_t y : truth) check_label(y, labels.size(), i), ++counts[size_t(y)].support;
    for (const int32_t y : found) {
      check_label(y, labels.size(), i), ++counts[size_t(y)].predicted;
      if (truth.count(y)) ++counts[size_t(y)].correct, ++right;
    }
    exact += truth == found;
    wrong += double(truth.size() + found.size() - 2 * right);
  }
  const auto n = double(std::max<size_t>(targets.size(), 1));
  out.exact_match = exact / n, out.hamming_loss = wrong / n / double(std::max<size_t>(labels.size(), 1));
  out.scores = class_scores(counts);
  return out;
}

Calibration calibration(const std::vector<int32_t>& targets, std::span<const float> probabilities, int64_t bins) {
  const size_t n = targets.size(), k = n == 0 ? 0 : probabilities.size() / n;
  check(n * k == probabilities.size() && bins > 0, "calibration: ", probabilities.size(), " probabilities for ", n,
        " documents, ", bins, " bins");
  Calibration out;
  for (int64_t b = 0; b < bins; ++b)
    out.bins.push_back({.from = double(b) / double(bins), .to = double(b + 1) / double(bins)});
  for (size_t i = 0; i < n; ++i) {
    check_label(targets[i], k, i);
    const auto row = probabilities.subspan(i * k, k);
    for (const float p : row) check(p >= 0 && p <= 1, "document ", i + 1, ": probability ", p, " is outside [0, 1]");
    const auto most = std::max_element(row.begin(), row.end());
    auto bin = std::lower_bound(out.bins.begin(), out.bins.end(), double(*most),
                                [](const ReliabilityBin& b, double p) { return b.to < p; });
    bin = std::min(bin, out.bins.end() - 1);
    ++bin->documents, bin->confidence += *most, bin->accuracy += most - row.begin() == targets[i];
    out.log_loss -= std::log(std::max(double(row[size_t(targets[i])]), std::numeric_limits<double>::epsilon()));
  }
  out.log_loss /= double(std::max<size_t>(n, 1));
  for (auto& bin : out.bins) {
    if (bin.documents == 0) continue;
    bin.confidence /= double(bin.documents), bin.accuracy /= double(bin.documents);
    const double error = std::abs(bin.accuracy - bin.confidence);
    out.expected_error += error * double(bin.documents) / double(n);
    out.greatest_error = std::max(out.greatest_error, error);
  }
  return out;
}

}  // namespace stemma
