// For tests only: systems so small that every hypothesis can be listed.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "stemma/decode/decode.h"

namespace stemma {

using Tokens = std::vector<int32_t>;

constexpr int32_t bos = 1, eos = 2;

// log p(token | the two before it) at random, and where each token looks in the source.
struct Trigrams {
  int64_t V, places;
  std::vector<float> table, looks;
  explicit Trigrams(uint64_t seed, int64_t V = 4, double sharpness = 1.5, int64_t places = 3)
      : V(V), places(places), table(size_t(V * V * V)), looks(size_t(V * places)) {
    Random rng{seed};
    for (int64_t i = 0; i < V * V; ++i) {
      double total = 0;
      float* row = table.data() + i * V;
      for (int64_t v = 0; v < V; ++v) total += std::exp(row[v] = float(sharpness) * rng.normal());
      for (int64_t v = 0; v < V; ++v) row[v] -= float(std::log(total));
    }
    for (float& x : looks) x = 0.5f * rng.uniform();
  }
  const float* log_p(int32_t before, int32_t last) const { return table.data() + (before * V + last) * V; }
  double log_p(const Tokens& tokens) const {  // </s> included
    double sum = 0;
    int32_t before = 0, last = bos;
    for (const int32_t t : tokens) sum += log_p(before, last)[t], before = last, last = t;
    return sum + log_p(before, last)[eos];
  }
};

// One model for each sentence.
inline System system_of(const std::vector<Trigrams>& models) {
  struct Past {
    size_t model;
    int32_t before, last;
  };
  std::vector<Past> past;
  for (size_t i = 0; i < models.size(); ++i) past.push_back({i, 0, 0});
  return [models, past](const Advance& next) mutable {
    std::vector<Past> moved;
    for (size_t i = 0; i < next.tokens.size(); ++i) {
      const auto& p = past[size_t(next.parents[i])];
      moved.push_back({p.model, p.last, next.tokens[i]});
    }
    past = moved;
    const int64_t V = models[0].V, places = models[0].places, n = int64_t(past.size());
    Advanced out{Tensor(n, V), next.want_attention ? Tensor(n, places) : Tensor()};
    for (int64_t i = 0; i < n; ++i) {
      const auto& [m, before, last] = past[size_t(i)];
      std::copy_n(models[m].log_p(before, last), V, out.logits.data() + i * V);
      if (next.want_attention)
        std::copy_n(models[m].looks.data() + last * places, places, out.attention.data() + i * places);
    }
    return out;
  };
}

inline DecodeRequest request(size_t sentences = 1, int64_t length = 3) {
  return {.source_lengths = std::vector<int64_t>(sentences, length), .bos = bos, .eos = eos};
}
inline std::vector<Hypothesis> decode_one(const Trigrams& model, const DecodeOptions& o,
                                          const DecodeRequest& r = request()) {
  return decode(system_of({model}), r, o)[0];
}
inline std::vector<Tokens> tokens_of(const std::vector<Hypothesis>& list) {
  std::vector<Tokens> out;
  for (const auto& h : list) out.push_back(h.tokens);
  return out;
}

}  // namespace stemma
