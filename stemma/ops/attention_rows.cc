// attention_rows: a step of decoding, few queries against cached rows. The scores of one query lie as [keys, heads], so
// that the softmax of all heads is one walk; keys and values are read row by row. Most of the time goes with waiting
// for them, so the values are asked for while keys are read, and the keys of the next query while values are.
#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/ops/attention.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/attention_rows.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr int64_t ahead = 2;  // rows, when a query sees more than the second cache holds well
constexpr int64_t most = 64;  // keys, until then

// Rows that will be read soon, one for each call; then any.
class Coming {
 public:
  Coming(std::span<const RowRun> runs, const Tensor& x) : runs_(runs), x_(x) {}
  HWY_INLINE const float* next() {
    if (runs_.empty()) return x_.data();
    const float* const row = x_.data() + (runs_.front().begin + done_) * x_.cols();
    if (++done_ == runs_.front().rows) runs_ = runs_.subspan(1), done_ = 0;
    return row;
  }

 private:
  std::span<const RowRun> runs_;
  const Tensor& x_;
  int64_t done_ = 0;  // rows of the first run
};
HWY_INLINE void ask_for(const float* x) { __builtin_prefetch(x, 0, 2); }  // into the second cache

struct Query {
  const AttentionSetup& s;
  std::span<const RowRun> runs, next;  // its keys; those of the query after it, if they are others
  int64_t keys;                        // that it sees, from the first run on
  float* p;                            // [keys, heads], rows of whole vectors
  int64_t stride() const { return padded(s.heads); }
  bool few() const { return keys <= most; }
};

// f(j, row) for the keys j = 0, 1, ...
template <class F>
HWY_INLINE void for_keys(const Query& q, F&& f) {
  int64_t j = 0;
  for (const RowRun& run : q.runs)
    for (int64_t row = run.begin; row < run.begin + run.rows && j < q.keys; ++row) f(j++, row);
}

// p[j, h] = scale q_h . k_jh
void scores(const Query& query, const float* q, const Tensor& K, const Tensor& values) {
  const auto& s = query.s;
  const int64_t four = s.d % lanes() == 0 ? s.heads / 4 * 4 : 0;  // heads whose sums are made together
  for_keys(query, [&](int64_t j, int64_t row) HWY_ATTR {
    const float* const k = K.data() + row * K.cols();
    float* const p = query.p + j * query.stride();
    const float* const soon = query.few() ? values.data() + row * values.cols() : k + ahead * K.cols();
    for (int64_t h = 0; h < four; h += 4) {
      V sum[4];
      unrolled<4, 1>([&](int i, int) HWY_ATTR {
        sum[i] = hn::Zero(D());
        for (int64_t c = (h + i) * s.d; c < (h + i + 1) * s.d; c += lanes()) {
          sum[i] = hn::MulAdd(hn::LoadU(D(), q + c), hn::LoadU(D(), k + c), sum[i]);
          ask_for(soon + c);
        }
      });
      sums_of_four(sum, p + h);
    }
    for (int64_t h = four; h < s.heads; ++h) p[h] = row_dot(q + h * s.d, k + h * s.d, s.d);
  });
}

// Each head's scores become e^(scale (score - the greatest)); its reciprocal sum goes to `shares`.
void soften(const Query& q, float* shares) {
  const int64_t stride = q.stride();
  const V scale = all(q.s.scale);
  for_vectors(stride, [&](int64_t h, int64_t) HWY_ATTR {
    V top = all(-std::numeric_limits<float>::infinity()), sum = hn::Zero(D());
    for (int64_t j = 0; j < q.keys; ++j) top = hn::Max(top, hn::Mul(scale, hn::LoadU(D(), q.p + j * stride + h)));
    for (int64_t j = 0; j < q.keys; ++j) {
      float* const p = q.p + j * stride + h;
      const V e = exp(hn::Sub(hn::Mul(scale, hn::LoadU(D(), p)), top));
      hn::StoreU(e, D(), p);
      sum = hn::Add(sum, e);
    }
    hn::StoreU(hn::Div(all(1), sum), D(), shares + h);
  });
}

