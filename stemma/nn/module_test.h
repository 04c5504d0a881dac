// For tests only: modules and rows of random numbers, the property "steps = whole sequence", gradients of modules.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "stemma/nn/state.h"

namespace stemma {

// Initial values, and normal noise where they would be all zeros or all ones.
inline void randomise(const std::function<void(const ParamFn&)>& walk_all, uint64_t seed = 1) {
  initialise(walk_all, seed);
  Random rng{seed};
  walk_all([&](const std::string&, Param& p) {
    if (p.init.kind != Init::zeros && p.init.kind != Init::ones) return;
    for (int64_t i = 0; i < p.w.size(); ++i) p.w.data()[i] += 0.3f * rng.normal();
  });
}
template <HasFields M>
M randomised(M module, uint64_t seed = 1) {
  randomise([&](const ParamFn& f) { walk("", module, f); }, seed);
  return module;
}

inline Tensor random_rows(const std::vector<int64_t>& lengths, int64_t width, uint64_t seed = 1) {
  const auto splits = splits_of_lengths(lengths);
  Tensor x(splits->back(), width, Type::f32, splits);
  Random rng{seed};
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = rng.normal();
  return x;
}
inline Tensor random_ids(const std::vector<int64_t>& lengths, int64_t vocabulary, uint64_t seed = 1) {
  const auto splits = splits_of_lengths(lengths);
  Random rng{seed};
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < splits->back(); ++i) ids.push_back(int32_t(rng.below(uint64_t(vocabulary))));
  return Tensor::ids(ids, splits);
}

// Sequences `which` of x, in that order.
inline Tensor pick(const Tensor& x, const std::vector<int64_t>& which) {
  std::vector<int64_t> index, lengths;
  for (const int64_t b : which) {
    for (int64_t i = x.begin(b); i < x.end(b); ++i) index.push_back(i);
    lengths.push_back(x.end(b) - x.begin(b));
  }
  return gather(x, index, splits_of_lengths(lengths));
}

// The largest difference; infinite when the shapes differ or one has a number where the other has none.
inline double gap(const Tensor& a, const Tensor& b) {
  if (!a || !b || !a.same_shape(b)) return INFINITY;
  double worst = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(double(a.data()[i]) - double(b.data()[i]));
    worst = std::isnan(d) ? INFINITY : std::max(worst, d);
  }
  return worst;
}
inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a && b && a.same_shape(b) && std::memcmp(a.raw(), b.raw(), size_t(a.bytes())) == 0;
}

// How far f(x, state) on whole sequences is from f on pieces of n rows, each continuing where the one before ended.
// The last states count as well: by what follows from them.
template <class State, class F>
double step_gap(F&& f, const Tensor& x, const State& start, int64_t n) {
  State whole = start, stepped = start;
  const Tensor y = f(x, whole);
  double worst = 0;
  for (int64_t k = 0;; k += n) {
    std::vector<int64_t> index, lengths;
    for (int64_t b = 0; b < x.sequences(); ++b) {
      const int64_t begin = std::min(x.begin(b) + k, x.end(b)), end = std::min(begin + n, x.end(b));
      for (int64_t i = begin; i < end; ++i) index.push_back(i);
      lengths.push_back(end - begin);
    }
    if (index.empty()) break;
    worst = std::max(worst, gap(f(gather(x, index, splits_of_lengths(lengths)), stepped), gather(y, index)));
  }
  return std::max(worst, gap(f(x, whole), f(x, stepped)));
}

// The greatest gap between f(x) of all sequences and f of each alone or in another order; f(pick) gives ragged rows.
template <class F>
double batch_gap(F&& f, int64_t sequences) {
  std::vector<int64_t> all, other;
  for (int64_t b = 0; b < sequences; ++b) all.push_back(b), other.insert(other.begin() + b / 2, b);
  const Tensor y = f(all);
  double worst = gap(f(other), pick(y, other));
  for (int64_t b = 0; b < sequences; ++b) worst = std::max(worst, gap(f(std::vector<int64_t>{b}), pick(y, {b})));
  return worst;
}

struct GradientCheck {
  double step = 1e-2, tolerance = 2e-3;  // relative to the greatest gradient of the parameter, at least 1
  int entries = 20;                      // of each parameter, drawn at random
  std::vector<std::string> vanishing{};  // parameters whose gradient is zero by the equations
};

// The gradient of sum(weights * f()) against central differences of fourth order.
inline void check_gradients(const Params& params, const std::function<Tensor()>& f, const GradientCheck& how = {}) {
  for (const auto& p : params) clear_grad(p.w);
  const Tensor y = f(), weights = random_rows({y.rows()}, y.cols(), 99);
  backward(y, weights);
  const auto loss_at = [&](float& x, double value) {
    const NoGrad off;
    const float before = std::exchange(x, float(value));
    const Tensor z = f();
    x = before;
    double sum = 0;
    for (int64_t i = 0; i < z.size(); ++i) sum += double(z.data()[i]) * double(weights.data()[i]);
    return sum;
  };
  Random rng{5};
  for (const auto& [name, w] : params) {
    const Tensor g = grad(w);
    ASSERT_TRUE(bool(g)) << name << " has no gradient";
    const double largest = gap(g, Tensor::zeros(g.rows(), g.cols())), h = how.step;
    const bool vanishes = std::find(how.vanishing.begin(), how.vanishing.end(), name) != how.vanishing.end();
    EXPECT_EQ(largest < 1e-5, vanishes) << name << "'s greatest gradient is " << largest;
    for (int k = 0; k < how.entries; ++k) {
      const auto i = int64_t(rng.below(uint64_t(w.size())));
      float& x = w.data()[i];
      const double near = loss_at(x, x + h) - loss_at(x, x - h), far = loss_at(x, x + 2 * h) - loss_at(x, x - 2 * h);
      const double wanted = (8 * near - far) / (12 * h);
      EXPECT_NEAR(g.data()[i], wanted, how.tolerance * std::max({largest, std::abs(wanted), 1.0}))
          << name << ", element " << i << " of " << w.size();
    }
  }
}

}  // namespace stemma
