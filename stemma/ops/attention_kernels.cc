// The kernels of attention: one task for each sequence and head, in blocks of queries and keys whose scores fit the
// first-level cache. Scores are to base 2: the transposed keys carry scale * log2(e).
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

constexpr int64_t query_block = 48, key_block = 128;
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

// The part of a tensor that belongs to a sequence and head.
struct Part {
  float* data;
  int64_t stride, rows, cols;
  float* row(int64_t i) const { return data + i * stride; }
};
Part part(const Tensor& x, const Tensor& splits, int64_t sequence, int64_t head, int64_t width) {
  const int64_t begin = splits.begin(sequence);
  return {x.data() + begin * x.cols() + head * width, x.cols(), splits.end(sequence) - begin, width};
}
// Rows of whole vectors: those of `x`, or a copy padded by zeros.
Right whole_rows(const Part& x, float* copy) {
  const int64_t width = padded(x.cols);
  if (width == x.cols) return {x.data, x.stride};
  for (int64_t i = 0; i < x.rows; ++i)
    for_vectors(x.cols,
                [&](int64_t j, int64_t left) { hn::StoreU(load(x.row(i) + j, left), D(), copy + i * width + j); });
  return {copy, width};
}
void unpack(Right from, const Part& to, float scale) {
  for (int64_t i = 0; i < to.rows; ++i)
    for_vectors(to.cols, [&](int64_t j, int64_t left) {
      store(hn::Mul(all(scale), hn::LoadU(D(), from.data + i * from.stride + j)), to.row(i) + j, left);
    });
}
// Key blocks one after the other, each [d, key_block].
void pack_transposed(const Part& from, float scale, float* to) {
  for (int64_t k = 0; k < from.rows; k += key_block, to += from.cols * key_block)
    transpose_scaled(from.row(k), from.stride, std::min(key_block, from.rows - k), from.cols, scale, {to, key_block});
}

// The dropout mask over 1 - p of `n` keys from key `begin`, a multiple of 4; out has room for 4 vectors more.
void draw(const AttentionSetup& s, uint64_t counter, int64_t begin, int64_t n, float* out) {
  const V limit = all(s.dropout * 0x1p24f), kept = all(1 / (1 - s.dropout));
  const auto mask = [&](VU bits) {
    const V number = hn::ConvertTo(D(), hn::BitCast(hn::RebindToSigned<D>(), hn::ShiftRight<8>(bits)));
    return hn::IfThenZeroElse(hn::Lt(number, limit), kept);
  };
  for (int64_t j = 0; j < n; j += 4 * lanes()) {
    const auto r = philox(s.key, counter + uint64_t(begin + j) / 4);
    hn::StoreInterleaved4(mask(r.bits[0]), mask(r.bits[1]), mask(r.bits[2]), mask(r.bits[3]), D(), out + j);
  }
}

// One sequence and head.
struct Pair {
  const AttentionSetup& s;
  int64_t head, first_row, n, m;
  // Keys of the block at k that query i sees.
  int64_t seen(int64_t i, int64_t k) const { return std::clamp<int64_t>(s.visible(i, n, m) - k, 0, key_block); }
};

struct ForwardScratch {
  HWY_ALIGN float scores[query_block * key_block], mask[key_block + HWY_MAX_BYTES], top[query_block], sum[query_block];
};

// A row of scores turns into 2^(score - top), its sum is added to `sum`, y is brought to the new maximum.
void soften(float* p, int64_t n, float* top, float* sum, float* y, int64_t width) {
  const float most = std::max(*top, row_max(p, n));
  const V base = all(most);
  V part = hn::Zero(D());
  for_vectors(n, [&](int64_t j, int64_t left) {
    const V e = first_n(exp2(hn::Sub(hn::LoadU(D(), p + j), base)), left);
    hn::StoreU(e, D(), p + j);
    part = hn::Add(part, e);
  });
  const float more = hn::GetLane(hn::SumOfLanes(D(), part));
  if (*top != nothing && most != *top) {
    const float shrink = std::exp2(*top - most);
    *sum *= shrink;
    for (int64_t j = 0; j < width; j += lanes()) hn::StoreU(hn::Mul(all(shrink), hn::LoadU(D(), y + j)), D(), y + j);
  }
  *sum += more, *top = most;
}

