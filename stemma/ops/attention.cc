// Attention, Vaswani et al. 2017, eq. 1, for each sequence and head:
//
//   S = Q K^T scale;  P = softmax(S);  Y = (P M) V            M: the dropout mask over 1 - p, or ones
//   dV = (P M)^T dY;  dP = M dY V^T;  dS = P (dP - sum(dY Y)) scale;  dQ = dS K;  dK = dS^T Q
//
// Forward keeps the logarithm of the sum of exponentials of each row of S; backward computes P again from it.
#include <algorithm>
#include <cmath>
#include <vector>

#include "stemma/ops/attention.h"
#include "stemma/ops/definitions.h"

namespace stemma {

AttentionSetup prepare_attention(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  const int64_t heads = how.heads;
  check(heads > 0 && Q.cols() == K.cols() && K.rows() == V.rows() && Q.cols() % heads == 0 && V.cols() % heads == 0,
        "attention with ", heads, " heads of Q ", Q, ", K ", K, ", V ", V);
  check(Q.type() == K.type() && Q.type() == V.type() && Q.type() != Type::i32, "attention of Q ", Q, ", K ", K, ", V ",
        V, ": all three must be f32, or all bf16");
  check(how.dropout >= 0 && how.dropout < 1, "attention: dropout ", how.dropout);
  const int64_t d = Q.cols() / heads;
  return {heads, d, V.cols() / heads, how.scale != 0 ? how.scale : 1 / std::sqrt(float(std::max<int64_t>(d, 1))),
          how.causal};
}

namespace {

// The dropout mask over 1 - p of a query row, head and key.
float mask(const AttentionSetup& s, int64_t row, int64_t head, int64_t j) {
  if (s.dropout == 0) return 1;
  const auto block = philox(s.key, s.counter(row, head) + uint64_t(j) / 4);
  return unit_float(block[size_t(j % 4)]) < s.dropout ? 0 : 1 / (1 - s.dropout);
}

// Prepares whole sequences, and draws where the dropout mask begins.
AttentionSetup prepare_sequences(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  AttentionSetup s = prepare_attention(Q, K, V, how);
  check(Q.sequences() == K.sequences(), "attention: ", Q.sequences(), " query and ", K.sequences(),
        " key sequences in Q ", Q, ", K ", K);
  for (int64_t b = 0; b < K.sequences(); ++b) s.longest = std::max(s.longest, K.end(b) - K.begin(b));
  if (auto* rng = training(); rng && how.dropout > 0) {
    s.dropout = how.dropout, s.key = rng->key;
    s.first = rng->take(uint64_t(Q.rows() * s.heads) * s.counters());
  }
  return s;
}

// One sequence and head, whose first query is row q0. P goes to A too.
Tensor head_definition(const Tensor& Q, const Tensor& K, const Tensor& V, const AttentionSetup& s, int64_t q0,
                       int64_t head, const Tensor& A) {
  const int64_t n = Q.rows(), m = K.rows();
  const Tensor hidden = Tensor::full(n, m, -1e30f), M = Tensor::zeros(n, m), seen = Tensor::zeros(n, m);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < s.visible(i, n, m); ++j)
      hidden.data()[i * m + j] = 0, M.data()[i * m + j] = mask(s, q0 + i, head, j), seen.data()[i * m + j] = 1;
  const Tensor P = softmax_definition(s.scale * matmul(Q, K, {.b = true}) + hidden) * seen;
  for (int64_t i = 0; i < n; ++i) std::copy_n(P.data() + i * m, m, A.data() + ((q0 + i) * s.heads + head) * s.longest);
  return matmul(P * M, V);
}

// Of products with `inner` columns each, over all pairs of a query and a key that it sees.
double flops_of(const AttentionSetup& s, const Tensor& Q, const Tensor& K, int64_t inner) {
  int64_t pairs = 0;
  for (int64_t b = 0; b < Q.sequences(); ++b)
    for (int64_t i = 0, n = Q.end(b) - Q.begin(b); i < n; ++i) pairs += s.visible(i, n, K.end(b) - K.begin(b));
  return 2 * double(pairs) * double(s.heads * inner);
}

}  // namespace

Cost cost_of(const AttentionForward& a) {  // S, Y
  return {.flops = flops_of(a.setup, a.Q, a.K, a.setup.d + a.setup.dv),
          .bytes = double(a.Q.bytes() + a.K.bytes() + a.V.bytes() + a.Y.bytes())};
}
Cost cost_of(const AttentionBackward& a) {  // S, dV, dP, dQ, dK
  return {.flops = flops_of(a.setup, a.Q, a.K, 3 * a.setup.d + 2 * a.setup.dv),
          .bytes = double(2 * (a.Q.bytes() + a.K.bytes() + a.V.bytes() + a.Y.bytes()))};
}

Tensor attention_definition(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  if (Q.type() == Type::bf16) {
    const auto wide = [](const Tensor& x) { return cast(x, Type::f32); };
    return cast(attention_definition(wide(Q), wide(K), wide(V), how), Q.type());
  }
  const AttentionSetup s = prepare_sequences(Q, K, V, how);
  const Tensor A = Tensor::zeros(Q.rows() * s.heads, s.longest);
  std::vector<Tensor> y{Tensor(0, V.cols())};
  for (int64_t b = 0; b < Q.sequences(); ++b) {
    const int64_t n = Q.end(b) - Q.begin(b), m = K.end(b) - K.begin(b);
    const Tensor q = rows(Q, Q.begin(b), n), k = rows(K, K.begin(b), m), v = rows(V, K.begin(b), m);
    std::vector<Tensor> heads;
    for (int64_t h = 0; h < s.heads; ++h)
      heads.push_back(m == 0 ? Tensor::zeros(n, s.dv)
                             : head_definition(cols(q, h * s.d, s.d), cols(k, h * s.d, s.d), cols(v, h * s.dv, s.dv), s,
                                               Q.begin(b), h, A));
    y.push_back(hstack(heads));
  }
  observe("attention", A);
  return vstack(y).with_splits(Q.splits());
}

Tensor attention(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  if (observing()) return attention_definition(Q, K, V, how);  // for those who want to see P
  const AttentionSetup s = prepare_sequences(Q, K, V, how);
  Tensor Y(Q.rows(), V.cols(), Q.type(), Q.splits());
  const bool keep = any_tracked({Q, K, V});
  const Tensor L = keep ? Tensor(Q.rows(), s.heads) : Tensor();
  attention_forward(AttentionForward{Q, K, V, Y, L, s});
  return record(Y, {Q, K, V}, [q = Q.detach(), k = K.detach(), v = V.detach(), Y, L, s](const Tensor& dY) {
    const Tensor dQ = Tensor::like(q), dK = Tensor::like(k), dV = Tensor::like(v);
    attention_backward(AttentionBackward{dY, q, k, v, Y, L, dQ, dK, dV, s});
    return Grads{dQ, dK, dV};
  });
}

}  // namespace stemma
