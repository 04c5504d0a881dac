#include "stemma/sparse/linear_model.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/parallel.h"
#include "stemma/sparse/liblinear.h"
#include "stemma/sparse/softmax_regression.h"

namespace stemma {

namespace {

std::string resolved_loss(const LinearOptions& o, const std::vector<std::string>& possible) {
  check(o.C > 0 && o.tolerance >= 0 && o.epsilon >= 0, "C ", o.C, " must be above 0, tolerance ", o.tolerance,
        " and epsilon ", o.epsilon, " not below");
  check_choice("class_weights", o.class_weights, {"none", "balanced"});
  if (o.loss == "auto") return possible[0];
  check_choice("loss", o.loss, possible);
  return o.loss;
}

LiblinearSettings settings_of(const LinearOptions& o, const std::string& loss) {
  return {.loss = loss,
          .solver = o.solver,
          .C = o.C,
          .epsilon = o.epsilon,
          .tolerance = o.tolerance,
          .seed = uint32_t(o.seed)};
}

LinearModel empty_model(Outcome outcome, std::string loss, int64_t features, int64_t outputs) {
  LinearModel model{.outcome = outcome,
                    .loss = std::move(loss),
                    .features = features,
                    .outputs = outputs,
                    .weights = {},
                    .bias = std::vector<float>(size_t(outputs))};
  return model;
}

// Column k of the weights is fit(k), whose last element is the bias; the columns are learned side by side.
template <class Fit>
void set_columns(LinearModel& model, int64_t columns, Fit&& fit) {
  std::shared_ptr<float[]> weights(new float[size_t(model.features * model.outputs)]);
  parallel_for(columns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const std::vector<double> w = fit(k);
      for (int64_t j = 0; j < model.features; ++j) weights[size_t(j * model.outputs + k)] = float(w[size_t(j)]);
      model.bias[size_t(k)] = float(w.back());
    }
  });
  model.weights = std::move(weights);
}

// Of each class: 1, or rows / (classes * rows of the class).
std::vector<double> costs_of(const std::vector<int64_t>& counts, int64_t rows, const LinearOptions& o) {
  std::vector<double> costs(counts.size(), 1);
  if (o.class_weights == "balanced")
    for (size_t k = 0; k < counts.size(); ++k) costs[k] = double(rows) / (double(counts.size()) * double(counts[k]));
  return costs;
}

LinearModel fit_all_classes(const SparseMatrix& x, std::span<const int32_t> y, const std::vector<double>& class_costs,
                            const LinearOptions& o) {
  std::vector<double> costs(y.size());
  for (size_t i = 0; i < y.size(); ++i) costs[i] = class_costs[size_t(y[i])];
  const auto classes = int64_t(class_costs.size());
  const auto fit =
      fit_softmax(x, y, costs, {.classes = classes, .C = o.C, .tolerance = o.tolerance > 0 ? o.tolerance : 1e-4});
  LinearModel model = empty_model(Outcome::classes, "softmax", x.columns, classes);
  std::shared_ptr<float[]> weights(new float[fit.W.size()]);
  std::copy(fit.W.begin(), fit.W.end(), weights.get());
  std::copy(fit.b.begin(), fit.b.end(), model.bias.begin());
  model.weights = std::move(weights);
  return model;
}

// Two classes: the answers are w and -w.
LinearModel fit_two_classes(const SparseMatrix& x, std::span<const int32_t> y, const std::vector<double>& costs,
                            const LiblinearSettings& settings) {
  std::vector<double> signs(y.size());
  for (size_t i = 0; i < y.size(); ++i) signs[i] = y[i] == 1 ? 1 : -1;
  const std::vector<double> w = Liblinear(x).fit(signs, costs[1], costs[0], settings);
  LinearModel model = empty_model(Outcome::classes, settings.loss, x.columns, 2);
  set_columns(model, 2, [&](int64_t k) {
    std::vector<double> column = w;
    if (k == 0)
      for (double& v : column) v = -v;
    return column;
  });
  return model;
}

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

void answer(float* z, const LinearModel& model) {
  const int64_t n = model.outputs;
  if (model.loss == "softmax") {
    const double most = *std::max_element(z, z + n);
    for (int64_t k = 0; k < n; ++k) z[k] = float(std::exp(double(z[k]) - most));
  } else {
    for (int64_t k = 0; k < n; ++k) z[k] = float(sigmoid(double(z[k])));
  }
  if (model.outcome != Outcome::classes) return;
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) sum += double(z[k]);
  for (int64_t k = 0; k < n; ++k) z[k] = sum > 0 ? float(double(z[k]) / sum) : 1 / float(n);
}

}  // namespace

