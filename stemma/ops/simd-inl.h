// What SIMD kernels share: a vector of floats V, loads and stores that cut the tail of a row, walks over a row, the
// functions of the literature, and Philox. Compiled once for each level, so it has no ordinary include guard.
//
//   for_vectors(n, [&](int64_t i, int64_t left) { store(exp(load(x + i, left)), y + i, left); });
//
// Accuracy, held by simd_test.cc: exp 1.5 ulp, log 2 ulp, sigmoid 3 ulp, tanh 2 ulp, normal 4e-7 of the value.
// NaN in gives NaN out.
#include <hwy/highway.h>

#include <limits>

#include "stemma/base/random.h"
#include "stemma/tensor/tensor.h"

#if defined(STEMMA_OPS_SIMD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_SIMD_INL_H
#undef STEMMA_OPS_SIMD_INL_H
#else
#define STEMMA_OPS_SIMD_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using DU = hn::RebindToUnsigned<D>;
using VU = hn::Vec<DU>;
HWY_INLINE int64_t lanes() { return int64_t(hn::Lanes(D())); }
HWY_INLINE V all(float value) { return hn::Set(D(), value); }

// ---- memory: of `left` elements, as many as a vector holds; lanes past them read as `fill` --------------------------
HWY_INLINE V first_n(V v, int64_t left, float fill = 0) {
  return left >= lanes() ? v : hn::IfThenElse(hn::FirstN(D(), size_t(left)), v, all(fill));
}
HWY_INLINE V load(const float* p, int64_t left) {
  return left >= lanes() ? hn::LoadU(D(), p) : hn::MaskedLoad(hn::FirstN(D(), size_t(left)), D(), p);
}
HWY_INLINE void store(V v, float* p, int64_t left) {
  if (left >= lanes())
    hn::StoreU(v, D(), p);
  else
    hn::BlendedStore(v, hn::FirstN(D(), size_t(left)), D(), p);
}
HWY_INLINE void add_to(float* p, V v, int64_t left) { store(hn::Add(load(p, left), v), p, left); }

using Half = hn::Rebind<uint16_t, D>;
HWY_INLINE V load(const bf16* p, int64_t left) {
  const auto* bits = reinterpret_cast<const uint16_t*>(p);
  if (left < lanes()) {
    HWY_ALIGN uint16_t cut[HWY_MAX_BYTES / 4] = {};
    for (int64_t i = 0; i < left; ++i) cut[i] = bits[i];
    return hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(DU(), hn::LoadU(Half(), cut))));
  }
  return hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(DU(), hn::LoadU(Half(), bits))));
}
HWY_INLINE void store(V v, bf16* p, int64_t left) {  // rounds to nearest even, as bf16(float)
  const VU u = hn::BitCast(DU(), v), high = hn::ShiftRight<16>(u);
  const VU even = hn::Add(hn::Add(u, hn::Set(DU(), 0x7FFF)), hn::And(high, hn::Set(DU(), 1)));
  const VU quiet = hn::Or(high, hn::Set(DU(), 0x40));
  const VU bits = hn::IfThenElse(hn::RebindMask(DU(), hn::IsNaN(v)), quiet, hn::ShiftRight<16>(even));
  const auto half = hn::DemoteTo(Half(), hn::BitCast(hn::RebindToSigned<DU>(), bits));
  auto* to = reinterpret_cast<uint16_t*>(p);
  if (left >= lanes()) return hn::StoreU(half, Half(), to);
  HWY_ALIGN uint16_t cut[HWY_MAX_BYTES / 4];
  hn::StoreU(half, Half(), cut);
  for (int64_t i = 0; i < left; ++i) to[i] = cut[i];
}

