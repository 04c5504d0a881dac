// Attention, Vaswani et al. 2017, eq. 1, for each sequence and head:
//
//   S = Q K^T scale;  P = softmax(S);  Y = (P M) V            M: the dropout mask over 1 - p, or ones
//   dV = (P M)^T dY;  dP = M dY V^T;  dS = P (dP - sum(dY Y)) scale;  dQ = dS K;  dK = dS^T Q
//
// Forward keeps the logarithm of the sum of exponentials of each row of S; backward computes P again from it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "stemma/base/parallel.h"
#include "stemma/ops/kernel.h"
#include "stemma/ops/ops.h"

namespace stemma {

namespace {

struct Setup {
  int64_t heads, d, dv;
  float scale;
  bool causal;
  float dropout = 0;
  uint64_t key = 0, first = 0;  // the dropout mask: one random number for each query row, head and key
  int64_t longest = 0;          // key sequence

  // How many of m keys query i of n sees.
  int64_t visible(int64_t i, int64_t n, int64_t m) const {
    return causal ? std::clamp<int64_t>(i + 1 + m - n, 0, m) : m;
  }
  uint64_t blocks() const { return uint64_t(longest + 3) / 4; }
  float mask(int64_t row, int64_t head, int64_t j) const {
    if (dropout == 0) return 1;
    const auto block = philox(key, first + uint64_t(row * heads + head) * blocks() + uint64_t(j) / 4);
    return unit_float(block[size_t(j % 4)]) < dropout ? 0 : 1 / (1 - dropout);
  }
};

float dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}
void add(float* y, float c, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += c * x[i];
}

// p = softmax(p); returns the logarithm of the sum of exponentials.
float normalize(std::vector<float>& p) {
  float top = -std::numeric_limits<float>::infinity(), sum = 0;
  for (const float s : p) top = std::max(top, s);
  for (float& s : p) sum += s = std::exp(s - top);
  for (float& s : p) s /= sum;
  return top + std::log(sum);
}

void forward_cpu(const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y, const Tensor& L, const Setup& s) {
  const int64_t ldq = Q.cols(), ldv = V.cols();
  parallel_for(Q.sequences() * s.heads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> p;
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t b = pair / s.heads, h = pair % s.heads, k0 = K.begin(b);
      const int64_t n = Q.end(b) - Q.begin(b), m = K.end(b) - k0;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = Q.begin(b) + i;
        float* y = Y.data() + row * ldv + h * s.dv;
        std::fill_n(y, s.dv, 0.0f);
        p.resize(size_t(s.visible(i, n, m)));
        for (size_t j = 0; j < p.size(); ++j)
          p[j] = s.scale * dot(Q.data() + row * ldq + h * s.d, K.data() + (k0 + int64_t(j)) * ldq + h * s.d, s.d);
        const float lse = normalize(p);
        if (L) L.data()[row * s.heads + h] = lse;
        for (size_t j = 0; j < p.size(); ++j)
          add(y, p[j] * s.mask(row, h, int64_t(j)), V.data() + (k0 + int64_t(j)) * ldv + h * s.dv, s.dv);
      }
    }
  });
}

struct Gradients {
  Tensor Q, K, V;
};
void backward_cpu(const Tensor& dY, const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y, const Tensor& L,
                  const Gradients& g, const Setup& s) {
  const int64_t ldq = Q.cols(), ldv = V.cols();
  for (const auto& t : {g.Q, g.K, g.V}) std::fill_n(t.data(), t.size(), 0.0f);
  parallel_for(Q.sequences() * s.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t b = pair / s.heads, h = pair % s.heads, k0 = K.begin(b);
      const int64_t n = Q.end(b) - Q.begin(b), m = K.end(b) - k0;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = Q.begin(b) + i, q = row * ldq + h * s.d, y = row * ldv + h * s.dv;
        const float mean = dot(dY.data() + y, Y.data() + y, s.dv), lse = L.data()[row * s.heads + h];
        for (int64_t j = 0; j < s.visible(i, n, m); ++j) {
          const int64_t k = (k0 + j) * ldq + h * s.d, v = (k0 + j) * ldv + h * s.dv;
          const float p = std::exp(s.scale * dot(Q.data() + q, K.data() + k, s.d) - lse), mask = s.mask(row, h, j);
          const float ds = p * (mask * dot(dY.data() + y, V.data() + v, s.dv) - mean) * s.scale;
          add(g.V.data() + v, p * mask, dY.data() + y, s.dv);
          add(g.Q.data() + q, ds, K.data() + k, s.d);
          add(g.K.data() + k, ds, Q.data() + q, s.d);
        }
      }
    }
  });
}

void rows_cpu(const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y, const RowLists& keys,
              const Setup& s) {
  const int64_t ldq = Q.cols(), ldv = V.cols();
  parallel_for(Q.sequences() * s.heads, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> p;
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t b = pair / s.heads, h = pair % s.heads, n = Q.end(b) - Q.begin(b);
      const auto& list = *keys[size_t(b)];
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = Q.begin(b) + i;
        float* y = Y.data() + row * ldv + h * s.dv;
        std::fill_n(y, s.dv, 0.0f);
        p.resize(size_t(s.visible(i, n, int64_t(list.size()))));
        for (size_t j = 0; j < p.size(); ++j)
          p[j] = s.scale * dot(Q.data() + row * ldq + h * s.d, K.data() + list[j] * ldq + h * s.d, s.d);
        normalize(p);
        for (size_t j = 0; j < p.size(); ++j) add(y, p[j], V.data() + list[j] * ldv + h * s.dv, s.dv);
      }
    }
  });
}