std::vector<float> LinearModel::margins(const SparseMatrix& x) const {
  check(x.columns == features, "a linear model of ", features, " features has got ", x.columns);
  std::vector<float> z(size_t(x.rows() * outputs));
  parallel_for(x.rows(), 256, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(outputs));
    for (int64_t i = begin; i < end; ++i) {
      std::copy(bias.begin(), bias.end(), sums.begin());
      const auto row = x.row(i);
      for (size_t e = 0; e < row.indices.size(); ++e) {
        const float* w = weights.get() + row.indices[e] * outputs;
        for (int64_t k = 0; k < outputs; ++k) sums[size_t(k)] += double(row.values[e]) * double(w[k]);
      }
      std::copy(sums.begin(), sums.end(), z.begin() + i * outputs);
    }
  });
  return z;
}

std::vector<float> LinearModel::predict(const SparseMatrix& x) const {
  std::vector<float> z = margins(x);
  if (has_probabilities())
    for (int64_t i = 0; i < x.rows(); ++i) answer(z.data() + i * outputs, *this);
  return z;
}

LinearModel fit_classes(const SparseMatrix& x, std::span<const int32_t> y, int64_t classes, const LinearOptions& o) {
  const std::string loss = resolved_loss(o, {"softmax", "logistic", "svm"});
  check(int64_t(y.size()) == x.rows(), y.size(), " labels of ", x.rows(), " texts");
  check(classes >= 2, "one class only in ", y.size(), " texts: there is nothing to tell apart");
  std::vector<int64_t> counts(static_cast<size_t>(classes));
  for (const int32_t k : y) {
    check(k >= 0 && k < classes, "class ", k, " of ", classes);
    ++counts[size_t(k)];
  }
  for (int64_t k = 0; k < classes; ++k) check(counts[size_t(k)] > 0, "class ", k, " of ", classes, " has no text");
  const std::vector<double> costs = costs_of(counts, x.rows(), o);
  if (loss == "softmax") return fit_all_classes(x, y, costs, o);
  const LiblinearSettings settings = settings_of(o, loss);
  if (classes == 2) return fit_two_classes(x, y, costs, settings);
  const Liblinear problem(x);
  LinearModel model = empty_model(Outcome::classes, loss, x.columns, classes);
  set_columns(model, classes, [&](int64_t k) {
    std::vector<double> signs(y.size());
    for (size_t i = 0; i < y.size(); ++i) signs[i] = y[i] == k ? 1 : -1;
    return problem.fit(signs, costs[size_t(k)], 1, settings);  // the rest counts 1, as LIBLINEAR has it
  });
  return model;
}

LinearModel fit_labels(const SparseMatrix& x, std::span<const std::vector<int32_t>> y, int64_t labels,
                       const LinearOptions& o) {
  const LiblinearSettings settings = settings_of(o, resolved_loss(o, {"logistic", "svm"}));
  check(int64_t(y.size()) == x.rows(), "labels of ", y.size(), " texts, where there are ", x.rows());
  check(labels >= 1, "no label in ", y.size(), " texts: there is nothing to learn");
  std::vector<std::vector<int32_t>> rows_of(static_cast<size_t>(labels));
  for (size_t i = 0; i < y.size(); ++i) {
    for (const int32_t k : y[i]) {
      check(k >= 0 && k < labels, "label ", k, " of ", labels);
      if (auto& rows = rows_of[size_t(k)]; rows.empty() || rows.back() != int32_t(i)) rows.push_back(int32_t(i));
    }
  }
  for (size_t k = 0; k < rows_of.size(); ++k)
    check(!rows_of[k].empty() && rows_of[k].size() < y.size(), "label ", k, " is on ", rows_of[k].size(), " of ",
          y.size(), " texts: there is nothing to tell apart");
  const Liblinear problem(x);
  LinearModel model = empty_model(Outcome::labels, settings.loss, x.columns, labels);
  set_columns(model, labels, [&](int64_t k) {
    const auto& rows = rows_of[size_t(k)];
    std::vector<double> signs(y.size(), -1);
    for (const int32_t i : rows) signs[size_t(i)] = 1;
    const auto costs = costs_of({int64_t(y.size() - rows.size()), int64_t(rows.size())}, x.rows(), o);
    return problem.fit(signs, costs[1], costs[0], settings);
  });
  return model;
}

LinearModel fit_scores(const SparseMatrix& x, std::span<const double> y, const LinearOptions& o) {
  const LiblinearSettings settings = settings_of(o, resolved_loss(o, {"svr"}));
  check(int64_t(y.size()) == x.rows() && !y.empty(), y.size(), " scores of ", x.rows(), " texts");
  for (const double v : y) check(std::isfinite(v), "score ", v, " is no finite number");
  const Liblinear problem(x);
  LinearModel model = empty_model(Outcome::score, settings.loss, x.columns, 1);
  set_columns(model, 1, [&](int64_t) { return problem.fit(y, 1, 1, settings); });
  return model;
}

}  // namespace stemma
