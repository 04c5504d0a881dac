#include "stemma/sparse/text_model.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/check.h"

namespace stemma {

namespace {

// Adds |u - v| to `apart` and u * v to `shared`: one walk through two rows whose indices ascend.
void compare_rows(SparseMatrix::Row u, SparseMatrix::Row v, SparseMatrix& apart, SparseMatrix& shared) {
  for (size_t i = 0, j = 0; i < u.indices.size() || j < v.indices.size();) {
    const bool left = j == v.indices.size() || (i < u.indices.size() && u.indices[i] <= v.indices[j]);
    const bool right = i == u.indices.size() || (j < v.indices.size() && v.indices[j] <= u.indices[i]);
    const float a = left ? u.values[i] : 0, b = right ? v.values[j] : 0;
    const int32_t index = left ? u.indices[i] : v.indices[j];
    if (a != b) apart.add(index, std::abs(a - b));
    if (left && right) shared.add(index, a * b);
    i += left, j += right;
  }
  apart.end_row(), shared.end_row();
}

void add_row(SparseMatrix& to, SparseMatrix::Row row, int64_t offset) {
  for (size_t e = 0; e < row.indices.size(); ++e) to.add(int32_t(row.indices[e] + offset), row.values[e]);
}

void check_pairs(const TextInput& input) {
  check(!input.pairs() || input.others.size() == input.texts.size(), "pairs: ", input.texts.size(), " first texts, ",
        input.others.size(), " second");
}

// By name, before a solver speaks of numbers.
void check_classes(std::span<const int32_t> y, const std::vector<std::string>& labels) {
  check(labels.size() != 1, "one class only, '", labels[0], "', in ", y.size(),
        " texts: there is nothing to tell apart");
  for (size_t k = 0; k < labels.size(); ++k)
    check(std::find(y.begin(), y.end(), int32_t(k)) != y.end(), "class '", labels[k], "' has none of the ", y.size(),
          " texts to learn from; it takes more of them");
}
void check_labels(std::span<const std::vector<int32_t>> y, const std::vector<std::string>& labels) {
  for (size_t k = 0; k < labels.size(); ++k) {
    const auto on = std::count_if(
        y.begin(), y.end(), [&](const auto& of) { return std::find(of.begin(), of.end(), int32_t(k)) != of.end(); });
    check(on > 0 && size_t(on) < y.size(), "label '", labels[k], "' is on ", on, " of ", y.size(),
          " texts: there is nothing to tell apart");
  }
}

}  // namespace

SparseMatrix pair_features(const SparseMatrix& u, const SparseMatrix& v) {
  check(u.rows() == v.rows() && u.columns == v.columns, "pairs: ", u.rows(), " and ", v.rows(), " texts");
  const int64_t n = u.columns;
  check(n * 4 < INT32_MAX, "pairs of texts with ", n, " n-grams have too many features; set min_df or max_features");
  SparseMatrix apart, shared, out{.columns = n * 4};
  for (int64_t i = 0; i < u.rows(); ++i) {
    compare_rows(u.row(i), v.row(i), apart, shared);
    add_row(out, u.row(i), 0);
    add_row(out, v.row(i), n);
    add_row(out, apart.row(i), n * 2);
    add_row(out, shared.row(i), n * 3);
    out.end_row();
  }
  return out;
}

SparseMatrix TextModel::learn_features(const TextInput& input) {
  check_pairs(input);
  pairs_ = input.pairs();
  if (!pairs_) {
    auto fitted = Vectorizer::fit(input.texts, options_.features);
    vectorizer_ = std::move(fitted.vectorizer);
    return std::move(fitted.x);
  }
  std::vector<std::string> all(input.texts.begin(), input.texts.end());
  all.insert(all.end(), input.others.begin(), input.others.end());
  vectorizer_ = Vectorizer(all, options_.features);
  return features_of(input);
}

SparseMatrix TextModel::features_of(const TextInput& input) const {
  check_pairs(input);
  check(input.pairs() == pairs_ || input.texts.empty(), "the model was trained on ",
        pairs_ ? "pairs of texts, not texts" : "texts, not pairs of texts");
  SparseMatrix x = vectorizer_.transform(input.texts);
  return pairs_ ? pair_features(x, vectorizer_.transform(input.others)) : x;
}

TextModel TextModel::fit_classes(const TextInput& input, std::span<const int32_t> y, std::vector<std::string> labels,
                                 const TextModelOptions& options) {
  TextModel model;
  model.options_ = options;
  model.labels_ = std::move(labels);
  check_classes(y, model.labels_);
  const SparseMatrix x = model.learn_features(input);
  model.linear_ = stemma::fit_classes(x, y, int64_t(model.labels_.size()), options.linear);
  return model;
}

TextModel TextModel::fit_labels(const TextInput& input, std::span<const std::vector<int32_t>> y,
                                std::vector<std::string> labels, const TextModelOptions& options) {
  TextModel model;
  model.options_ = options;
  model.labels_ = std::move(labels);
  check_labels(y, model.labels_);
  const SparseMatrix x = model.learn_features(input);
  model.linear_ = stemma::fit_labels(x, y, int64_t(model.labels_.size()), options.linear);
  return model;
}

TextModel TextModel::fit_scores(const TextInput& input, std::span<const double> y, const TextModelOptions& options) {
  TextModel model;
  model.options_ = options;
  const SparseMatrix x = model.learn_features(input);
  model.linear_ = stemma::fit_scores(x, y, options.linear);
  return model;
}

Predictions TextModel::predict(const TextInput& input) const {
  return {linear_.outputs, linear_.predict(features_of(input))};
}

Reason TextModel::reason(int64_t feature, int64_t output, float value) const {
  static const char* const parts[] = {"first", "second", "differs", "shared"};
  const int64_t terms = vectorizer_.features();
  return {.term = std::string(vectorizer_.term(feature % terms)),
          .part = pairs_ ? parts[feature / terms] : "",
          .value = value,
          .weight = linear_.weights[size_t(feature * linear_.outputs + output)]};
}

std::vector<Reason> TextModel::explain(const TextInput& one, int64_t output, int64_t most) const {
  check(output >= 0 && output < linear_.outputs, "output ", output, " of ", linear_.outputs);
  check(one.texts.size() == 1, "explain: one text at a time, not ", one.texts.size());
  const SparseMatrix x = features_of(one);
  std::vector<Reason> reasons;
  for (size_t e = 0; e < x.indices.size(); ++e) reasons.push_back(reason(x.indices[e], output, x.values[e]));
  std::stable_sort(reasons.begin(), reasons.end(), [](const Reason& a, const Reason& b) {
    return std::abs(a.value * a.weight) > std::abs(b.value * b.weight);
  });
  if (int64_t(reasons.size()) > most) reasons.resize(size_t(std::max<int64_t>(most, 0)));
  return reasons;
}

std::vector<Reason> TextModel::heaviest(int64_t output, int64_t most) const {
  check(output >= 0 && output < linear_.outputs, "output ", output, " of ", linear_.outputs);
  const auto weight = [&](int32_t feature) {
    return linear_.weights[size_t(int64_t(feature) * linear_.outputs + output)];
  };
  std::vector<int32_t> order(size_t(linear_.features));
  for (size_t j = 0; j < order.size(); ++j) order[j] = int32_t(j);
  const auto n = size_t(std::clamp<int64_t>(most, 0, linear_.features));
  std::partial_sort(order.begin(), order.begin() + int64_t(n), order.end(),
                    [&](int32_t a, int32_t b) { return weight(a) != weight(b) ? weight(a) > weight(b) : a < b; });
  std::vector<Reason> out;
  for (size_t i = 0; i < n; ++i) out.push_back(reason(order[i], output, 1));
  return out;
}

}  // namespace stemma
