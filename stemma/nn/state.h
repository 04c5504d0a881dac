// What a stateful module remembers, and how beams move it. A State lists per-hypothesis members in FIELDS; `reorder`
// walks them, so that every model's state follows its hypotheses: parents[i] says whose state row i continues.
#pragma once
#include "stemma/nn/module.h"

namespace stemma {

inline void reorder(Tensor& t, const std::vector<int64_t>& parents) {
  if (t) t = gather(t, parents);
}
inline void reorder(RowLists& lists, const std::vector<int64_t>& parents) {
  if (lists.empty()) return;
  RowLists moved;
  moved.reserve(parents.size());
  for (const int64_t p : parents) moved.push_back(lists[size_t(p)]);
  lists = std::move(moved);
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

// Lists of consecutive rows, one for each sequence of `splits`.
RowLists row_lists(const Tensor& x);
// Are the lists those of row_lists(x), not moved by any reorder?
bool one_to_one(const RowLists& lists, const Tensor& x);
// All lists, one after the other, and the splits that group them.
std::pair<std::vector<int64_t>, Splits> flatten(const RowLists& lists);

}  // namespace stemma
