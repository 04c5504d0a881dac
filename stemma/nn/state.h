// What a stateful module remembers, and how beams move it. A State lists per-hypothesis members in FIELDS; `reorder`
// walks them, so that every model's state follows its hypotheses: parents[i] says whose state row i continues.
#pragma once
#include "stemma/nn/pages.h"

namespace stemma {

inline void reorder(Tensor& t, const std::vector<int64_t>& parents) {
  if (t) t = gather(t, parents);
}
inline void reorder(std::vector<int64_t>& of_each, const std::vector<int64_t>& parents) {
  std::vector<int64_t> moved;
  for (const int64_t p : parents) moved.push_back(of_each.at(size_t(p)));
  of_each = std::move(moved);
}
template <HasFields S>
void reorder(S& state, const std::vector<int64_t>& parents);
template <class S>
void reorder(std::vector<S>& states, const std::vector<int64_t>& parents) {
  for (auto& s : states) reorder(s, parents);
}
template <HasFields S>
void reorder(S& state, const std::vector<int64_t>& parents) {
  each_field(state, [&](std::string_view, auto& member) { reorder(member, parents); });
}

// Hypotheses that look at sequences of one shared tensor, its source.
std::vector<int64_t> one_to_one(const Tensor& x);                             // 0, 1, ... for each sequence
bool is_one_to_one(const std::vector<int64_t>& which, const Tensor& x);       // not moved by any reorder
RowRuns runs_of(const Tensor& x, const std::vector<int64_t>& which);          // the rows of those sequences
Tensor gather_sequences(const Tensor& x, const std::vector<int64_t>& which);  // x itself when one to one

}  // namespace stemma
