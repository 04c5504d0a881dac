// What SIMD kernels share: a vector of floats V, loads and stores that cut the tail of a row, walks over a row, the
// functions of the literature, and Philox. Compiled once for each level, so it has no ordinary include guard.
//
//   for_vectors(n, [&](int64_t i, int64_t left) { store(exp(load(x + i, left)), y + i, left); });
//
// Accuracy, held by simd_test.cc: exp 1.5 ulp, log 2 ulp, sigmoid 3 ulp, tanh 2 ulp, normal 4e-7 of the value.
// NaN in gives NaN out.
#include <hwy/highway.h>

#include <limits>

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
// The sum over a row of the vectors term(i, left); the order depends on n alone.
template <class Term>
HWY_INLINE float sum_vectors(int64_t n, Term&& term) {
  V sum = hn::Zero(D());
  for (int64_t i = 0; i < n; i += lanes()) sum = hn::Add(sum, first_n(term(i, n - i), n - i));
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}
HWY_INLINE float row_sum(const float* x, int64_t n) {
  return sum_vectors(n, [&](int64_t i, int64_t left) { return load(x + i, left); });
}
HWY_INLINE float row_dot(const float* x, const float* y, int64_t n) {
  V sum = hn::Zero(D());
  for_vectors(n, [&](int64_t i, int64_t left) { sum = hn::MulAdd(load(x + i, left), load(y + i, left), sum); });
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}
HWY_INLINE float row_max(const float* x, int64_t n) {  // -infinity when n = 0
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  V most = all(lowest);
  for_vectors(n, [&](int64_t i, int64_t left) { most = hn::Max(most, first_n(load(x + i, left), left, lowest)); });
  return hn::GetLane(hn::MaxOfLanes(D(), most));
}

// ---- functions ------------------------------------------------------------------------------------------------------
HWY_INLINE V exp(V x) {
  const V y = hn::Exp(D(), hn::Min(x, all(104)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}
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
struct Wide {
  VU low, high;
};
HWY_INLINE Wide multiply_wide(VU a, uint32_t constant) {
#if HWY_TARGET == HWY_SCALAR
  const uint64_t product = uint64_t{hn::GetLane(a)} * constant;
  return {.low = hn::Set(DU(), uint32_t(product)), .high = hn::Set(DU(), uint32_t(product >> 32))};
#else
  const hn::Repartition<uint64_t, DU> d64;
  const VU b = hn::Set(DU(), constant);
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(DU(), hn::ShiftRight<32>(hn::BitCast(d64, a))), b);
  return {.low = hn::OddEven(hn::BitCast(DU(), hn::ShiftLeft<32>(odd)), hn::BitCast(DU(), even)),
          .high = hn::OddEven(hn::BitCast(DU(), odd), hn::BitCast(DU(), hn::ShiftRight<32>(even)))};
#endif
}
struct Random4 {
  VU bits[4];
};
HWY_INLINE Random4 philox(uint64_t key, uint64_t first, uint32_t stride = 1) {
  const VU start = hn::Set(DU(), uint32_t(first));
  VU c0 = hn::Add(start, hn::Mul(hn::Iota(DU(), 0), hn::Set(DU(), stride))), c1 = hn::Set(DU(), uint32_t(first >> 32));
  c1 = hn::Sub(c1, hn::VecFromMask(DU(), hn::Lt(c0, start)));  // the carry: a mask is -1
  VU c2 = hn::Zero(DU()), c3 = c2;
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const Wide p0 = multiply_wide(c0, 0xD2511F53), p1 = multiply_wide(c2, 0xCD9E8D57);
    c0 = hn::Xor(hn::Xor(p1.high, c1), hn::Set(DU(), k0)), c2 = hn::Xor(hn::Xor(p0.high, c3), hn::Set(DU(), k1));
    c1 = p1.low, c3 = p0.low;
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
