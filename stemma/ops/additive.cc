// Additive attention, Bahdanau et al. 2015, appendix A.1.2; for query i over the rows j of its source:
//
//   e_ij = v tanh(q_i + k_j);  w_i = softmax(e_i);  c_i = sum_j w_ij m_j
//   dm_j += w_ij dc_i;  de_ij = w_ij (dc_i m_j - sum_j w_ij dc_i m_j)
//   ds = de_ij v (1 - tanh(q_i + k_j)^2);  dk_j += ds;  dq_i = sum_j ds;  dv += sum_ij de_ij tanh(q_i + k_j)
//
// tanh is computed again in backward: for all pairs it would not fit the memory that the whole model takes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/additive.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/ops/additive.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/sequences.h"
#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

// A sequence's rows of a tensor.
struct Listed {
  float* data;
  int64_t cols;
  const int64_t* rows;
  float* operator[](int64_t j) const { return data + rows[j] * cols; }
};
// f(sequence, its number of rows, its keys, its memory, its weights)
template <class Step, class F>
void for_queries(const Step& s, F&& f) {
  const auto& [row, begin] = s.rows;
  const int64_t n = s.q.rows(), a = s.keys.cols(), m = s.memory.cols();
  const int64_t work = n > 0 ? 8 * (a + m) * begin[size_t(n)] / n : 0;
  parallel_for(n, row_grain(work), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t at = begin[size_t(i)];
      f(i, begin[size_t(i) + 1] - at, Listed{s.keys.data(), a, row.data() + at},
        Listed{s.memory.data(), m, row.data() + at}, s.weights.data() + at);
    }
  });
}

void softmax_row(float* x, int64_t n) {
  const V top = all(row_max(x, n));
  for_vectors(n, [&](int64_t j, int64_t left) { store(exp(hn::Sub(load(x + j, left), top)), x + j, left); });
  const V scale = all(1 / row_sum(x, n));
  for_vectors(n, [&](int64_t j, int64_t left) { store(hn::Mul(scale, load(x + j, left)), x + j, left); });
}

void step(const AdditiveStep& s) {
  for_queries(s, [&](int64_t i, int64_t n, const Listed& keys, const Listed& memory, float* w) {
    const int64_t a = s.keys.cols(), m = s.memory.cols();
    const float *q = s.q.data() + i * a, *v = s.v.data();
    for (int64_t j = 0; j < n; ++j)
      w[j] = sum_vectors(a, [&](int64_t c, int64_t left) {
        return hn::Mul(load(v + c, left), tanh(hn::Add(load(q + c, left), load(keys[j] + c, left))));
      });
    if (n > 0) softmax_row(w, n);
    for_vectors(m, [&](int64_t c, int64_t left) {
      V sum = hn::Zero(D());
      for (int64_t j = 0; j < n; ++j) sum = hn::MulAdd(all(w[j]), load(memory[j] + c, left), sum);
      store(sum, s.context.data() + i * m + c, left);
    });
  });
}

void step_back(const AdditiveStepBack& s) {
  for_queries(s, [&](int64_t i, int64_t n, const Listed& keys, const Listed& memory, float* w) {
    const int64_t a = s.keys.cols(), m = s.memory.cols();
    const float *q = s.q.data() + i * a, *v = s.v.data(), *dc = s.dcontext.data() + i * m;
    float *dq = s.dq.data() + i * a, *dv = s.dv.data() + i * a;
    const Listed dkeys{s.dkeys.data(), a, keys.rows}, dmemory{s.dmemory.data(), m, memory.rows};
    std::vector<float> dw(size_t(n), 0.0f);
    float mean = 0;
    for (int64_t j = 0; j < n; ++j) {
      for_vectors(m, [&](int64_t c, int64_t left) {
        store(hn::MulAdd(all(w[j]), load(dc + c, left), load(dmemory[j] + c, left)), dmemory[j] + c, left);
      });
      dw[size_t(j)] = row_dot(dc, memory[j], m), mean += w[j] * dw[size_t(j)];
    }
    for (int64_t j = 0; j < n; ++j) w[j] *= dw[size_t(j)] - mean;
    for_vectors(a, [&](int64_t c, int64_t left) {
      const V query = load(q + c, left), scale = load(v + c, left);
      V to_query = hn::Zero(D()), to_v = hn::Zero(D());
      for (int64_t j = 0; j < n; ++j) {
        const V t = tanh(hn::Add(query, load(keys[j] + c, left))), de = all(w[j]);
        const V ds = hn::Mul(hn::Mul(de, scale), hn::NegMulAdd(t, t, all(1)));
        to_query = hn::Add(to_query, ds), to_v = hn::MulAdd(de, t, to_v);
        add_to(dkeys[j] + c, ds, left);
      }
      store(to_query, dq + c, left), add_to(dv + c, to_v, left);
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {
namespace {

HWY_EXPORT(step);
HWY_EXPORT(step_back);
void step_cpu(const AdditiveStep& s) { HWY_DYNAMIC_DISPATCH(step)(s); }
void step_back_cpu(const AdditiveStepBack& s) { HWY_DYNAMIC_DISPATCH(step_back)(s); }

void check_shapes(const Tensor& q, const Tensor& keys, const Tensor& memory, const Tensor& v) {
  check(q.rows() == memory.sequences() && keys.rows() == memory.rows() && q.cols() == keys.cols() && v.rows() == 1 &&
            v.cols() == q.cols(),
        "additive_attention: q ", q, ", keys ", keys, ", memory ", memory, ", v ", v);
}

}  // namespace

constexpr Kernel<void(const AdditiveStep&)> additive_step{"additive attention", step_cpu, ON_CUDA(additive_step_cuda)};
constexpr Kernel<void(const AdditiveStepBack&)> additive_step_back{"additive attention backward", step_back_cpu,
                                                                   ON_CUDA(additive_step_back_cuda)};

SourceRows source_rows(const Tensor& memory) {
  SourceRows rows{std::vector<int64_t>(size_t(memory.rows())), *splits_of(memory)};
  std::iota(rows.row.begin(), rows.row.end(), 0);
  return rows;
}

Tensor additive_attention_definition(const Tensor& q, const Tensor& keys, const Tensor& memory, const Tensor& v) {
  const Splits splits = splits_of(memory);
  const Tensor e = matmul(tanh(spread(q, splits) + keys), v, {.b = true});
  const Tensor w = segment_softmax(e.with_splits(splits));
  return segment_sum((memory * w).with_splits(splits));
}

Tensor additive_attention(const Tensor& q, const Tensor& keys, const Tensor& memory, const Tensor& v) {
  check_shapes(q, keys, memory, v);
  auto rows = std::make_shared<const SourceRows>(source_rows(memory));
  Tensor c(q.rows(), memory.cols());
  const Tensor w(memory.rows(), 1);
  additive_step(AdditiveStep{q, keys, memory, v, *rows, w, c});
  return record(
      c, {q, keys, memory, v},
      [rows, w, q = q.detach(), keys = keys.detach(), memory = memory.detach(), v = v.detach()](const Tensor& dc) {
        const auto zeros = [](const Tensor& x) { return Tensor::zeros(x.rows(), x.cols()); };
        const Tensor dq(q.rows(), q.cols()), dkeys = zeros(keys), dmemory = zeros(memory), dv = zeros(q);
        additive_step_back(AdditiveStepBack{q, keys, memory, v, *rows, w, dc, dq, dkeys, dmemory, dv});
        return Grads{dq, dkeys, dmemory, sum_rows(dv)};
      });
}

}  // namespace stemma
#endif
