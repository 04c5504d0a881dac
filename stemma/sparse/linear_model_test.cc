#include "stemma/sparse/linear_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/base/testing.h"
#include "stemma/sparse/golden_test.h"
#include "stemma/sparse/softmax_regression.h"
#include "stemma/sparse/text_model.h"

namespace stemma {
namespace {

using testing::HasSubstr;
using Strings = std::vector<std::string>;

Strings names(int64_t n) {
  Strings out;
  for (int64_t k = 0; k < n; ++k) out.push_back(str("topic ", k));
  return out;
}

TextModel model_of(const Json& golden) {
  const auto texts = as<Strings>(golden["texts"]);
  const TextModelOptions options{.features = {}, .linear = from_json<LinearOptions>(golden["options"])};
  if (options.linear.loss == "svr")
    return TextModel::fit_scores({texts}, as<std::vector<double>>(golden["y"]), options);
  return TextModel::fit_classes({texts}, as<std::vector<int32_t>>(golden["y"]), names(golden["topics"].integer()),
                                options);
}

std::vector<double> row(const Json& rows, size_t i) {
  const Json& at = rows.array()[i];
  return at.is_number() ? std::vector<double>{at.number()} : as<std::vector<double>>(at);
}

// scikit-learn keeps one row of weights for two classes: of softmax the difference of ours.
double weight_of(const LinearModel& m, size_t feature, size_t k, bool one_row) {
  const float* w = m.weights.get() + feature * size_t(m.outputs);
  if (!one_row || m.outputs == 1) return double(w[k]);
  return m.loss == "softmax" ? double(w[1]) - double(w[0]) : double(w[1]);
}
double bias_of(const LinearModel& m, size_t k, bool one_row) {
  if (!one_row || m.outputs == 1) return double(m.bias[k]);
  return m.loss == "softmax" ? double(m.bias[1]) - double(m.bias[0]) : double(m.bias[1]);
}

TEST(LinearModel, HasScikitLearnsOptimum) {
  for (const Json& golden : sparse_golden()["models"].array()) {
    const TextModel model = model_of(golden);
    const std::string& what = golden["name"].text();
    const auto terms = as<Strings>(golden["terms"]);
    ASSERT_EQ(model.vectorizer().features(), int64_t(terms.size())) << what;
    const size_t rows = golden["weights"].array().size();
    const bool one_row = rows == 1;
    for (size_t k = 0; k < rows; ++k) {
      const auto weights = row(golden["weights"], k);
      EXPECT_NEAR(bias_of(model.linear(), k, one_row), row(golden["bias"], k)[0], 1e-3) << what;
      for (size_t j = 0; j < terms.size(); ++j) {
        const auto& table = model.vectorizer().blocks()[0].terms;
        const auto ours = weight_of(model.linear(), size_t(table.find(terms[j])), k, one_row);
        EXPECT_NEAR(ours, weights[j], 1e-3) << what << " class " << k << " " << terms[j];
      }
    }
  }
}

TEST(LinearModel, HasScikitLearnsAnswers) {
  for (const Json& golden : sparse_golden()["models"].array()) {
    const TextModel model = model_of(golden);
    const auto answers = model.predict({as<Strings>(golden["texts"])});
    for (size_t i = 0; i < golden["answers"].array().size(); ++i) {
      const auto theirs = row(golden["answers"], i);
      for (size_t k = 0; k < theirs.size(); ++k)
        EXPECT_NEAR(double(answers.row(int64_t(i))[k]), theirs[k], 1e-3) << golden["name"].text() << " text " << i;
    }
  }
}

TEST(LinearModel, IsTheSameForAnyNumberOfThreadsAndEveryTime) {
  for (const Json& golden : sparse_golden()["models"].array()) {
    set_threads(1);
    const TextModel one = model_of(golden);
    for (const int n : {2, 3}) {
      set_threads(n);
      const TextModel more = model_of(golden);
      const int64_t size = one.linear().features * one.linear().outputs;
      for (int64_t i = 0; i < size; ++i) ASSERT_EQ(more.linear().weights[size_t(i)], one.linear().weights[size_t(i)]);
      EXPECT_EQ(more.linear().bias, one.linear().bias);
    }
  }
  set_threads(0);
}

SparseMatrix three_rows() {
  SparseMatrix x{.columns = 2};
  x.add(0, 1), x.end_row(), x.add(1, 1), x.end_row(), x.add(0, 1), x.add(1, 1), x.end_row();
  return x;
}

// The gradient of what fit_softmax minimises, by differences, is nothing at its optimum.
TEST(SoftmaxRegression, StopsWhereTheGradientIsNothing) {
  const SparseMatrix x = three_rows();
  const std::vector<int32_t> y{0, 1, 2};
  const std::vector<double> costs{1, 2, 0.5};
  auto fit = fit_softmax(x, y, costs, {.classes = 3, .C = 2, .tolerance = 1e-10});
  const auto objective = [&] {
    double sum = 0;
    for (const double w : fit.W) sum += w * w / 2;
    for (int64_t i = 0; i < 3; ++i) {
      std::vector<double> z = fit.b;
      const auto row = x.row(i);
      for (size_t e = 0; e < row.indices.size(); ++e)
        for (size_t k = 0; k < 3; ++k) z[k] += double(row.values[e]) * fit.W[size_t(row.indices[e]) * 3 + k];
      sum +=
          2 * costs[size_t(i)] * (std::log(std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2])) - z[size_t(y[size_t(i)])]);
    }
    return sum;
  };
  for (auto* parameters : {&fit.W, &fit.b}) {
    for (double& p : *parameters) {
      const double at = p;
      p = at + 1e-5;
      const double above = objective();
      p = at - 1e-5;
      EXPECT_NEAR((above - objective()) / 2e-5, 0, 1e-7);
      p = at;
    }
  }
}

