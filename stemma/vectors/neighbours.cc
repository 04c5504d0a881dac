#include "stemma/vectors/neighbours.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/ops/log_linear.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

void to_unit(float* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double(x[i]) * x[i];
  const auto scale = float(sum > 0 ? 1 / std::sqrt(sum) : 0);
  for (int64_t i = 0; i < n; ++i) x[i] *= scale;
}

}  // namespace

Neighbours::Neighbours(const VectorModel& model) : model_(model) {
  const auto vectors = word_vectors(model);
  units_ = VectorTable(vectors.rows(), vectors.width());
  parallel_for(vectors.rows(), 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::copy_n(vectors.row(i), vectors.width(), units_.row(i));
      to_unit(units_.row(i), units_.width());
    }
  });
}

void Neighbours::expect(int64_t questions) {
  if (units_.rows() > graph_words && questions >= graph_questions) make_graph();
}
void Neighbours::make_graph() {
  if (!graph_) graph_ = std::make_unique<const NeighbourGraph>(units_);
}

bool Neighbours::knows(std::string_view word) const { return model_.knows(word); }

std::vector<float> Neighbours::unit_vector(std::string_view word) const {
  if (!knows(word)) {
    std::vector<std::string> known;  // spellings are compared with the frequent words alone
    for (int32_t i = 0; i < std::min(model_.lexicon.words(), 50'000); ++i) known.emplace_back(model_.lexicon.text(i));
    const auto near = stemma::nearest(word, known);
    fail("the vectors do not know the word '", word, "'", near.empty() ? "" : str(" (did you mean '", near, "'?)"));
  }
  auto out = model_.word_vector(word);
  to_unit(out.data(), int64_t(out.size()));
  return out;
}

std::vector<Neighbour> best_of(const float* scores, int64_t n, int64_t k, const std::vector<int32_t>& except) {
  const auto better = [](const Neighbour& a, const Neighbour& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  };
  std::vector<Neighbour> heap;  // the worst in front
  for (int64_t i = 0; i < n; ++i) {
    const Neighbour now{int32_t(i), scores[i]};
    if (int64_t(heap.size()) == k && (k == 0 || !better(now, heap.front()))) continue;
    if (std::find(except.begin(), except.end(), now.id) != except.end()) continue;
    heap.push_back(now), std::push_heap(heap.begin(), heap.end(), better);
    if (int64_t(heap.size()) > k) std::pop_heap(heap.begin(), heap.end(), better), heap.pop_back();
  }
  std::sort_heap(heap.begin(), heap.end(), better);
  return heap;
}

std::vector<Neighbour> Neighbours::nearest(const std::vector<float>& query, int64_t k,
                                           const std::vector<int32_t>& except) const {
  if (graph_) {
    auto found = graph_->nearest(query.data(), std::min(units_.rows(), k + int64_t(except.size())));
    std::erase_if(found,
                  [&](const Neighbour& n) { return std::find(except.begin(), except.end(), n.id) != except.end(); });
    found.resize(std::min(found.size(), size_t(k)));
    return found;
  }
  std::vector<float> scores(size_t(units_.rows()));
  dot_rows(units_.view(), units_.rows(), query.data(), scores.data());
  return best_of(scores.data(), units_.rows(), k, except);
}
std::vector<Neighbour> Neighbours::nearest(const std::string& word, int64_t k) const {
  return nearest(unit_vector(word), k, {model_.lexicon.find(word)});
}

float Neighbours::cosine(const std::string& a, const std::string& b) const {
  const auto x = unit_vector(a), y = unit_vector(b);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += double(x[i]) * y[i];
  return float(sum);
}

std::vector<Neighbour> Neighbours::analogy(const std::vector<std::string>& abc, int64_t k, Analogy how) const {
  check(abc.size() == 3, "an analogy has three words: a is to b as c is to ...");
  std::vector<int32_t> except;
  std::vector<std::vector<float>> x;
  for (const auto& word : abc) except.push_back(model_.lexicon.find(word)), x.push_back(unit_vector(word));
  if (how == Analogy::add) {
    std::vector<float> query(x[0].size());
    for (size_t i = 0; i < query.size(); ++i) query[i] = x[1][i] - x[0][i] + x[2][i];
    return nearest(query, k, except);
  }
  const auto n = size_t(units_.rows());
  std::vector<float> cosines[3];
  for (size_t w = 0; w < 3; ++w) {
    cosines[w].resize(n);
    dot_rows(units_.view(), units_.rows(), x[w].data(), cosines[w].data());
    for (auto& c : cosines[w]) c = (1 + c) / 2;
  }
  for (size_t i = 0; i < n; ++i) cosines[1][i] *= cosines[2][i] / (cosines[0][i] + 0.001f);
  return best_of(cosines[1].data(), units_.rows(), k, except);
}

size_t Neighbours::odd_one_out(const std::vector<std::string>& words) const {
  check(words.size() >= 3, "the odd one out needs three words or more");
  std::vector<std::vector<float>> x;
  for (const auto& word : words) x.push_back(unit_vector(word));
  std::vector<double> mean(x[0].size());
  for (const auto& v : x)
    for (size_t i = 0; i < v.size(); ++i) mean[i] += v[i];
  std::vector<double> closeness;
  for (const auto& v : x) {
    double dot = 0;
    for (size_t i = 0; i < v.size(); ++i) dot += mean[i] * v[i];
    closeness.push_back(dot);
  }
  return size_t(std::min_element(closeness.begin(), closeness.end()) - closeness.begin());
}

}  // namespace stemma
