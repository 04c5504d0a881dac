#include "stemma/ops/update.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/tensor/kernel.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/update.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

template <class F>
void for_elements(int64_t n, F&& f) {
  parallel_for(n, element_grain, [&](int64_t begin, int64_t end) {
    for_vectors(end - begin, [&](int64_t i, int64_t left) { f(begin + i, left); });
  });
}

void sgd(const Tensor& w_, const Tensor& g_, const Tensor& m_, const SgdStep& s) {
  float *const w = w_.data(), *const m = m_ ? m_.data() : nullptr;
  const float* const g = g_.data();
  const V scale = all(float(s.grad_scale)), decay = all(float(s.weight_decay)), lr = all(float(s.lr));
  const V momentum = all(float(s.momentum));
  for_elements(w_.size(), [&](int64_t i, int64_t left) {
    const V x = load(w + i, left), gradient = hn::MulAdd(decay, x, hn::Mul(scale, load(g + i, left)));
    V step = gradient;
    if (m) {
      const V gathered = hn::MulAdd(momentum, load(m + i, left), gradient);
      store(gathered, m + i, left);
      step = s.nesterov ? hn::MulAdd(momentum, gathered, gradient) : gathered;
    }
    store(hn::NegMulAdd(lr, step, x), w + i, left);
  });
}

void adam(const Tensor& w_, const Tensor& g_, const Tensor& m_, const Tensor& v_, const AdamStep& s) {
  float *const w = w_.data(), *const m = m_.data(), *const v = v_.data();
  const float* const g = g_.data();
  const V beta1 = all(float(s.beta1)), rest1 = all(float(1 - s.beta1));
  const V beta2 = all(float(s.beta2)), rest2 = all(float(1 - s.beta2));
  const V rate = all(float(s.lr / (1 - std::pow(s.beta1, double(s.t)))));
  const V root = all(float(1 / std::sqrt(1 - std::pow(s.beta2, double(s.t))))), eps = all(float(s.eps));
  const V scale = all(float(s.grad_scale)), coupled = all(float(s.decoupled ? 0 : s.weight_decay));
  const V keep = all(float(s.decoupled ? 1 - s.lr * s.weight_decay : 1));
  for_elements(w_.size(), [&](int64_t i, int64_t left) {
    const V x = load(w + i, left), gradient = hn::MulAdd(coupled, x, hn::Mul(scale, load(g + i, left)));
    const V first = hn::MulAdd(beta1, load(m + i, left), hn::Mul(rest1, gradient));
    const V second = hn::MulAdd(beta2, load(v + i, left), hn::Mul(rest2, hn::Mul(gradient, gradient)));
    store(first, m + i, left);
    store(second, v + i, left);
    const V step = hn::Div(hn::Mul(rate, first), hn::MulAdd(hn::Sqrt(second), root, eps));
    store(hn::Sub(hn::Mul(keep, x), step), w + i, left);
  });
}

void move_average(const Tensor& average, const Tensor& w, double decay) {
  const V keep = all(float(decay)), rest = all(float(1 - decay));
  float* const a = average.data();
  const float* const x = w.data();
  for_elements(w.size(), [&](int64_t i, int64_t left) {
    store(hn::MulAdd(keep, load(a + i, left), hn::Mul(rest, load(x + i, left))), a + i, left);
  });
}

double squares(const Tensor& x) {
  constexpr int64_t block = 1024;  // summed in f32, the blocks in double
  std::vector<double> sums(size_t(pieces(x.size(), block)));
  const float* const v = x.data();
  parallel_for(int64_t(sums.size()), element_grain / block, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      sums[size_t(b)] = row_dot(v + b * block, v + b * block, std::min(block, x.size() - b * block));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

// ---- Adafactor ------------------------------------------------------------------------------------------------------
// col = (1 - rate) col + rate (mean over the rows of g^2)
void blend_columns(const Tensor& g, const Tensor& col, float scale, float rate) {
  const int64_t rows = g.rows(), cols = g.cols();
  parallel_for(cols, std::max<int64_t>(64, row_grain(rows)), [&](int64_t begin, int64_t end) {
    std::vector<float> sums(size_t(end - begin));
    for (int64_t i = 0; i < rows; ++i)
      for_vectors(end - begin, [&](int64_t j, int64_t left) {
        const V v = hn::Mul(all(scale), load(g.data() + i * cols + begin + j, left));
        store(hn::MulAdd(v, v, load(&sums[size_t(j)], left)), &sums[size_t(j)], left);
      });
    for (int64_t j = begin; j < end; ++j)
      col.data()[j] += rate * (sums[size_t(j - begin)] / float(rows) - col.data()[j]);
  });
}
void blend_rows(const Tensor& g, const Tensor& row, float scale, float rate) {
  const int64_t cols = g.cols();
  parallel_for(g.rows(), row_grain(cols), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* const x = g.data() + i * cols;
      row.data()[i] += rate * (scale * scale * row_dot(x, x, cols) / float(cols) - row.data()[i]);
    }
  });
}

// The update of a row, before its size is known: g / sqrt(v), v = share * col.
struct Estimate {
  float scale, least;
  HWY_INLINE V update(const float* g, const float* col, float share, int64_t left) const {
    const V v = hn::Max(hn::Mul(all(share), load(col, left)), all(least));
    return hn::Div(hn::Mul(all(scale), load(g, left)), hn::Sqrt(v));
  }
};

