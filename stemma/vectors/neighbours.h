// Which words are near: cosine neighbours of any query, exact unless a graph is made; analogies, the odd one out. Words
// may be unknown where the model builds vectors from n-grams.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stemma/vectors/neighbour_graph.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

class Neighbours {
 public:
  explicit Neighbours(const VectorModel& model);  // keeps a reference

  // From now on `nearest` and analogies by addition ask a graph, where that pays for so many questions.
  void expect(int64_t questions);
  static constexpr int64_t graph_words = 1'000'000, graph_questions = 2500;  // fewer are answered exactly
  void make_graph();
  bool has_graph() const { return graph_ != nullptr; }

  // The word's vector divided by its length. Error naming near spellings when nothing is known of it.
  std::vector<float> unit_vector(std::string_view word) const;
  bool knows(std::string_view word) const;
  // The k words of the greatest cosine, best first, ties by id; never one of `except`.
  std::vector<Neighbour> nearest(const std::vector<float>& query, int64_t k, const std::vector<int32_t>& except) const;
  std::vector<Neighbour> nearest(const std::string& word, int64_t k) const;
  float cosine(const std::string& a, const std::string& b) const;

  enum class Analogy { add, multiply };  // 3CosAdd (Mikolov et al. 2013 c); 3CosMul (Levy & Goldberg 2014)
  // a is to b as c is to ...: cos(x, b) - cos(x, a) + cos(x, c), or cos(x, b) cos(x, c) / (cos(x, a) + 0.001) with
  // cosines moved to [0, 1].
  std::vector<Neighbour> analogy(const std::vector<std::string>& abc, int64_t k, Analogy how) const;
  // Place of the word that is farthest from the mean of all.
  size_t odd_one_out(const std::vector<std::string>& words) const;

  const VectorModel& model() const { return model_; }
  // Unit vectors of all words, [words, dimension]; rows of zeros stay zeros.
  const VectorTable& units() const { return units_; }

 private:
  const VectorModel& model_;
  VectorTable units_;
  std::unique_ptr<const NeighbourGraph> graph_;
};

// The k greatest scores, best first, ties by place; `except` left out.
std::vector<Neighbour> best_of(const float* scores, int64_t n, int64_t k, const std::vector<int32_t>& except);

}  // namespace stemma