// Columns [c, c + N vectors) of y = sum_j p_j v_j.
template <int N>
void mix(const Query& q, const Tensor& values, int64_t c, const float* shares, float* y, Coming keys) {
  V sum[N];
  int64_t head[N];
  unrolled<N, 1>([&](int v, int) HWY_ATTR { sum[v] = hn::Zero(D()), head[v] = (c + v * lanes()) / q.s.dv; });
  for_keys(q, [&](int64_t j, int64_t row) HWY_ATTR {
    const float *const p = q.p + j * q.stride(), *const from = values.data() + row * values.cols() + c;
    const float* const soon = q.few() ? keys.next() : from - c + ahead * values.cols();
    unrolled<N, 1>([&](int v, int) HWY_ATTR {
      sum[v] = hn::MulAdd(all(p[head[v]]), hn::LoadU(D(), from + v * lanes()), sum[v]);
      ask_for(soon + c + v * lanes());
    });
  });
  unrolled<N, 1>([&](int v, int)
                     HWY_ATTR { hn::StoreU(hn::Mul(all(shares[head[v]]), sum[v]), D(), y + c + v * lanes()); });
}
void mix_any(const Query& q, const Tensor& values, const float* shares, float* y) {
  for (int64_t h = 0; h < q.s.heads; ++h)
    for_vectors(q.s.dv, [&](int64_t c, int64_t left) HWY_ATTR {
      V sum = hn::Zero(D());
      for_keys(q, [&](int64_t j, int64_t row) HWY_ATTR {
        const V v = load(values.data() + row * values.cols() + h * q.s.dv + c, left);
        sum = hn::MulAdd(all(q.p[j * q.stride() + h]), v, sum);
      });
      store(hn::Mul(all(shares[h]), sum), y + h * q.s.dv + c, left);
    });
}

void answer(const Query& query, const AttentionRows& f, const float* q, float* y) {
  float* const shares = query.p + query.keys * query.stride();
  if (query.keys == 0) return void(std::fill_n(y, f.Y.cols(), 0.0f));
  scores(query, q, f.K, f.V);
  soften(query, shares);
  constexpr int N = HWY_TARGET <= HWY_AVX3 ? 16 : 8;
  int64_t c = 0;
  if (query.s.dv % lanes() != 0) return mix_any(query, f.V, shares, y);
  const Coming keys(query.next, f.K);
  for (; c + N * lanes() <= f.V.cols(); c += N * lanes()) mix<N>(query, f.V, c, shares, y, keys);
  for (; c < f.V.cols(); c += lanes()) mix<1>(query, f.V, c, shares, y, keys);
}

void listed(const AttentionRows& f) {
  const auto& s = f.setup;
  int64_t longest = 1;
  for (int64_t b = 0; b < f.keys.sequences(); ++b) longest = std::max(longest, f.keys.rows(b));
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (longest * s.heads * (s.d + s.dv)));
  parallel_for(f.Q.sequences(), grain, [&](int64_t begin, int64_t end) {
    const Tensor p = Tensor::zeros(longest + 1, padded(s.heads));
    for (int64_t b = begin; b < end; ++b) {
      const int64_t first = f.Q.begin(b), n = f.Q.end(b) - first, keys = f.keys.rows(b);
      const auto next = b + 1 < end ? f.keys[b + 1] : std::span<const RowRun>();
      for (int64_t i = 0; i < n; ++i)
        answer({s, f.keys[b], i + 1 == n ? next : std::span<const RowRun>(), s.visible(i, n, keys), p.data()}, f,
               f.Q.data() + (first + i) * f.Q.cols(), f.Y.data() + (first + i) * f.Y.cols());
    }
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(listed);
void listed_cpu(const AttentionRows& f) { HWY_DYNAMIC_DISPATCH(listed)(f); }
constexpr Kernel<void(const AttentionRows&)> attention_listed{"attention_rows", listed_cpu,
                                                              ON_CUDA(attention_listed_cuda)};

}  // namespace

Tensor attention_rows(const Tensor& Q, const Tensor& K, const Tensor& V, const RowRuns& keys, const Attention& how) {
  const AttentionSetup s = prepare_attention(Q, K, V, how);
  check(keys.sequences() == Q.sequences(), "attention_rows: runs of ", keys.sequences(), " sequences for Q ", Q);
  for (int64_t b = 0; b < keys.sequences(); ++b)
    for (const RowRun& run : keys[b])
      check(run.begin >= 0 && run.begin + run.rows <= K.rows(), "attention_rows: rows ", run.begin, " to ",
            run.begin + run.rows, " of K ", K);
  if (observing()) {
    const NoGrad off;
    const auto [all, splits] = keys.flat();
    const Evaluating still;
    return attention(Q.detach(), gather(K, all, splits), gather(V, all, splits), how);
  }
  Tensor Y(Q.rows(), V.cols(), Type::f32, Q.splits());
  attention_listed(AttentionRows{Q, K, V, keys, Y, s});
  return Y;
}

}  // namespace stemma
#endif