TEST(LinearModel, LearnsManyLabels) {
  const Strings texts{"cat dog", "cat", "dog", "bird", "cat bird", "none at all"};
  const std::vector<std::vector<int32_t>> y{{0, 1}, {0}, {1, 1}, {2}, {0, 2}, {}};
  for (const char* loss : {"auto", "svm"}) {
    const auto model =
        TextModel::fit_labels({texts}, y, {"cat", "dog", "bird"}, {.features = {}, .linear = {.loss = loss, .C = 100}});
    EXPECT_EQ(model.has_probabilities(), model.linear().loss == "logistic");
    const float border = model.has_probabilities() ? 0.5F : 0;
    const auto answers = model.predict({texts});
    for (size_t i = 0; i < texts.size(); ++i)
      for (int32_t k = 0; k < 3; ++k)
        EXPECT_EQ(answers.row(int64_t(i))[size_t(k)] > border, std::count(y[i].begin(), y[i].end(), k) > 0)
            << texts[i] << k;
  }
}

TEST(LinearModel, SaysWhatIsWrong) {
  const SparseMatrix x = three_rows();
  const auto error = [&](const std::vector<int32_t>& y, int64_t classes, const LinearOptions& o = {}) {
    return error_of([&] { fit_classes(x, y, classes, o); });
  };
  EXPECT_THAT(error({0, 0, 0}, 1), HasSubstr("one class only in 3 texts"));
  EXPECT_THAT(error({0, 0, 0}, 2), HasSubstr("class 1 of 2 has no text"));
  EXPECT_THAT(error({0, 1, 5}, 2), HasSubstr("class 5 of 2"));
  EXPECT_THAT(error({0, 1}, 2), HasSubstr("2 labels of 3 texts"));
  EXPECT_THAT(error({0, 1, 0}, 2, {.loss = "softmx"}), HasSubstr("did you mean 'softmax'"));
  EXPECT_THAT(error({0, 1, 0}, 2, {.loss = "svm", .solver = "duel"}), HasSubstr("did you mean 'dual'"));
  EXPECT_THAT(error({0, 1, 0}, 2, {.class_weights = "balance"}), HasSubstr("did you mean 'balanced'"));
  EXPECT_THAT(error({0, 1, 0}, 2, {.C = 0}), HasSubstr("must be above 0"));
  EXPECT_THAT(error_of([&] { fit_scores(x, std::vector<double>{1, NAN, 2}, {}); }), HasSubstr("no finite number"));
  const std::vector<std::vector<int32_t>> all{{0}, {0}, {0}};
  EXPECT_THAT(error_of([&] { fit_labels(x, all, 1, {}); }), HasSubstr("label 0 is on 3 of 3 texts"));
}

}  // namespace
}  // namespace stemma