constexpr Kernel<void(const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y, const Tensor& L,
                      const Setup& setup)>
    forward_kernel{"attention", forward_cpu, ON_CUDA(attention_forward_cuda)};
constexpr Kernel<void(const Tensor& dY, const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y,
                      const Tensor& L, const Gradients& gradients, const Setup& setup)>
    backward_kernel{"attention backward", backward_cpu, ON_CUDA(attention_backward_cuda)};
constexpr Kernel<void(const Tensor& Q, const Tensor& K, const Tensor& V, const Tensor& Y, const RowLists& keys,
                      const Setup& setup)>
    rows_kernel{"attention_rows", rows_cpu, ON_CUDA(attention_rows_cuda)};

Setup prepare(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  const int64_t heads = how.heads;
  check(heads > 0 && Q.cols() == K.cols() && K.rows() == V.rows() && Q.cols() % heads == 0 && V.cols() % heads == 0,
        "attention with ", heads, " heads of Q ", Q, ", K ", K, ", V ", V);
  check(how.dropout >= 0 && how.dropout < 1, "attention: dropout ", how.dropout);
  const int64_t d = Q.cols() / heads;
  return {heads, d, V.cols() / heads, how.scale != 0 ? how.scale : 1 / std::sqrt(float(std::max<int64_t>(d, 1))),
          how.causal};
}

// The definition in plain ops, for those who want to see P.
Tensor definition(const Tensor& Q, const Tensor& K, const Tensor& V, const Setup& s) {
  Tensor A = Tensor::zeros(Q.rows() * s.heads, s.longest);
  std::vector<Tensor> y;
  for (int64_t b = 0; b < Q.sequences(); ++b) {
    const int64_t q0 = Q.begin(b), n = Q.end(b) - q0, k0 = K.begin(b), m = K.end(b) - k0;
    if (n == 0) continue;
    std::vector<Tensor> heads;
    for (int64_t h = 0; h < s.heads; ++h) {
      if (m == 0) {
        heads.push_back(Tensor::zeros(n, s.dv));
        continue;
      }
      Tensor hidden = Tensor::zeros(n, m), M = Tensor::zeros(n, m), seen = Tensor::zeros(n, m);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < m; ++j)
          if (j < s.visible(i, n, m))
            M.data()[i * m + j] = s.mask(q0 + i, h, j), seen.data()[i * m + j] = 1;
          else
            hidden.data()[i * m + j] = -1e30f;
      const Tensor S = matmul(cols(rows(Q, q0, n), h * s.d, s.d), cols(rows(K, k0, m), h * s.d, s.d), {.b = true});
      const Tensor P = softmax(s.scale * S + hidden) * seen;
      for (int64_t i = 0; i < n; ++i) std::copy_n(P.data() + i * m, m, A.data() + ((q0 + i) * s.heads + h) * s.longest);
      heads.push_back(matmul(P * M, cols(rows(V, k0, m), h * s.dv, s.dv)));
    }
    y.push_back(hstack(heads));
  }
  observe("attention", A);
  return (y.empty() ? Tensor(0, V.cols()) : vstack(y)).with_splits(Q.splits());
}

}  // namespace

Tensor attention(const Tensor& Q, const Tensor& K, const Tensor& V, const Attention& how) {
  Setup s = prepare(Q, K, V, how);
  check(Q.sequences() == K.sequences(), "attention: ", Q.sequences(), " query and ", K.sequences(),
        " key sequences in Q ", Q, ", K ", K);
  for (int64_t b = 0; b < K.sequences(); ++b) s.longest = std::max(s.longest, K.end(b) - K.begin(b));
  if (auto* rng = training(); rng && how.dropout > 0) {
    s.dropout = how.dropout, s.key = rng->key;
    s.first = rng->take(uint64_t(Q.rows() * s.heads) * s.blocks());
  }
  if (observing()) return definition(Q, K, V, s);
  Tensor Y(Q.rows(), V.cols(), Type::f32, Q.splits());
  const bool keep = detail::any_tracked({Q, K, V});
  const Tensor L = keep ? Tensor(Q.rows(), s.heads) : Tensor();
  forward_kernel(Q, K, V, Y, L, s);
  return record(Y, {Q, K, V}, [q = Q.detach(), k = K.detach(), v = V.detach(), Y, L, s](const Tensor& dY) {
    const Gradients g{Tensor::like(q), Tensor::like(k), Tensor::like(v)};
    backward_kernel(dY, q, k, v, Y, L, g, s);
    return Grads{g.Q, g.K, g.V};
  });
}

Tensor attention_rows(const Tensor& Q, const Tensor& K, const Tensor& V, const RowLists& keys, const Attention& how) {
  const Setup s = prepare(Q, K, V, how);
  check(int64_t(keys.size()) == Q.sequences(), "attention_rows: ", keys.size(), " row lists for Q ", Q);
  for (const auto& list : keys) {
    check(list != nullptr, "attention_rows: a row list is missing");
    for (const int32_t row : *list) check(row >= 0 && row < K.rows(), "attention_rows: row ", row, " of K ", K);
  }
  if (observing()) {
    const NoGrad off;
    std::vector<int64_t> all, begins{0};
    for (const auto& list : keys)
      all.insert(all.end(), list->begin(), list->end()), begins.push_back(int64_t(all.size()));
    const Splits splits = make_splits(std::move(begins));
    const Evaluating still;
    return attention(Q.detach(), gather(K, all, splits), gather(V, all, splits), how);
  }
  Tensor Y(Q.rows(), V.cols(), Type::f32, Q.splits());
  rows_kernel(Q, K, V, Y, keys, s);
  return Y;
}

}  // namespace stemma
