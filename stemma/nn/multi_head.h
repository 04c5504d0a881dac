// Multi-head attention and the cache of keys and values that its steps share.
#pragma once
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

// How sequences continue: where their new rows are written in a cache of `rows` rows, and which rows each of them sees,
// the new ones included. The same for all layers.
struct Continuation {
  std::vector<int64_t> at;
  int64_t rows = 0;
  RowRuns seen;
  // Makes room for the rows of x.
  Continuation(Pages& pages, const Tensor& x) : at(pages.append(x)), rows(pages.rows()), seen(pages.runs()) {}
};

// Keys and values of one layer.
struct KeyValues {
  Tensor K, V;
  // In place, unless recording or when a copied state looks at the same memory.
  void write(const Tensor& k, const Tensor& v, const Continuation& where);
};

// Vaswani et al. 2017, section 3.2.2:  MultiHead(Q, K, V) = Concat(head_1 .. head_h) W^O
struct MultiHead {
  Linear Q, K, V, O;
  FIELDS(Q, K, V, O)
  Attention how;

  MultiHead() = default;
  MultiHead(int64_t width, int64_t memory_width, const Attention& how)
      : Q(width, width), K(memory_width, width), V(memory_width, width), O(width, width), how(how) {}

  KeyValues remember(const Tensor& memory) const {
    const Type type = multiplied_type();
    return {K(memory, Activation::none, type), V(memory, Activation::none, type)};
  }

  // Whole sequences: those of x look at those of kv, one to one.
  Tensor operator()(const Tensor& x, const KeyValues& kv) const {
    return O(attention(Q(x, Activation::none, kv.K.type()), kv.K, kv.V, how));
  }
  // Continuing: each sequence of x looks at the rows that it is told.
  Tensor operator()(const Tensor& x, const KeyValues& kv, const RowRuns& seen) const {
    const Tensor keys = cast(kv.K, Type::f32), values = cast(kv.V, Type::f32);
    if (!recording()) return O(attention_rows(Q(x), keys, values, seen, how));
    const auto [rows, splits] = seen.flat();
    return O(attention(Q(x), gather(keys, rows, splits), gather(values, rows, splits), how));
  }
};

}  // namespace stemma
