// cross_entropy    z = x W^T + b,  log p = z - log sum e^z,  loss_i = -(1 - e) log p(y_i) - e / V sum_v log p(v)
//   dz = p - (1 - e) [v = y_i] - e / V;  dx = dz W;  dW = dz^T x;  db = sum of the rows of dz
// A block of rows at a time. While recording, a block's gradients are taken at once, so that its logits can be
// forgotten; backward only hands them on, times the gradient of the total.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "stemma/base/parallel.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/product.h"
#include "stemma/tensor/elements.h"
#include "stemma/tensor/kernel.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/cross_entropy.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/simd-inl.h"

#ifndef STEMMA_OPS_CROSS_ENTROPY_ONCE
#define STEMMA_OPS_CROSS_ENTROPY_ONCE
namespace stemma {

struct RowLoss {
  double log_sum = 0, target = 0, mean = 0;  // log sum e^z, z of the target, mean of z
  bool correct = false;
  double nll() const { return log_sum - target; }
};

}  // namespace stemma
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

// The sum of term(i, left) over a row, however long: pieces in f32, their sums in double.
template <class Term>
double long_sum(int64_t n, Term&& term) {
  constexpr int64_t piece = 1024;
  double sum = 0;
  for (int64_t begin = 0; begin < n; begin += piece)
    sum += sum_vectors(std::min(piece, n - begin), [&](int64_t i, int64_t left) { return term(begin + i, left); });
  return sum;
}

// z += b; says the largest.
float add_bias(float* z, const float* b, int64_t n) {
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  const auto most = [](V x, V y) { return hn::Max(x, y); };
  const V v = fold_vectors(n, lowest, most, [&](int64_t j, int64_t left) {
    const V sum = hn::Add(load(z + j, left), load(b + j, left));
    store(sum, z + j, left);
    return sum;
  });
  return hn::GetLane(hn::MaxOfLanes(D(), v));
}

RowLoss row_loss(float* z, const float* b, int64_t n, int32_t target) {
  const float most = b ? add_bias(z, b, n) : row_max(z, n);
  const double sum = long_sum(n, [&](int64_t j, int64_t left) { return exp(hn::Sub(load(z + j, left), all(most))); });
  const double all_z = long_sum(n, [&](int64_t j, int64_t left) { return load(z + j, left); });
  return {.log_sum = double(most) + std::log(sum),
          .target = z[target],
          .mean = all_z / double(n),
          .correct = z[target] == most && std::find(z, z + target, most) == z + target};
}

// The losses of rows of x W^T against their targets; b comes to them here, where they are read anyway. `smoothing` < 0:
// these logits stay; else their gradients take their place.
void losses_of(const Tensor& z, const Tensor& b, const int32_t* targets, float smoothing, RowLoss* losses) {
  const int64_t n = z.cols();
  const float* const bias = b ? b.data() : nullptr;
  parallel_for(z.rows(), row_grain(n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* const row = z.data() + i * n;
      losses[i] = row_loss(row, bias, n, targets[i]);
      if (smoothing < 0) continue;
      const V log_sum = all(float(losses[i].log_sum)), share = all(smoothing / float(n));
      for_vectors(n, [&](int64_t j, int64_t left) {
        store(hn::Sub(exp(hn::Sub(load(row + j, left), log_sum)), share), row + j, left);
      });
      row[targets[i]] -= 1 - smoothing;
    }
  });
}