void forward_pair(const AttentionForward& f, int64_t sequence, int64_t head, float* memory) {
  const auto& s = f.setup;
  const Part Q = part(f.Q, f.Q, sequence, head, s.d), K = part(f.K, f.K, sequence, head, s.d);
  const Part V = part(f.V, f.K, sequence, head, s.dv), Y = part(f.Y, f.Q, sequence, head, s.dv);
  const Pair pair{s, head, f.Q.begin(sequence), Q.rows, K.rows};
  const int64_t width = padded(s.dv);
  float* const keys = memory;
  float* const y = keys + (K.rows + key_block - 1) / key_block * key_block * s.d;
  pack_transposed(K, s.scale * log2e, keys);
  const Right values = whole_rows(V, y + query_block * width);
  ForwardScratch scratch;
  auto& [scores, mask, top, sum] = scratch;
  for (int64_t q = 0; q < Q.rows; q += query_block) {
    const int64_t queries = std::min(query_block, Q.rows - q), last = s.visible(q + queries - 1, Q.rows, K.rows);
    std::fill_n(y, queries * width, 0.0f), std::fill_n(top, queries, nothing), std::fill_n(sum, queries, 0.0f);
    for (int64_t k = 0; k < last; k += key_block) {
      const int64_t n = std::min(key_block, last - k);
      small_product({Q.row(q), Q.stride, 1}, {keys + k * s.d, key_block}, {scores, key_block}, {queries, n, s.d});
      for (int64_t i = 0; i < queries; ++i) {
        float* p = scores + i * key_block;
        const int64_t seen = pair.seen(q + i, k);
        if (seen > 0) soften(p, seen, top + i, sum + i, y + i * width, width);
        if (s.dropout > 0) {
          draw(s, s.counter(pair.first_row + q + i, head), k, seen, mask);
          for_vectors(seen, [&](int64_t j, int64_t) {
            hn::StoreU(hn::Mul(hn::LoadU(D(), p + j), hn::LoadU(D(), mask + j)), D(), p + j);
          });
        }
        if (seen < n) std::fill(p + seen, p + n, 0.0f);
      }
      small_product({scores, key_block, 1}, values.from(k), {y, width, true}, {queries, s.dv, n});
    }
    for (int64_t i = 0; i < queries; ++i) {
      unpack({y + i * width, width}, {Y.row(q + i), 0, 1, s.dv}, sum[i] > 0 ? 1 / sum[i] : 0);
      if (f.L) f.L.data()[(pair.first_row + q + i) * s.heads + head] = top[i] + std::log2(sum[i]);
    }
  }
}
int64_t forward_memory(const AttentionSetup& s, int64_t, int64_t m) {
  return (m + key_block) * s.d + (m + query_block) * padded(s.dv);
}

struct BackwardScratch {
  HWY_ALIGN float p[query_block * key_block], ds[query_block * key_block], mask[key_block + HWY_MAX_BYTES];
};

// p: scores, ds: dY V^T  ->  p = P M, ds = P (M ds - mean) scale
void differentiate(float* p, float* ds, const float* mask, int64_t n, float lse, float mean, float scale) {
  for_vectors(n, [&](int64_t j, int64_t left) {
    const V P = first_n(exp2(hn::Sub(hn::LoadU(D(), p + j), all(lse))), left);
    const V M = mask ? hn::LoadU(D(), mask + j) : all(1);
    const V inner = hn::MulSub(M, hn::LoadU(D(), ds + j), all(mean));
    hn::StoreU(hn::Mul(P, M), D(), p + j);
    hn::StoreU(first_n(hn::Mul(hn::Mul(P, inner), all(scale)), left), D(), ds + j);
  });
}

