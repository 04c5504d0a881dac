// Multi-head attention and the cache of keys and values that its steps share.
#pragma once
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

// Keys and values of one layer. Rows are only ever added, so all hypotheses and layers share one set of row lists.
struct KeyValues {
  Tensor K, V;
  int64_t used = 0;
  // Adds rows at the end. Recorded as a concatenation while recording; in place (growing by doubling) otherwise.
  void append(const Tensor& k, const Tensor& v);
};

// Vaswani et al. 2017, section 3.2.2:  MultiHead(Q, K, V) = Concat(head_1 .. head_h) W^O
struct MultiHead {
  Linear Q, K, V, O;
  FIELDS(Q, K, V, O)
  Attention how;

  MultiHead() = default;
  MultiHead(int64_t width, int64_t memory_width, const Attention& how)
      : Q(width, width), K(memory_width, width), V(memory_width, width), O(width, width), how(how) {}

  KeyValues remember(const Tensor& memory) const { return {K(memory), V(memory), memory.rows()}; }

  // Whole sequences: those of x look at those of kv, one to one.
  Tensor operator()(const Tensor& x, const KeyValues& kv) const { return O(attention(Q(x), kv.K, kv.V, how)); }
  // Continuing: sequence i of x looks at the listed rows.
  Tensor operator()(const Tensor& x, const KeyValues& kv, const RowLists& rows) const {
    if (!recording()) return O(attention_rows(Q(x), kv.K, kv.V, rows, how));
    const auto [all, splits] = flatten(rows);
    return O(attention(Q(x), gather(kv.K, all, splits), gather(kv.V, all, splits), how));
  }
};

}  // namespace stemma
