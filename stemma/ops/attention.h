// What the parts of attention share: attention.cc (definition, checks, tape), its kernels, and attention_rows.cc.
#pragma once
#include <algorithm>

#include "stemma/ops/ops.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

struct AttentionSetup {
  int64_t heads = 1, d = 0, dv = 0;
  float scale = 1;
  bool causal = false;
  float dropout = 0;
  uint64_t key = 0, first = 0;  // of the dropout mask: one random number for each query row, head and key
  int64_t longest = 0;          // key sequence

  // How many of m keys query i of n sees.
  int64_t visible(int64_t i, int64_t n, int64_t m) const {
    return causal ? std::clamp<int64_t>(i + 1 + m - n, 0, m) : m;
  }
  uint64_t counters() const { return uint64_t(longest + 3) / 4; }  // of Philox for a query row and head
  uint64_t counter(int64_t row, int64_t head) const { return first + uint64_t(row * heads + head) * counters(); }
};

struct AttentionForward {
  Tensor Q, K, V;
  Tensor Y;
  Tensor L;  // [N, heads]: the logarithm to base 2 of sum exp(S), -infinity without keys; empty: not wanted
  AttentionSetup setup;
  Device device() const { return Q.device(); }
};
struct AttentionBackward {
  Tensor dY, Q, K, V, Y, L;
  Tensor dQ, dK, dV;  // written
  AttentionSetup setup;
  Device device() const { return Q.device(); }
};
struct AttentionRows {
  Tensor Q, K, V;
  const RowRuns& keys;
  Tensor Y;
  AttentionSetup setup;
  Device device() const { return Q.device(); }
};
// Checks the shapes; what depends on the sequences is not filled in.
AttentionSetup prepare_attention(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how);

Cost cost_of(const AttentionForward& call);
Cost cost_of(const AttentionBackward& call);
extern const Kernel<void(const AttentionForward&)> attention_forward;
extern const Kernel<void(const AttentionBackward&)> attention_backward;

}  // namespace stemma
