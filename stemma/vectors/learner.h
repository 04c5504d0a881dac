// One thread's share of training CBOW or skip-gram: from the numbers of running text to steps of gradient descent.
// The model is shared and changed in place; nobody waits for anybody (Niu et al. 2011).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "stemma/vectors/hot_rows.h"
#include "stemma/vectors/huffman.h"
#include "stemma/vectors/noise.h"
#include "stemma/vectors/race.h"
#include "stemma/vectors/vector_model.h"

namespace stemma {

// What all threads share and none changes.
struct LearningPlan {
  explicit LearningPlan(const VectorModel& model);  // Error when the options or the lexicon do not allow training

  VectorOptions options;
  RowTable input, output;
  HuffmanTree tree;
  Noise noise;
  std::vector<uint32_t> keep;  // a word stays when 32 random bits are below (Mikolov et al. 2013 b, eq. 5)
  // With sub-words: input rows of word i, rows[begins[i], begins[i + 1]), its own first.
  std::vector<int32_t> rows;
  std::vector<int64_t> begins;
  // How much of the hidden vector's gradient comes back through word i's rows: 1 when all of them differ.
  std::vector<float> growth;

  std::span<const int32_t> rows_of(const int32_t& word) const {
    if (begins.empty()) return {&word, 1};
    return std::span(rows).subspan(size_t(begins[size_t(word)]),
                                   size_t(begins[size_t(word) + 1] - begins[size_t(word)]));
  }
  float growth_of(int32_t word) const { return growth.empty() ? 1 : growth[size_t(word)]; }

 private:
  void add_subwords(const VectorModel& model);
};

class Learner {
 public:
  explicit Learner(const LearningPlan& plan);
  // Sentences of word ids, each ended by -1; the rate falls from the first to the last. `seed` fixes all draws.
  // The loss is that of every 64th prediction, before it is learned from.
  ChunkResult learn(const std::vector<int32_t>& text, ChunkRates rates, uint64_t seed);

 private:
  void learn_sentence(float rate);
  void skip_gram(size_t at, size_t begin, size_t end, float rate);
  void skip_gram_of_subwords(size_t at, size_t begin, size_t end, float rate);
  void cbow(size_t at, size_t begin, size_t end, float rate);
  void meet(int32_t word);  // what predicting it means: one more group
  void note_loss(const float* hidden);
  void step(float rate, float growth);

  const LearningPlan& plan_;
  HotRows output_;          // near the root of the tree
  const int64_t interval_;  // windows between exchanges
  int64_t windows_ = 0;
  FastRandom random_;
  std::vector<int32_t> sentence_, rows_;
  std::vector<uint32_t> meetings_;
  std::vector<int32_t> ends_;
  std::vector<float> hidden_, gradient_;
  ChunkResult result_;
  int64_t predictions_ = 0;
};

}  // namespace stemma