void backward_pair(const AttentionBackward& f, int64_t sequence, int64_t head, float* memory) {
  const auto& s = f.setup;
  const auto of_queries = [&](const Tensor& x, int64_t width) { return part(x, f.Q, sequence, head, width); };
  const auto of_keys = [&](const Tensor& x, int64_t width) { return part(x, f.K, sequence, head, width); };
  const Part Q = of_queries(f.Q, s.d), dQ = of_queries(f.dQ, s.d), K = of_keys(f.K, s.d), dK = of_keys(f.dK, s.d);
  const Part Y = of_queries(f.Y, s.dv), dY = of_queries(f.dY, s.dv), V = of_keys(f.V, s.dv), dV = of_keys(f.dV, s.dv);
  const Pair pair{s, head, f.Q.begin(sequence), Q.rows, K.rows};
  const int64_t w = padded(s.d), wv = padded(s.dv), whole = (K.rows + key_block - 1) / key_block * key_block;
  const auto take = [&](int64_t size) { return std::exchange(memory, memory + size); };
  float *const kt = take(whole * s.d), *const vt = take(whole * s.dv);
  float *const dq = take(Q.rows * w), *const dk = take(K.rows * w), *const dv = take(K.rows * wv);
  pack_transposed(K, s.scale * log2e, kt), pack_transposed(V, 1, vt);
  const Right k_rows = whole_rows(K, take(K.rows * w)), q_rows = whole_rows(Q, take(Q.rows * w)),
              dy_rows = whole_rows(dY, take(Q.rows * wv));
  std::fill_n(dq, Q.rows * w, 0.0f), std::fill_n(dk, K.rows * w, 0.0f), std::fill_n(dv, K.rows * wv, 0.0f);
  BackwardScratch scratch;
  auto& [p, ds, mask] = scratch;
  for (int64_t q = 0; q < Q.rows; q += query_block) {
    const int64_t queries = std::min(query_block, Q.rows - q), last = s.visible(q + queries - 1, Q.rows, K.rows);
    for (int64_t k = 0; k < last; k += key_block) {
      const int64_t n = std::min(key_block, last - k);
      small_product({Q.row(q), Q.stride, 1}, {kt + k * s.d, key_block}, {p, key_block}, {queries, n, s.d});
      small_product({dY.row(q), dY.stride, 1}, {vt + k * s.dv, key_block}, {ds, key_block}, {queries, n, s.dv});
      for (int64_t i = 0; i < queries; ++i) {
        const int64_t row = pair.first_row + q + i, seen = pair.seen(q + i, k), at = i * key_block;
        if (s.dropout > 0) draw(s, s.counter(row, head), k, seen, mask);
        differentiate(p + at, ds + at, s.dropout > 0 ? mask : nullptr, seen, f.L.data()[row * s.heads + head],
                      row_dot(Y.row(q + i), dY.row(q + i), s.dv), s.scale);
        if (seen < n) std::fill(p + at + seen, p + at + n, 0.0f), std::fill(ds + at + seen, ds + at + n, 0.0f);
      }
      small_product({p, 1, key_block}, dy_rows.from(q), {dv + k * wv, wv, true}, {n, s.dv, queries});
      small_product({ds, 1, key_block}, q_rows.from(q), {dk + k * w, w, true}, {n, s.d, queries});
      small_product({ds, key_block, 1}, k_rows.from(k), {dq + q * w, w, true}, {queries, s.d, n});
    }
  }
  unpack({dq, w}, dQ, 1), unpack({dk, w}, dK, 1), unpack({dv, wv}, dV, 1);
}
int64_t backward_memory(const AttentionSetup& s, int64_t n, int64_t m) {
  const int64_t w = padded(s.d), wv = padded(s.dv);
  return (m + key_block) * (s.d + s.dv) + (2 * n + 2 * m) * w + (n + m) * wv;
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

// A row of Y: one query and head over listed keys; p has room for whole vectors.
void listed_row(const AttentionRows& f, const float* q, int64_t head, const int32_t* list, int64_t n, float* p,
                float* y) {
  const auto& s = f.setup;
  const float *K = f.K.data() + head * s.d, *values = f.V.data() + head * s.dv;
  for (int64_t j = 0; j < n; ++j) p[j] = s.scale * log2e * row_dot(q, K + list[j] * f.K.cols(), s.d);
  float top = nothing, sum = 0;
  if (n > 0) soften(p, n, &top, &sum, nullptr, 0);
  const V scale = all(sum > 0 ? 1 / sum : 0);
  for_vectors(s.dv, [&](int64_t c, int64_t left) {
    V total = hn::Zero(D());
    for (int64_t j = 0; j < n; ++j) total = hn::MulAdd(all(p[j]), load(values + list[j] * f.V.cols() + c, left), total);
    store(hn::Mul(total, scale), y + c, left);
  });
}
void listed(const AttentionRows& f) {
  const auto& s = f.setup;
  int64_t longest = 1;
  for (const auto& list : f.keys) longest = std::max(longest, int64_t(list->size()));
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / (longest * (s.d + s.dv)));
  parallel_for(f.Q.sequences() * s.heads, grain, [&](int64_t begin, int64_t end) {
    const Tensor p(1, padded(longest));
    for (int64_t pair = begin; pair < end; ++pair) {
      const int64_t b = pair / s.heads, head = pair % s.heads, first = f.Q.begin(b), n = f.Q.end(b) - first;
      const auto& list = *f.keys[size_t(b)];
      for (int64_t i = 0; i < n; ++i)
        listed_row(f, f.Q.data() + (first + i) * f.Q.cols() + head * s.d, head, list.data(),
                   s.visible(i, n, int64_t(list.size())), p.data(),
                   f.Y.data() + (first + i) * f.Y.cols() + head * s.dv);
    }
  });
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
HWY_EXPORT(listed);
void forward_cpu(const AttentionForward& f) { HWY_DYNAMIC_DISPATCH(forward)(f); }
void backward_cpu(const AttentionBackward& f) { HWY_DYNAMIC_DISPATCH(backward)(f); }
void listed_cpu(const AttentionRows& f) { HWY_DYNAMIC_DISPATCH(listed)(f); }

}  // namespace

constexpr Kernel<void(const AttentionForward&)> attention_forward{"attention", forward_cpu,
                                                                  ON_CUDA(attention_forward_cuda)};
constexpr Kernel<void(const AttentionBackward&)> attention_backward{"attention backward", backward_cpu,
                                                                    ON_CUDA(attention_backward_cuda)};
constexpr Kernel<void(const AttentionRows&)> attention_listed{"attention_rows", listed_cpu,
                                                              ON_CUDA(attention_listed_cuda)};

}  // namespace stemma
#endif