void scale(const Tensor& x, float c) {
  parallel_for(x.size(), element_grain, [&](int64_t begin, int64_t end) {
    float* const at = x.data() + begin;
    for_vectors(end - begin,
                [&](int64_t i, int64_t left) { store(hn::Mul(all(c), load(at + i, left)), at + i, left); });
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(losses_of);
HWY_EXPORT(scale);
void losses_cpu(const Tensor& z, const Tensor& b, const int32_t* targets, float smoothing, RowLoss* losses) {
  HWY_DYNAMIC_DISPATCH(losses_of)(z, b, targets, smoothing, losses);
}
void scale_cpu(const Tensor& x, float c) { HWY_DYNAMIC_DISPATCH(scale)(x, c); }
constexpr Kernel<void(const Tensor& z, const Tensor& b, const int32_t* targets, float smoothing, RowLoss* losses)>
    losses_kernel{"cross_entropy", losses_cpu, ON_CUDA(losses_cuda)};
constexpr Kernel<void(const Tensor& x, float c)> scale_kernel{"scale", scale_cpu, ON_CUDA(scale_cuda)};

// Enough rows to make good use of W, few enough that their logits stay near.
int64_t rows_of_a_block(int64_t vocabulary) { return std::clamp<int64_t>((8 << 20) / vocabulary, 256, 1024); }

void check_call(const char* op, const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets) {
  check(x.cols() == W.cols() && W.rows() > 0, op, ": x ", x, " does not fit W ", W);
  check(!b || (b.rows() == 1 && b.cols() == W.rows()), op, ": b ", b, " does not fit W ", W);
  check(targets.rows() == x.rows() && targets.cols() == 1, op, ": targets ", targets, " do not fit x ", x);
  const int32_t* y = targets.data<int32_t>();
  for (int64_t i = 0; i < targets.rows(); ++i)
    check(y[i] >= 0 && y[i] < W.rows(), op, ": target ", y[i], " of row ", i, " is outside the vocabulary of ",
          W.rows());
}

// Calls f(first row, x W^T) for each block of rows, whose place in memory is free to be overwritten.
template <class F>
void each_block(const Tensor& x, const Tensor& W, F&& f) {
  const int64_t block = std::min(x.rows(), rows_of_a_block(W.rows()));
  const Tensor memory(block, W.rows());
  for (int64_t begin = 0; begin < x.rows(); begin += block) {
    const Tensor z = memory.row_view(0, std::min(block, x.rows() - begin));
    product(x.row_view(begin, z.rows()), W, z, {.transposed = {.b = true}});
    f(begin, z);
  }
}

}  // namespace

CrossEntropy cross_entropy_definition(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets,
                                      float smoothing) {
  const Tensor L = log_softmax_definition(linear_definition(x, W, {.b = b}));
  const auto best = argmax(L);
  std::vector<int64_t> index;  // of each row's target in L laid out as one column
  for (int64_t i = 0; i < L.rows(); ++i) index.push_back(i * L.cols() + targets.data<int32_t>()[i]);
  const Tensor nll = -sum(gather(reshape(L, L.size(), 1), index));
  return {.total = (1 - smoothing) * nll + (-smoothing / float(W.rows())) * sum(L),
          .nll = nll.item(),
          .correct = std::inner_product(best.begin(), best.end(), targets.data<int32_t>(), int64_t{0}, std::plus<>(),
                                        std::equal_to<>())};
}

CrossEntropy cross_entropy(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets, float smoothing) {
  const Profiled here("cross_entropy");
  check_call("cross_entropy", x, W, b, targets);
  check(smoothing >= 0 && smoothing < 1, "cross_entropy: smoothing ", smoothing, " is outside [0, 1)");
  const bool tracked = any_tracked({x, W, b});
  const Tensor dx = tracked && x.tracked() ? Tensor(x.rows(), x.cols()) : Tensor();
  const Tensor dW = tracked && W.tracked() ? Tensor(W.rows(), W.cols()) : Tensor();
  const Tensor db = tracked && b.tracked() ? Tensor(1, W.rows()) : Tensor();
  if (x.rows() == 0)
    for (const Tensor& d : {dW, db})
      if (d) zero_elements(d);
  std::vector<RowLoss> losses(size_t(x.rows()));
  each_block(x, W, [&](int64_t begin, const Tensor& z) {
    losses_kernel(z, b, targets.data<int32_t>() + begin, tracked ? smoothing : -1, losses.data() + begin);
    if (dx) product(z, W, dx.row_view(begin, z.rows()));
    if (dW) product(z, x.row_view(begin, z.rows()), dW, {.transposed = {.a = true}, .beta = begin == 0 ? 0.0f : 1.0f});
    if (db) add_column_sums(z, {db, begin == 0});
  });
  CrossEntropy out;
  double total = 0;
  for (const auto& loss : losses) {
    out.nll += loss.nll();
    out.correct += loss.correct;
    total += (1 - double(smoothing)) * loss.nll() + double(smoothing) * (loss.log_sum - loss.mean);
  }
  out.total = record(Tensor::full(1, 1, float(total)), {x, W, b}, [=](const Tensor& g) {
    for (const Tensor& d : {dx, dW, db})
      if (d && g.item() != 1) scale_kernel(d, g.item());  // in its place: nobody else has it
    return Grads{dx, dW, db};
  });
  return out;
}

Tensor log_probability(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets) {
  check_call("log_probability", x, W, b, targets);
  Tensor out(x.rows(), 1, Type::f32, x.splits());
  std::vector<RowLoss> losses(size_t(x.rows()));
  each_block(x, W, [&](int64_t begin, const Tensor& z) {
    losses_kernel(z, b, targets.data<int32_t>() + begin, -1, losses.data() + begin);
  });
  for (int64_t i = 0; i < x.rows(); ++i) out.data()[i] = float(-losses[size_t(i)].nll());
  return out;
}

}  // namespace stemma
#endif
