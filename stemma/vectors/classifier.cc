#include "stemma/vectors/classifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/text/segment.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

double fasttext_log(double p) { return std::log(p + 1e-5); }

// fastText's table of 512 values over [-8, 8].
double table_sigmoid(double x) {
  if (x < -8) return 0;
  if (x > 8) return 1;
  const double cell = std::floor((x + 8) * 32);
  return 1 / (1 + std::exp(8 - cell / 32));
}

std::vector<float> mean_of(const VectorModel& model, const std::vector<int32_t>& rows) {
  std::vector<float> out(size_t(model.dimension()), 0.0f);
  for (const int32_t row : rows) model.input.add_row(row, 1, out.data());
  for (auto& v : out) v *= rows.empty() ? 0 : 1 / float(rows.size());
  return out;
}

}  // namespace

std::vector<int32_t> rows_of_text(const VectorModel& model, std::string_view text) {
  Segmenter spaces("spaces");
  auto tokens = spaces.split(text);
  tokens.push_back(sentence_end);
  std::vector<int32_t> rows, hashes;
  for (const auto token : tokens) {
    const int32_t id = model.lexicon.find(token);
    if (id >= model.lexicon.words() || (id < 0 && token.starts_with(label_prefix))) continue;
    const auto own = model.rows_of(token);
    rows.insert(rows.end(), own.begin(), own.end());
    hashes.push_back(int32_t(word_hash(token)));
  }
  each_word_ngram(hashes, model.options.word_ngrams, model.options.buckets, [&](int32_t bucket) {
    if (const int32_t row = model.bucket_row(bucket); row >= 0) rows.push_back(row);
  });
  return rows;
}

std::vector<float> text_vector(const VectorModel& model, std::string_view text) {
  if (model.options.model == "supervised") return mean_of(model, rows_of_text(model, text));
  Segmenter spaces("spaces");
  std::vector<float> sum(size_t(model.dimension()), 0.0f);
  int64_t count = 0;
  for (const auto word : spaces.split(text)) {
    const auto v = model.word_vector(word);
    double square = 0;
    for (const float x : v) square += double(x) * x;
    if (square == 0) continue;
    for (size_t i = 0; i < v.size(); ++i) sum[i] += float(v[i] / std::sqrt(square));
    ++count;
  }
  for (auto& x : sum) x *= count > 0 ? 1 / float(count) : 0;
  return sum;
}

Classifier::Classifier(VectorModel model) : model_(std::move(model)) {
  check(model_.options.model == "supervised" && model_.lexicon.labels() > 0 && model_.output.rows() > 0,
        "these vectors have no labels; a classifier is wanted");
  if (model_.options.loss == "tree") tree_ = HuffmanTree(model_.lexicon.label_counts());
}

Classifier Classifier::load(const std::string& path) { return Classifier(load_vectors(path)); }
void Classifier::save(const std::string& path) const { save_vectors(model_, path, VectorFormat::fasttext); }

std::vector<std::string> Classifier::labels() const {
  std::vector<std::string> out;
  for (int32_t i = model_.lexicon.words(); i < model_.lexicon.size(); ++i) {
    auto text = model_.lexicon.text(i);
    if (text.starts_with(label_prefix)) text.remove_prefix(label_prefix.size());
    out.emplace_back(text);
  }
  return out;
}

std::vector<Classifier::Scored> Classifier::score_all(const std::vector<float>& hidden, double threshold) const {
  std::vector<double> p;
  for (int64_t i = 0; i < model_.output.rows(); ++i) p.push_back(model_.output.dot(i, hidden.data()));
  if (model_.options.loss == "softmax") {
    const double most = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (auto& x : p) sum += x = std::exp(x - most);
    for (auto& x : p) x /= sum;
  } else {
    for (auto& x : p) x = table_sigmoid(x);
  }
  std::vector<Scored> out;
  for (size_t i = 0; i < p.size(); ++i)
    if (p[i] >= threshold) out.push_back({fasttext_log(p[i]), int32_t(i)});
  return out;
}

// All leaves that are probable enough; the tree is as deep as its longest code.
void Classifier::descend(int32_t node, double log_p, double least, const std::vector<float>& hidden,
                         std::vector<Scored>& out) const {
  if (log_p < least) return;
  if (node < tree_.leaves()) return out.push_back({log_p, node});
  const double right = 1 / (1 + std::exp(-double(model_.output.dot(node - tree_.leaves(), hidden.data()))));
  descend(tree_.children(node).left, log_p + fasttext_log(1 - right), least, hidden, out);
  descend(tree_.children(node).right, log_p + fasttext_log(right), least, hidden, out);
}

std::vector<Classifier::Scored> Classifier::score(const std::vector<int32_t>& rows, double threshold) const {
  const auto hidden = mean_of(model_, rows);
  if (model_.options.loss != "tree") return score_all(hidden, threshold);
  std::vector<Scored> out;
  descend(tree_.root(), 0, fasttext_log(threshold), hidden, out);
  return out;
}

std::vector<LabelGuess> Classifier::predict(std::string_view text, int64_t k, double threshold) const {
  check(k >= 1, "predict: k must be 1 or more, not ", k);
  const auto rows = rows_of_text(model_, text);
  if (rows.empty()) return {};
  auto scored = score(rows, threshold);
  const auto n = std::min(size_t(k), scored.size());
  std::partial_sort(scored.begin(), scored.begin() + int64_t(n), scored.end(), [](const Scored& a, const Scored& b) {
    return a.log_p != b.log_p ? a.log_p > b.log_p : a.label < b.label;
  });
  std::vector<LabelGuess> out;
  for (size_t i = 0; i < n; ++i)
    out.push_back(
        {std::string(model_.lexicon.text(model_.lexicon.words() + scored[i].label)), std::exp(scored[i].log_p)});
  return out;
}

std::vector<double> Classifier::probabilities(std::string_view text) const {
  std::vector<double> out(size_t(model_.lexicon.labels()));
  for (const Scored& s : score(rows_of_text(model_, text), 0)) out[size_t(s.label)] = std::exp(s.log_p);
  return out;
}

}  // namespace stemma
