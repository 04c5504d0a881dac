#include "stemma/tasks/label_scores.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/numbers.h"
#include "stemma/metrics/correlation.h"
#include "stemma/tasks/class_tables.h"

namespace stemma {

namespace {

std::string digits(double value, int n) { return std::isfinite(value) ? fixed(value, n) : "–"; }

int32_t best_of(const std::vector<double>& row) {
  return int32_t(std::max_element(row.begin(), row.end()) - row.begin());
}
std::vector<int32_t> chosen(const std::vector<double>& row) {
  std::vector<int32_t> out;
  for (size_t j = 0; j < row.size(); ++j)
    if (row[j] >= 0.5) out.push_back(int32_t(j));
  return out;
}
std::vector<int32_t> first_labels(const LabelledDocuments& data) {
  std::vector<int32_t> out;
  for (const auto& labels : data.labels) out.push_back(labels.at(0));
  return out;
}

TaskReport score_one(const LabelTask& task, const LabelledDocuments& data,
                     const std::vector<std::vector<double>>& answers) {
  std::vector<int32_t> predicted;
  std::vector<float> probabilities;
  for (const auto& row : answers) {
    predicted.push_back(best_of(row));
    for (const double p : row) probabilities.push_back(float(std::clamp(p, 0.0, 1.0)));
  }
  const auto targets = first_labels(data);
  const auto s = score_classification(targets, predicted, task.labels.names());
  const auto c = calibration(targets, probabilities);
  TaskReport out{"accuracy", s.accuracy, to_json(s), {}, {}};
  out.second_measure = "macro F1", out.second = s.scores.macro.f1;
  out.all["calibration"] = to_json(c);
  out.tables.push_back({"",
                        {"measure", ""},
                        {{"accuracy", percent(s.accuracy)},
                         {"macro F1", percent(s.scores.macro.f1)},
                         {"MCC", digits(s.mcc, 4)},
                         {"log loss", digits(c.log_loss, 4)},
                         {"calibration error", percent(c.expected_error)},
                         {"texts", str(s.documents)}}});
  out.tables.push_back(class_table(s.scores, "by label", "label", "texts"));
  out.tables.push_back(confusion_table(s, "label"));
  return out;
}

TaskReport score_many(const LabelTask& task, const LabelledDocuments& data,
                      const std::vector<std::vector<double>>& answers) {
  std::vector<std::vector<int32_t>> predicted;
  for (const auto& row : answers) predicted.push_back(chosen(row));
  const auto s = score_many_labels(data.labels, predicted, task.labels.names());
  TaskReport out{"micro F1", s.scores.micro.f1, to_json(s), {}, {}};
  out.tables.push_back({"",
                        {"measure", ""},
                        {{"micro F1", percent(s.scores.micro.f1)},
                         {"macro F1", percent(s.scores.macro.f1)},
                         {"exact match", percent(s.exact_match)},
                         {"Hamming loss", percent(s.hamming_loss)},
                         {"texts", str(s.documents)}}});
  out.tables.push_back(class_table(s.scores, "by label", "label", "texts"));
  return out;
}

TaskReport score_numbers(const LabelledDocuments& data, const std::vector<std::vector<double>>& answers) {
  std::vector<double> y;
  double error = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    y.push_back(answers[i][0]);
    error += (y[i] - data.scores[i]) * (y[i] - data.scores[i]);
  }
  const double rho = spearman(y, data.scores), r = pearson(y, data.scores);
  error /= double(std::max<size_t>(y.size(), 1));
  TaskReport out{
      "Spearman", rho, Json::object({{"pearson", r}, {"spearman", rho}, {"mean_squared_error", error}}), {}, {}};
  out.second_measure = "Pearson", out.second = r;
  out.tables.push_back({"",
                        {"measure", ""},
                        {{"Pearson", digits(r, 4)},
                         {"Spearman", digits(rho, 4)},
                         {"mean squared error", digits(error, 4)},
                         {"pairs", str(y.size())}}});
  return out;
}

double loss_of(const LabelTask& task, const LabelledDocuments& data, const std::vector<std::vector<double>>& answers) {
  const auto log_of = [](double p) { return std::log(std::max(p, 1e-12)); };
  double loss = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto& y = answers[i];
    if (task.kind == LabelKind::score)
      loss += (y[0] - data.scores[i]) * (y[0] - data.scores[i]);
    else if (task.kind == LabelKind::one)
      loss -= log_of(y[size_t(data.labels[i].at(0))]);
    else
      for (size_t j = 0; j < y.size(); ++j)
        loss -= std::find(data.labels[i].begin(), data.labels[i].end(), int32_t(j)) != data.labels[i].end()
                    ? log_of(y[j])
                    : log_of(1 - y[j]);
  }
  return loss / double(std::max<size_t>(answers.size(), 1));
}

}  // namespace

TaskReport score_labels(const LabelTask& task, const LabelledDocuments& data,
                        const std::vector<std::vector<double>>& answers) {
  return task.kind == LabelKind::one    ? score_one(task, data, answers)
         : task.kind == LabelKind::many ? score_many(task, data, answers)
                                        : score_numbers(data, answers);
}

Validation validation_of(const LabelTask& task, const LabelledDocuments& data,
                         const std::vector<std::vector<double>>& answers) {
  const TaskReport report = score_labels(task, data, answers);
  Validation out;
  out.loss = loss_of(task, data, answers);
  out.score = report.score;
  return out;
}

}  // namespace stemma
