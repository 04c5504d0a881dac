// The kernels of attention: one task for each sequence and head, in blocks of queries and keys whose scores fit the
// first-level cache. Scores are kept as S^T, a row for each key: queries lie side by side in a vector, so that softmax
// goes down the columns and never across lanes, and K and V are read where they lie, or, of bf16, from copies in f32.
// Scores are to base 2: the transposed queries carry scale * log2(e).
//
// Forward is the online softmax of Milakov & Gimelshein 2018: m and l are the maximum and the sum of a row so far; a
// new maximum scales what was summed by 2^(m - m'). What a row's result is does not depend on the other sequences.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/attention_kernels.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <atomic>
#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/ops/attention.h"
#include "stemma/ops/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t query_block = 48, key_block = 128, strip = 16;  // a strip: queries that see about the same keys
constexpr float log2e = 1.44269504f, nothing = -std::numeric_limits<float>::infinity();

// 2^x for x <= 0, at least 2^-126, NaN for NaN: the polynomial of Cephes' exp2f.
HWY_INLINE V exp2(V x) {
  const V magic = all(0x1.8p23f), bounded = hn::Max(x, all(-126));
  const V shifted = hn::Add(bounded, magic), r = hn::Sub(bounded, hn::Sub(shifted, magic));
  V p = hn::MulAdd(all(1.535336188319500e-4f), r, all(1.339887440266574e-3f));
  p = hn::MulAdd(p, r, all(9.618437357674640e-3f));
  p = hn::MulAdd(p, r, all(5.550332471162809e-2f));
  p = hn::MulAdd(p, r, all(2.402264791363012e-1f));
  p = hn::MulAdd(p, r, all(6.931472028550421e-1f));
  p = hn::MulAdd(p, r, all(1));
  const V y = hn::BitCast(D(), hn::Add(hn::BitCast(DU(), p), hn::ShiftLeft<23>(hn::BitCast(DU(), shifted))));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// The part of a tensor that belongs to a sequence and head; of bf16 it has `narrow`, else data.
struct Part {
  float* data;
  int64_t stride, rows, cols;
  bf16* narrow = nullptr;
  float* row(int64_t i) const { return data + i * stride; }
};
Part part(const Tensor& x, const Tensor& splits, int64_t sequence, int64_t head, int64_t width) {
  const int64_t begin = splits.begin(sequence), rows = splits.end(sequence) - begin;
  const int64_t at = begin * x.cols() + head * width;
  if (x.type() == Type::bf16) return {nullptr, x.cols(), rows, width, x.data<bf16>() + at};
  return {x.data() + at, x.cols(), rows, width};
}
// A copy in f32, in rows of whole vectors padded by zeros.
Part copied(const Part& x, float* to) {
  const Part y{to, padded(x.cols), x.rows, x.cols};
  for (int64_t i = 0; i < x.rows; ++i)
    for_vectors(x.cols, [&](int64_t j, int64_t left) {
      const V v = x.narrow ? load(x.narrow + i * x.stride + j, left) : load(x.row(i) + j, left);
      hn::StoreU(v, D(), y.row(i) + j);
    });
  return y;
}
// x in f32, where it lies or else in `memory`, which then begins behind it.
Part wide(const Part& x, float*& memory) {
  return x.narrow ? copied(x, std::exchange(memory, memory + x.rows * padded(x.cols))) : x;
}
Right whole_rows(const Part& x, float* memory) {
  const Part y = padded(x.cols) == x.cols ? x : copied(x, memory);
  return {y.data, y.stride};
}
void unpack_row(const float* from, const Part& to, int64_t i, float scale) {
  for_vectors(to.cols, [&](int64_t j, int64_t left) {
    const V v = hn::Mul(all(scale), hn::LoadU(D(), from + j));
    to.narrow ? store(v, to.narrow + i * to.stride + j, left) : store(v, to.row(i) + j, left);
  });
}
// Where products may write a part's rows: `to` itself, or memory to be unpacked from.
Result whole_result(const Part& to, float* memory) {
  return padded(to.cols) == to.cols && !to.narrow ? Result{to.data, to.stride} : Result{memory, padded(to.cols)};
}
Result from_row(const Result& x, int64_t row, bool add) { return {x.data + row * x.stride, x.stride, add}; }
void clear_rows(const Result& x, int64_t begin, int64_t end, int64_t cols) {
  for (int64_t i = begin; i < end; ++i) std::fill_n(x.data + i * x.stride, padded(cols), 0.0f);
}

// ---- a block of S^T: `keys` rows of `query_block` numbers -----------------------------------------------------------
struct Block {
  HWY_ALIGN float data[key_block * query_block];
  float* at(int64_t key, int64_t query) { return data + key * query_block + query; }
  Left transposed(int64_t query) const { return {data + query, 1, query_block}; }  // queries down, keys across
  Left rows(int64_t key, int64_t query) const { return {data + key * query_block + query, query_block, 1}; }
  Result result(int64_t key, int64_t query) { return {at(key, query), query_block}; }
};

// The dropout mask over 1 - p of query rows row, row + 1, ... and four keys from key `j` on, a multiple of 4.
struct Mask4 {
  V keys[4];
};
HWY_INLINE Mask4 draw(const AttentionSetup& s, int64_t row, int64_t head, int64_t j) {
  const V limit = all(s.dropout * 0x1p24f), kept = all(1 / (1 - s.dropout));
  const auto r = philox(s.key, s.counter(row, head) + uint64_t(j) / 4, uint32_t(s.counter(1, 0) - s.counter(0, 0)));
  Mask4 out;
  for (int i = 0; i < 4; ++i) {
    const V number = hn::ConvertTo(D(), hn::BitCast(hn::RebindToSigned<D>(), hn::ShiftRight<8>(r.bits[i])));
    out.keys[i] = hn::IfThenZeroElse(hn::Lt(number, limit), kept);
  }
  return out;
}

// One sequence and head.
struct Pair {
  const AttentionSetup& s;
  int64_t head, first_row, n, m;
  // Keys of the block at k that query i sees.
  int64_t seen(int64_t i, int64_t k) const { return std::clamp<int64_t>(s.visible(i, n, m) - k, 0, key_block); }
};
// Calls f(first query, queries, keys) for the strips of a block of queries that see as many of the block's keys.
// Causal attention computes no more of a block than its strips see.
template <class F>
HWY_INLINE void each_strip(const Pair& pair, int64_t q, int64_t queries, int64_t k, F&& f) {
  const auto keys = [&](int64_t i) { return pair.seen(q + std::min(i + strip, queries) - 1, k); };
  for (int64_t i = 0, next = 0; i < queries; i = next) {
    for (next = i + strip; next < queries && keys(next) == keys(i);) next += strip;
    f(i, std::min(next, queries) - i, keys(i));
  }
}
// Calls f(key, keys, query) for rectangles: these keys, and the queries from `query` on, some of which see them.
template <class F>
HWY_INLINE void each_rectangle(const Pair& pair, int64_t q, int64_t queries, int64_t k, F&& f) {
  int64_t done = 0;
  each_strip(pair, q, queries, k, [&](int64_t i, int64_t, int64_t keys) {
    if (keys > done) f(done, keys - done, i);
    done = keys;
  });
}
// The queries of a vector, from query q on, against `n` keys of the block at k: which lanes see which key.
struct Sight {
  int64_t full;  // keys that all of them see
  V seen;        // how many each sees
  Sight(const Pair& p, int64_t q, int64_t k, int64_t n)
      : full(std::min(n, p.seen(q, k))),
        seen(p.s.causal ? hn::Add(hn::Iota(D(), 0), all(float(offset(p, q, k)))) : all(float(n))) {
    if (!p.s.causal) full = n;
  }
  static int64_t offset(const Pair& p, int64_t q, int64_t k) { return q + 1 + p.m - p.n - k; }
  HWY_INLINE V or_nothing(V x, int64_t j) const {
    return j < full ? x : hn::IfThenElse(hn::Lt(all(float(j)), seen), x, all(nothing));
  }
  HWY_INLINE V or_zero(V x, int64_t j) const {
    return j < full ? x : hn::IfThenElseZero(hn::Lt(all(float(j)), seen), x);
  }
};

struct ForwardScratch {
  Block p;
  HWY_ALIGN float top[query_block], sum[query_block], shrink[query_block];
};

// Scores of a vector of queries turn into 2^(score - top), their sum is added to `sum`; what was summed before is to be
// scaled by `shrink`.
void soften(ForwardScratch& f, int64_t q, int64_t n, const Sight& sight) {
  const V before = hn::Load(D(), f.top + q);
  V top = before, sum = hn::Zero(D());
  for (int64_t j = 0; j < n; ++j) top = hn::Max(top, sight.or_nothing(hn::Load(D(), f.p.at(j, q)), j));
  const V base = hn::IfThenElse(hn::Eq(top, all(nothing)), hn::Zero(D()), top);
  for (int64_t j = 0; j < n; ++j) {
    const V e = sight.or_zero(exp2(hn::Sub(hn::Load(D(), f.p.at(j, q)), base)), j);
    hn::Store(e, D(), f.p.at(j, q));
    sum = hn::Add(sum, e);
  }
  const V shrink = exp2(hn::Sub(before, base));
  hn::Store(shrink, D(), f.shrink + q), hn::Store(top, D(), f.top + q);
  hn::Store(hn::MulAdd(hn::Load(D(), f.sum + q), shrink, sum), D(), f.sum + q);
}
// All keys are done: `shrink` becomes what Y is to be scaled by, `top` the logarithm.
void conclude(ForwardScratch& f, int64_t queries) {
  for (int64_t q = 0; q < queries; q += lanes()) {
    const V sum = hn::Load(D(), f.sum + q), none = hn::Zero(D());
    hn::Store(hn::IfThenElse(hn::Eq(sum, none), none, hn::Div(all(1), sum)), D(), f.shrink + q);
    hn::Store(hn::MulAdd(log(sum), all(log2e), hn::Load(D(), f.top + q)), D(), f.top + q);
  }
}
// A vector of queries whose first row is `row`; keys from k on.
void drop(Block& p, const Pair& pair, int64_t q, int64_t row, int64_t k, int64_t n) {
  for (int64_t j = 0; j < n; j += 4) {
    const Mask4 mask = draw(pair.s, row, pair.head, k + j);
    for (int64_t i = 0; i < std::min<int64_t>(4, n - j); ++i)
      hn::Store(hn::Mul(hn::Load(D(), p.at(j + i, q)), mask.keys[i]), D(), p.at(j + i, q));
  }
}

struct ForwardParts {
  Part Q, K, Y;
  Right values;
};
// The queries of a block, from row `q` on; all keys.
void forward_block(const Tensor& L, const Pair& pair, const ForwardParts& x, int64_t q, float* memory) {
  const auto& s = pair.s;
  const int64_t queries = std::min(query_block, pair.n - q), last = s.visible(q + queries - 1, pair.n, pair.m);
  const int64_t width = padded(s.dv);
  float *const qt = memory, *const y = qt + s.d * query_block;
  transpose_scaled(x.Q.row(q), x.Q.stride, queries, s.d, s.scale * log2e, {qt, query_block});
  ForwardScratch scratch;
  std::fill_n(scratch.top, query_block, nothing), std::fill_n(scratch.sum, query_block, 0.0f);
  if (last == 0) clear_rows({y, width}, 0, queries, width);
  for (int64_t k = 0; k < last; k += key_block) {
    each_rectangle(pair, q, queries, k, [&](int64_t key, int64_t n, int64_t i) {
      small_product({x.K.row(k + key), x.K.stride, 1}, {qt + i, query_block}, scratch.p.result(key, i),
                    {n, queries - i, s.d});
    });
    each_strip(pair, q, queries, k, [&](int64_t begin, int64_t rows, int64_t n) {
      for (int64_t i = begin; i < begin + rows; i += lanes()) {
        soften(scratch, i, n, Sight(pair, q + i, k, n));
        if (s.dropout > 0) drop(scratch.p, pair, i, pair.first_row + q + i, k, n);
      }
    });
    if (k > 0)
      for (int64_t i = 0; i < queries; ++i)
        if (const float c = scratch.shrink[i]; c != 1)
          for (int64_t j = 0; j < width; j += lanes())
            hn::StoreU(hn::Mul(all(c), hn::LoadU(D(), y + i * width + j)), D(), y + i * width + j);
    each_strip(pair, q, queries, k, [&](int64_t i, int64_t rows, int64_t n) {
      small_product(scratch.p.transposed(i), x.values.from(k), {y + i * width, width, k > 0}, {rows, s.dv, n});
    });
  }
  conclude(scratch, queries);
  for (int64_t i = 0; i < queries; ++i) {
    unpack_row(y + i * width, x.Y, q + i, scratch.shrink[i]);
    if (L) L.data()[(pair.first_row + q + i) * s.heads + pair.head] = scratch.top[i];
  }
}

void forward_pair(const AttentionForward& f, int64_t sequence, int64_t head, float* memory) {
  const auto& s = f.setup;
  const Part Q = wide(part(f.Q, f.Q, sequence, head, s.d), memory);
  const Part K = wide(part(f.K, f.K, sequence, head, s.d), memory);
  const Part V = wide(part(f.V, f.K, sequence, head, s.dv), memory);
  const Pair pair{s, head, f.Q.begin(sequence), Q.rows, K.rows};
  const ForwardParts parts{Q, K, part(f.Y, f.Q, sequence, head, s.dv), whole_rows(V, memory)};
  for (int64_t q = 0; q < Q.rows; q += query_block) forward_block(f.L, pair, parts, q, memory + K.rows * padded(s.dv));
}
int64_t forward_memory(const AttentionSetup& s, int64_t n, int64_t m) {
  return (n + m) * padded(s.d) + (2 * m + query_block) * padded(s.dv) + query_block * s.d;
}

struct BackwardScratch {
  Block p, ds;
  HWY_ALIGN float lse[query_block] = {}, mean[query_block] = {};
};

// p: scores, ds: dY V^T  ->  p = P M, ds = P (M ds - mean) scale
void differentiate(BackwardScratch& b, const Pair& pair, int64_t q, int64_t row, int64_t k, int64_t n,
                   const Sight& sight) {
  const V lse = hn::Load(D(), b.lse + q), mean = hn::Load(D(), b.mean + q), scale = all(pair.s.scale);
  Mask4 mask{{all(1), all(1), all(1), all(1)}};
  for (int64_t j = 0; j < n; ++j) {
    if (pair.s.dropout > 0 && j % 4 == 0) mask = draw(pair.s, row, pair.head, k + j);
    float *const p = b.p.at(j, q), *const ds = b.ds.at(j, q);
    const V M = mask.keys[j % 4], P = sight.or_zero(exp2(hn::Sub(hn::Load(D(), p), lse)), j);
    hn::Store(hn::Mul(P, M), D(), p);
    hn::Store(hn::Mul(hn::Mul(P, scale), hn::MulSub(M, hn::Load(D(), ds), mean)), D(), ds);
  }
}

// What the products of a pair read and write.
struct BackwardParts {
  Part Q, K, V, Y, dY;
  Right q_rows, k_rows, dy_rows;
  Result dq, dk, dv;
};

void begin_block(const AttentionBackward& f, const Pair& pair, const BackwardParts& x, int64_t q, int64_t queries,
                 BackwardScratch& to) {
  for (int64_t i = 0; i < queries; ++i) {
    to.lse[i] = f.L.data()[(pair.first_row + q + i) * pair.s.heads + pair.head];
    to.mean[i] = row_dot(x.Y.row(q + i), x.dY.row(q + i), pair.s.dv);
  }
}

void backward_block(const AttentionBackward& f, const Pair& pair, const BackwardParts& x, int64_t q, float* memory) {
  const auto& s = pair.s;
  const int64_t queries = std::min(query_block, pair.n - q), last = s.visible(q + queries - 1, pair.n, pair.m);
  const int64_t before = q == 0 ? 0 : s.visible(q - 1, pair.n, pair.m);  // keys that have gradients already
  float *const qt = memory, *const dyt = qt + s.d * query_block;
  transpose_scaled(x.Q.row(q), x.Q.stride, queries, s.d, s.scale * log2e, {qt, query_block});
  transpose_scaled(x.dY.row(q), x.dY.stride, queries, s.dv, 1, {dyt, query_block});
  BackwardScratch scratch;
  begin_block(f, pair, x, q, queries, scratch);
  auto& [p, ds, lse, mean] = scratch;
  for (int64_t k = 0; k < last; k += key_block) {
    each_rectangle(pair, q, queries, k, [&](int64_t key, int64_t n, int64_t i) {
      const int64_t row = k + key, rest = queries - i;
      small_product({x.K.row(row), x.K.stride, 1}, {qt + i, query_block}, p.result(key, i), {n, rest, s.d});
      small_product({x.V.row(row), x.V.stride, 1}, {dyt + i, query_block}, ds.result(key, i), {n, rest, s.dv});
    });
    each_strip(pair, q, queries, k, [&](int64_t begin, int64_t rows, int64_t n) {
      for (int64_t i = begin; i < begin + rows; i += lanes())
        differentiate(scratch, pair, i, pair.first_row + q + i, k, n, Sight(pair, q + i, k, n));
      small_product(ds.transposed(begin), x.k_rows.from(k), from_row(x.dq, q + begin, k > 0), {rows, s.d, n});
    });
    each_rectangle(pair, q, queries, k, [&](int64_t key, int64_t n, int64_t i) {
      const int64_t cut = std::clamp(before - k, key, key + n);
      for (const auto& [begin, end] : {std::pair{key, cut}, {cut, key + n}}) {
        const int64_t row = k + begin, keys = end - begin, rest = queries - i;
        if (keys == 0) continue;
        small_product(p.rows(begin, i), x.dy_rows.from(q + i), from_row(x.dv, row, begin < cut), {keys, s.dv, rest});
        small_product(ds.rows(begin, i), x.q_rows.from(q + i), from_row(x.dk, row, begin < cut), {keys, s.d, rest});
      }
    });
  }
  if (last == 0) clear_rows(x.dq, q, q + queries, s.d);
}

void backward_pair(const AttentionBackward& f, int64_t sequence, int64_t head, float* memory) {
  const auto& s = f.setup;
  const auto of_queries = [&](const Tensor& x, int64_t width) { return part(x, f.Q, sequence, head, width); };
  const auto of_keys = [&](const Tensor& x, int64_t width) { return part(x, f.K, sequence, head, width); };
  const Part dQ = of_queries(f.dQ, s.d), dK = of_keys(f.dK, s.d), dV = of_keys(f.dV, s.dv);
  const Part Q = wide(of_queries(f.Q, s.d), memory), K = wide(of_keys(f.K, s.d), memory);
  const Part V = wide(of_keys(f.V, s.dv), memory), Y = wide(of_queries(f.Y, s.dv), memory);
  const Part dY = wide(of_queries(f.dY, s.dv), memory);
  const Pair pair{s, head, f.Q.begin(sequence), Q.rows, K.rows};
  const int64_t w = padded(s.d), wv = padded(s.dv);
  const auto take = [&](int64_t size) { return std::exchange(memory, memory + size); };
  const BackwardParts parts{Q,
                            K,
                            V,
                            Y,
                            dY,
                            whole_rows(Q, take(Q.rows * w)),
                            whole_rows(K, take(K.rows * w)),
                            whole_rows(dY, take(Q.rows * wv)),
                            whole_result(dQ, take(Q.rows * w)),
                            whole_result(dK, take(K.rows * w)),
                            whole_result(dV, take(K.rows * wv))};
  if (Q.rows == 0) clear_rows(parts.dk, 0, K.rows, s.d), clear_rows(parts.dv, 0, K.rows, s.dv);
  for (int64_t q = 0; q < Q.rows; q += query_block) backward_block(f, pair, parts, q, memory);
  const auto finish = [](const Result& from, const Part& to) {
    for (int64_t i = 0; i < to.rows && from.data != to.data; ++i) unpack_row(from.data + i * from.stride, to, i, 1);
  };
  finish(parts.dq, dQ), finish(parts.dk, dK), finish(parts.dv, dV);
}
int64_t backward_memory(const AttentionSetup& s, int64_t n, int64_t m) {
  const int64_t w = padded(s.d), wv = padded(s.dv);
  return 3 * (n + m) * w + (3 * n + 2 * m) * wv + query_block * (s.d + s.dv);
}

// Calls f(sequence, head, memory) for all of them; a thread takes the next one when it is done with its last.
template <class Call, class F>
void for_pairs(const Call& call, int64_t (*memory)(const AttentionSetup&, int64_t, int64_t), F&& f) {
  const auto& [Q, K, s] = std::tie(call.Q, call.K, call.setup);
  int64_t work = 0, floats = 0;
  for (int64_t b = 0; b < Q.sequences(); ++b) {
    const int64_t n = Q.end(b) - Q.begin(b), m = K.end(b) - K.begin(b);
    work += (n * m + n) * s.heads * (s.d + s.dv), floats = std::max(floats, memory(s, n, m));
  }
  constexpr int64_t work_grain = 1 << 19;  // multiplications worth a thread
  std::atomic<int64_t> next{0};
  parallel_for(std::min<int64_t>(threads(), 1 + work / work_grain), 1, [&](int64_t, int64_t) {
    const Tensor scratch(1, floats);
    for (int64_t i; (i = next++) < Q.sequences() * s.heads;) f(i / s.heads, i % s.heads, scratch.data());
  });
}

void forward(const AttentionForward& f) {
  for_pairs(f, forward_memory, [&](int64_t b, int64_t head, float* memory) { forward_pair(f, b, head, memory); });
}
void backward(const AttentionBackward& f) {
  for_pairs(f, backward_memory, [&](int64_t b, int64_t head, float* memory) { backward_pair(f, b, head, memory); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {
namespace {

HWY_EXPORT(forward);
HWY_EXPORT(backward);
void forward_cpu(const AttentionForward& f) { HWY_DYNAMIC_DISPATCH(forward)(f); }
void backward_cpu(const AttentionBackward& f) { HWY_DYNAMIC_DISPATCH(backward)(f); }

}  // namespace

constexpr Kernel<void(const AttentionForward&)> attention_forward{"attention", forward_cpu,
                                                                  ON_CUDA(attention_forward_cuda)};
constexpr Kernel<void(const AttentionBackward&)> attention_backward{"attention backward", backward_cpu,
                                                                    ON_CUDA(attention_backward_cuda)};

}  // namespace stemma
#endif