// ---- walks over a row of n elements ---------------------------------------------------------------------------------
// f(i, left) for i = 0, lanes, 2 lanes, ...; left = n - i.
template <class F>
HWY_INLINE void for_vectors(int64_t n, F&& f) {
  for (int64_t i = 0; i < n; i += lanes()) f(i, n - i);
}
// Folds the vectors term(i, left) of a row with f, begun from `fill`; lanes past the row read as `fill`. Four folds
// apart, so that none waits for the one before; the order depends on n alone.
template <class F, class Term>
HWY_INLINE V fold_vectors(int64_t n, float fill, F&& f, Term&& term) {
  V a = all(fill), b = a, c = a, d = a;
  const int64_t w = lanes();
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    a = f(a, term(i, w)), b = f(b, term(i + w, w));
    c = f(c, term(i + 2 * w, w)), d = f(d, term(i + 3 * w, w));
  }
  for (; i < n; i += w) a = f(a, first_n(term(i, n - i), n - i, fill));
  return f(f(a, b), f(c, d));
}
template <class Term>
HWY_INLINE float sum_vectors(int64_t n, Term&& term) {
  const auto add = [](V a, V b) { return hn::Add(a, b); };
  return hn::GetLane(hn::SumOfLanes(D(), fold_vectors(n, 0, add, term)));
}
HWY_INLINE float row_sum(const float* x, int64_t n) {
  return sum_vectors(n, [&](int64_t i, int64_t left) { return load(x + i, left); });
}
HWY_INLINE float row_dot(const float* x, const float* y, int64_t n) {
  return sum_vectors(n, [&](int64_t i, int64_t left) { return hn::Mul(load(x + i, left), load(y + i, left)); });
}
// out[i] = the sum of v[i], i < 4.
HWY_INLINE void sums_of_four(const V* v, float* out) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t i = 0; i < 4; ++i) out[i] = hn::GetLane(v[i]);
#else
  const D d;
  const hn::FixedTag<float, 4> four;
  const hn::Repartition<double, D> pairs;
  const V ab = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const V ce = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto low = hn::InterleaveLower(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
  const auto high = hn::InterleaveUpper(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
  const V sums = hn::Add(hn::BitCast(d, low), hn::BitCast(d, high));  // in every four lanes, one of each vector
  float lanes_of[hn::MaxLanes(D())];
  hn::StoreU(sums, d, lanes_of);
  auto total = hn::LoadU(four, lanes_of);
  for (int64_t i = 4; i < lanes(); i += 4) total = hn::Add(total, hn::LoadU(four, lanes_of + i));
  hn::StoreU(total, four, out);
#endif
}
HWY_INLINE float row_max(const float* x, int64_t n) {  // -infinity when n = 0
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  const auto most = [](V a, V b) { return hn::Max(a, b); };
  const V v = fold_vectors(n, lowest, most, [&](int64_t i, int64_t left) { return load(x + i, left); });
  return hn::GetLane(hn::MaxOfLanes(D(), v));
}

// ---- functions ------------------------------------------------------------------------------------------------------
#if HWY_TARGET == HWY_AVX3
// e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2; e^r = 1 + r + r^2 q(r), q fitted to a relative error of 4e-9.
// The bounds are where the result is 0 and infinity; Min and Max give their second operand for NaN.
HWY_INLINE V exp(V x) {
  x = hn::Max(all(-105), hn::Min(all(90), x));
  const V n = hn::Round(hn::Mul(x, all(1.44269504f)));
  const V r = hn::NegMulAdd(n, all(-2.12194440e-4f), hn::NegMulAdd(n, all(0.693359375f), x));  // ln 2 in two parts
  V q = hn::MulAdd(all(0.00138131424f), r, all(0.0083694188f));
  q = hn::MulAdd(q, r, all(0.0416684560f));
  q = hn::MulAdd(q, r, all(0.166665152f));
  q = hn::MulAdd(q, r, all(0.49999994f));
  return V{_mm512_scalef_ps(hn::Add(hn::MulAdd(q, hn::Mul(r, r), r), all(1)).raw, n.raw)};
}
#else
HWY_INLINE V exp(V x) {
  const V y = hn::Exp(D(), hn::Min(x, all(104)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}
#endif
HWY_INLINE V log(V x) {  // log 0 = -infinity, log of a negative number = NaN
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const V y = hn::IfThenElse(hn::Eq(x, hn::Zero(D())), all(-infinity), hn::Log(D(), x));
  const V edge = hn::IfThenElse(hn::Lt(x, hn::Zero(D())), hn::NaN(D()), x);  // also NaN and +infinity as they are
  return hn::IfThenElse(hn::And(hn::Ge(x, hn::Zero(D())), hn::Lt(x, all(infinity))), y, edge);
}
HWY_INLINE V sigmoid(V x) {
  const V one = all(1);
  return hn::Div(one, hn::Add(one, exp(hn::Neg(x))));
}
// Near zero x + x^3 p(x^2), the polynomial of Cephes' tanhf; elsewhere 1 - 2 / (e^2|x| + 1) with the sign of x.
HWY_INLINE V tanh(V x) {
  const V z = hn::Mul(x, x), size = hn::Abs(x);
  V p = hn::MulAdd(all(-5.70498872745e-3f), z, all(2.06390887954e-2f));
  p = hn::MulAdd(p, z, all(-5.37397155531e-2f));
  p = hn::MulAdd(p, z, all(1.33314422036e-1f));
  p = hn::MulAdd(p, z, all(-3.33332819422e-1f));
  const V near = hn::MulAdd(hn::Mul(x, z), p, x);
  const V far = hn::Sub(all(1), hn::Div(all(2), hn::Add(exp(hn::Add(size, size)), all(1))));
  return hn::IfThenElse(hn::Lt(size, all(0.625f)), near, hn::CopySign(far, x));
}

// The standard normal distribution: cdf = Phi(x), density = exp(-x^2 / 2) / sqrt(2 pi). The tail is
// Phi(-|x|) = exp(-x^2 / 2) p(t) with t = 1 / (1 + 0.3 |x|) (the form of Hastings 1955), p fitted by least squares to a
// relative error of 2e-7.
struct Normal {
  V cdf, density;
};
HWY_INLINE Normal normal(V x) {
  constexpr float p[] = {0.035674755f, -0.15720299f, 0.20635332f, -0.053683452f,
                         0.12856151f,  0.09991353f,  0.12075395f, 0.1196293f};
  const V t = hn::Div(all(1), hn::MulAdd(hn::Abs(x), all(0.3f), all(1)));
  const V bell = exp(hn::Mul(hn::Mul(x, x), all(-0.5f)));
  V sum = all(p[0]);
  for (int i = 1; i < 8; ++i) sum = hn::MulAdd(sum, t, all(p[i]));
  const V tail = hn::Mul(bell, hn::Mul(sum, t));
  return {.cdf = hn::IfThenElse(hn::Lt(x, hn::Zero(D())), tail, hn::Sub(all(1), tail)),
          .density = hn::Mul(bell, all(0.3989422804f))};
}

// ---- Philox4x32-10 (base/random.h) ----------------------------------------------------------------------------------
// The four numbers of the counters first, first + stride, ..., one counter in each lane.
struct Random4 {
  VU bits[4];
};
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE Random4 philox(uint64_t key, uint64_t first, uint32_t = 1) {
  const auto block = stemma::philox(key, first);
  return {{hn::Set(DU(), block[0]), hn::Set(DU(), block[1]), hn::Set(DU(), block[2]), hn::Set(DU(), block[3])}};
}
#else
// Every other counter, each in the low half of 64 bits: products fill both halves, and the high one is never read.
struct EveryOther {
  using D64 = hn::Repartition<uint64_t, DU>;
  hn::Vec<D64> c0, c1, c2, c3;
  HWY_INLINE EveryOther(uint64_t first, uint32_t stride)
      : c0(hn::Add(hn::Set(D64(), first), hn::MulEven(hn::BitCast(DU(), hn::Iota(D64(), 0)), hn::Set(DU(), stride)))),
        c1(hn::ShiftRight<32>(c0)),
        c2(hn::Zero(D64())),
        c3(c2) {}
  HWY_INLINE void round(uint32_t k0, uint32_t k1) {
    const auto p0 = hn::MulEven(hn::BitCast(DU(), c0), hn::Set(DU(), 0xD2511F53));
    const auto p1 = hn::MulEven(hn::BitCast(DU(), c2), hn::Set(DU(), 0xCD9E8D57));
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(D64(), k0)), c1 = p1;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(D64(), k1)), c3 = p0;
  }
};
HWY_INLINE Random4 philox(uint64_t key, uint64_t first, uint32_t stride = 1) {
  EveryOther even(first, 2 * stride), odd(first + stride, 2 * stride);
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int i = 0; i < 10; ++i) {
    even.round(k0, k1), odd.round(k0, k1);
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  const auto merged = [](auto e, auto o) {
    return hn::OddEven(hn::BitCast(DU(), hn::ShiftLeft<32>(o)), hn::BitCast(DU(), e));
  };
  return {{merged(even.c0, odd.c0), merged(even.c1, odd.c1), merged(even.c2, odd.c2), merged(even.c3, odd.c3)}};
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