void adafactor(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep& s) {
  const int64_t rows = w.rows(), cols = w.cols();
  const double t = double(s.t), rate = std::pow(t, s.beta2_decay);
  const double size = std::max(s.eps2, std::sqrt(squares(w) / double(w.size())));
  const double lr = s.relative ? size * std::min(s.lr, 1 / std::sqrt(t)) : s.lr;
  blend_columns(g, col, float(s.grad_scale), float(rate));
  double mean = 1;
  if (row) {
    blend_rows(g, row, float(s.grad_scale), float(rate));
    mean = std::max(std::accumulate(row.data(), row.data() + rows, 0.0) / double(rows), s.eps1);
  }
  const Estimate estimate{float(s.grad_scale), float(s.eps1)};
  const auto share = [&](int64_t i) { return row ? float(row.data()[i] / mean) : 1.0f; };
  std::vector<double> sums(static_cast<size_t>(rows));
  const auto each_row = [&](auto&& f) {
    parallel_for(rows, row_grain(cols), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) f(i, w.data() + i * cols, g.data() + i * cols);
    });
  };
  each_row([&](int64_t i, float*, const float* from) {
    sums[size_t(i)] = sum_vectors(cols, [&](int64_t j, int64_t left) {
      const V u = estimate.update(from + j, col.data() + j, share(i), left);
      return hn::Mul(u, u);
    });
  });
  const double rms = std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0) / double(w.size()));
  const V step = all(float(lr / std::max(1.0, rms / s.clip))), keep = all(float(1 - s.lr * s.weight_decay));
  each_row([&](int64_t i, float* to, const float* from) {
    for_vectors(cols, [&](int64_t j, int64_t left) {
      const V u = estimate.update(from + j, col.data() + j, share(i), left);
      store(hn::NegMulAdd(step, u, hn::Mul(keep, load(to + j, left))), to + j, left);
    });
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(sgd);
HWY_EXPORT(adam);
HWY_EXPORT(adafactor);
HWY_EXPORT(squares);
HWY_EXPORT(move_average);
void sgd_cpu(const Tensor& w, const Tensor& g, const Tensor& momentum, const SgdStep& step) {
  HWY_DYNAMIC_DISPATCH(sgd)(w, g, momentum, step);
}
void adam_cpu(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const AdamStep& step) {
  HWY_DYNAMIC_DISPATCH(adam)(w, g, m, v, step);
}
void adafactor_cpu(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep& step) {
  HWY_DYNAMIC_DISPATCH(adafactor)(w, g, row, col, step);
}
double squares_cpu(const Tensor& x) { return HWY_DYNAMIC_DISPATCH(squares)(x); }
void move_average_cpu(const Tensor& average, const Tensor& w, double decay) {
  HWY_DYNAMIC_DISPATCH(move_average)(average, w, decay);
}
constexpr Kernel<void(const Tensor& w, const Tensor& g, const Tensor& momentum, const SgdStep&)> sgd_kernel{
    "sgd", sgd_cpu, ON_CUDA(sgd_cuda)};
constexpr Kernel<void(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const AdamStep&)> adam_kernel{
    "adam", adam_cpu, ON_CUDA(adam_cuda)};
constexpr Kernel<void(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep&)>
    adafactor_kernel{"adafactor", adafactor_cpu, ON_CUDA(adafactor_cuda)};
constexpr Kernel<double(const Tensor& x)> squares_kernel{"sum_of_squares", squares_cpu, ON_CUDA(squares_cuda)};
constexpr Kernel<void(const Tensor& average, const Tensor& w, double decay)> move_average_kernel{
    "move_average", move_average_cpu, ON_CUDA(move_average_cuda)};

void check_shape(const char* what, const Tensor& w, const Tensor& x) {
  check(x.same_shape(w), what, " of ", x, " for weights ", w);
}

}  // namespace

void sgd(const Tensor& w, const Tensor& g, const Tensor& momentum, const SgdStep& step) {
  check_shape("gradient", w, g);
  if (momentum) check_shape("momentum", w, momentum);
  sgd_kernel(w, g, momentum, step);
}
void adam(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const AdamStep& step) {
  check_shape("gradient", w, g), check_shape("first moment", w, m), check_shape("second moment", w, v);
  check(step.t >= 1, "Adam: steps are numbered from 1, not ", step.t);
  adam_kernel(w, g, m, v, step);
}
void adafactor(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep& step) {
  check_shape("gradient", w, g);
  check(row ? row.rows() == w.rows() && row.cols() == 1 : w.rows() == 1, "row state ", row, " for weights ", w);
  check(col.rows() == 1 && col.cols() == w.cols(), "column state ", col, " for weights ", w);
  check(step.t >= 1, "Adafactor: steps are numbered from 1, not ", step.t);
  if (w.size() > 0) adafactor_kernel(w, g, row, col, step);
}
double sum_of_squares(const Tensor& x) { return squares_kernel(x); }
void move_average(const Tensor& average, const Tensor& w, double decay) {
  check_shape("average", w, average);
  move_average_kernel(average, w, decay);
}

}  // namespace stemma
#endif
