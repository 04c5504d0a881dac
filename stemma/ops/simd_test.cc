// The shared SIMD functions, at every level: accuracy against double, edges, and the random numbers against the scalar.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/simd_test.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

V value(int function, V x) {
  switch (function) {
    case 0:
      return exp(x);
    case 1:
      return log(x);
    case 2:
      return sigmoid(x);
    case 3:
      return tanh(x);
    case 4:
      return normal(x).cdf;
    default:
      return normal(x).density;
  }
}
void evaluate(int function, const float* x, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, int64_t left) { store(value(function, load(x + i, left)), y + i, left); });
}
void round_trip(const float* x, bf16* y, float* z, int64_t n) {
  for_vectors(n, [&](int64_t i, int64_t left) { store(load(x + i, left), y + i, left); });
  for_vectors(n, [&](int64_t i, int64_t left) { store(load(y + i, left), z + i, left); });
}
int64_t level() { return HWY_TARGET; }
void random_bits(uint64_t key, uint64_t first, int64_t blocks, uint32_t* out) {  // [blocks, 4]
  HWY_ALIGN uint32_t lane[HWY_MAX_BYTES / 4];
  for (int64_t at = 0; at < blocks; at += lanes()) {
    const auto random = philox(key, first + uint64_t(at));
    for (int64_t j = 0; j < 4; ++j) {
      hn::Store(random.bits[j], DU(), lane);
      for (int64_t i = 0; i < std::min(lanes(), blocks - at); ++i) out[(at + i) * 4 + j] = lane[i];
    }
  }
}
void row_facts(const float* x, int64_t n, float* out) {
  out[0] = row_sum(x, n), out[1] = row_dot(x, x, n), out[2] = row_max(x, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <limits>

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

HWY_EXPORT(evaluate);
HWY_EXPORT(round_trip);
HWY_EXPORT(level);
HWY_EXPORT(random_bits);
HWY_EXPORT(row_facts);

constexpr float infinity = std::numeric_limits<float>::infinity();

float evaluated(int function, float x) {
  float y = 0;
  HWY_DYNAMIC_DISPATCH(evaluate)(function, &x, &y, 1);
  return y;
}
double ulps(float found, double wanted) {  // distance in units of the last place of `wanted`
  const float near = std::abs(float(wanted));
  return std::abs(double(found) - wanted) / double(std::nextafter(near, infinity) - near);
}
double worst_ulps(int function, float low, float high, double (*exact)(double)) {
  std::vector<float> x, y;
  for (int64_t i = 0; i <= 200001; ++i) x.push_back(low + (high - low) * float(i) / 200001);
  y.resize(x.size());
  HWY_DYNAMIC_DISPATCH(evaluate)(function, x.data(), y.data(), int64_t(x.size()));
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(y[i], exact(x[i])));
  return worst;
}

TEST(Simd, EachLevelIsReached) {
  std::vector<int64_t> levels;
  at_each_level([&] { levels.push_back(HWY_DYNAMIC_DISPATCH(level)()); });
  EXPECT_EQ(levels, hwy::SupportedAndGeneratedTargets());
}

TEST(Simd, FunctionsAreAccurate) {
  at_each_level([] {
    EXPECT_LE(worst_ulps(0, -87, 88, [](double x) { return std::exp(x); }), 1.5);
    EXPECT_LE(worst_ulps(1, 1e-6f, 2, [](double x) { return std::log(x); }), 2);
    EXPECT_LE(worst_ulps(1, 2, 1e6f, [](double x) { return std::log(x); }), 2);
    EXPECT_LE(worst_ulps(2, -80, 80, [](double x) { return 1 / (1 + std::exp(-x)); }), 3);
    EXPECT_LE(worst_ulps(3, -10, 10, [](double x) { return std::tanh(x); }), 2);
    EXPECT_LE(worst_ulps(3, -0.7f, 0.7f, [](double x) { return std::tanh(x); }), 2);
    EXPECT_LE(worst_ulps(3, -1e-6f, 1e-6f, [](double x) { return std::tanh(x); }), 1);
    EXPECT_LE(worst_ulps(4, -1, 9, [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }), 8);
    EXPECT_LE(worst_ulps(5, -1, 1, [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * M_PI); }), 4);
  });
}

TEST(Simd, FunctionsKeepNanAndInfinity) {
  at_each_level([] {
    const float nan = std::nanf("");
    for (int f = 0; f < 6; ++f) EXPECT_TRUE(std::isnan(evaluated(f, nan))) << f;
    EXPECT_EQ(evaluated(0, infinity), infinity);
    EXPECT_EQ(evaluated(0, 1e30f), infinity);
    EXPECT_EQ(evaluated(0, -infinity), 0);
    EXPECT_EQ(evaluated(0, 0), 1);
    EXPECT_EQ(evaluated(1, 0), -infinity);
    EXPECT_EQ(evaluated(1, infinity), infinity);
    EXPECT_TRUE(std::isnan(evaluated(1, -1)));
    for (const int f : {2, 4}) EXPECT_EQ(evaluated(f, -infinity), 0) << f;
    for (const int f : {2, 3, 4}) EXPECT_EQ(evaluated(f, infinity), 1) << f;
    EXPECT_EQ(evaluated(3, -infinity), -1);
  });
}

TEST(Simd, BrainFloatsRoundAsTheScalar) {
  std::vector<float> x{0, -0.0f, 1, 1.00390625f, 1.01171875f, 3.4e38f, infinity, -infinity, std::nanf(""), 1e-40f};
  for (const double v : random_matrix(1, 200, 3).v) x.push_back(float(v));
  at_each_level([&] {
    std::vector<bf16> y(x.size());
    std::vector<float> z(x.size());
    HWY_DYNAMIC_DISPATCH(round_trip)(x.data(), y.data(), z.data(), int64_t(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(y[i].bits, bf16(x[i]).bits) << x[i];
      EXPECT_EQ(std::bit_cast<uint32_t>(z[i]), uint32_t(y[i].bits) << 16);
    }
  });
}

TEST(Simd, RowsOfAnyLength) {
  at_each_level([] {
    for (int64_t n = 0; n < 70; ++n) {
      const auto m = random_matrix(1, n, uint64_t(n) + 1);
      const std::vector<float> x(m.v.begin(), m.v.end());
      double sum = 0, dot = 0, max = -infinity;
      for (const double v : m.v) sum += v, dot += v * v, max = std::max(max, v);
      float found[3];
      HWY_DYNAMIC_DISPATCH(row_facts)(x.data(), n, found);
      EXPECT_NEAR(found[0], sum, 1e-5);
      EXPECT_NEAR(found[1], dot, 1e-4);
      EXPECT_EQ(found[2], float(max));
    }
  });
}

TEST(Simd, PhiloxIsTheScalarOne) {
  at_each_level([] {
    for (const uint64_t first : {uint64_t{0}, uint64_t{0xFFFFFFFD}, uint64_t{0x123456789ABCDEF0}, ~uint64_t{0} - 3}) {
      uint32_t out[20][4];
      HWY_DYNAMIC_DISPATCH(random_bits)(0xDEADBEEFCAFE, first, 20, out[0]);
      for (uint64_t i = 0; i < 20; ++i) {
        const auto wanted = philox(0xDEADBEEFCAFE, first + i);
        for (size_t j = 0; j < 4; ++j) EXPECT_EQ(out[i][j], wanted[j]);
      }
    }
  });
}

}  // namespace
}  // namespace stemma
#endif
