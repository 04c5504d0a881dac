// cross_entropy    z = x W^T + b,  log p = z - log sum e^z,  loss_i = -(1 - e) log p(y_i) - e / V sum_v log p(v)
//   dz = p - (1 - e) [v = y_i] - e / V;  dx = dz W;  dW = dz^T x;  db = sum of the rows of dz
// A block of rows at a time. While recording, a block's gradients are taken at once, so that its logits can be
// forgotten; backward only multiplies them by the gradient of the total.
#include <algorithm>
#include <cmath>
#include <limits>

#include "stemma/base/parallel.h"
#include "stemma/ops/product.h"

namespace stemma {

namespace {

// As many rows as keep the logits near the cache (16 MB), but enough to make good use of W.
int64_t rows_of_a_block(int64_t vocabulary) {
  return std::clamp<int64_t>((4 << 20) / std::max<int64_t>(vocabulary, 1), 64, 512);
}

void check_call(const char* op, const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets) {
  check(x.cols() == W.cols(), op, ": x ", x, " does not fit W ", W);
  check(!b || (b.rows() == 1 && b.cols() == W.rows()), op, ": b ", b, " does not fit W ", W);
  check(targets.rows() == x.rows() && targets.cols() == 1, op, ": targets ", targets, " do not fit x ", x);
  const int32_t* y = targets.data<int32_t>();
  for (int64_t i = 0; i < targets.rows(); ++i)
    check(y[i] >= 0 && y[i] < W.rows(), op, ": target ", y[i], " of row ", i, " is outside the vocabulary of ",
          W.rows());
}

void logits(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& z) {
  product({.m = x.rows(),
           .n = W.rows(),
           .k = x.cols(),
           .a = view(x),
           .b = view(W, true),
           .c = z.data(),
           .stride = W.rows(),
           .bias = b ? b.data() : nullptr});
}

struct RowLoss {
  double log_sum = 0;  // log sum e^z
  double mean = 0;     // of z
  bool correct = false;
};

RowLoss row_loss(const float* z, int64_t n, int32_t target) {
  const int64_t best = std::max_element(z, z + n) - z;
  double sum = 0, all = 0;
  for (int64_t v = 0; v < n; ++v) sum += std::exp(z[v] - z[best]), all += z[v];
  return {z[best] + std::log(sum), all / double(n), best == target};
}

// z becomes its gradient
void row_gradient(float* z, int64_t n, int32_t target, float log_sum, float smoothing) {
  for (int64_t v = 0; v < n; ++v) z[v] = std::exp(z[v] - log_sum) - smoothing / float(n);
  z[target] -= 1 - smoothing;
}

}  // namespace

CrossEntropy cross_entropy(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets, float smoothing) {
  check_call("cross_entropy", x, W, b, targets);
  const int64_t N = x.rows(), V = W.rows(), block = rows_of_a_block(V);
  const bool tracked = detail::any_tracked({x, W, b});
  const Tensor dx = tracked && x.tracked() ? Tensor(N, x.cols()) : Tensor();
  const Tensor dW = tracked && W.tracked() ? Tensor::zeros(V, W.cols()) : Tensor();
  const Tensor db = tracked && b.tracked() ? Tensor::zeros(1, V) : Tensor();
  const Tensor buffer(std::min(N, block), V);
  std::vector<RowLoss> losses(static_cast<size_t>(N));
  const int32_t* y = targets.data<int32_t>();
  double total = 0;
  CrossEntropy out;
  for (int64_t begin = 0; begin < N; begin += block) {
    const int64_t n = std::min(block, N - begin);
    const Tensor z = buffer.row_view(0, n), rows = x.row_view(begin, n);
    logits(rows, W, b, z);
    std::vector<float> at_target(static_cast<size_t>(n));
    parallel_for(n, 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        float* row = z.data() + i * V;
        auto& loss = losses[size_t(begin + i)];
        at_target[size_t(i)] = row[y[begin + i]];
        loss = row_loss(row, V, y[begin + i]);
        if (tracked) row_gradient(row, V, y[begin + i], float(loss.log_sum), smoothing);
      }
    });
    for (int64_t i = 0; i < n; ++i) {
      const auto& [log_sum, mean, correct] = losses[size_t(begin + i)];
      const double nll = log_sum - at_target[size_t(i)];
      out.nll += nll;
      out.correct += correct;
      total += (1 - double(smoothing)) * nll + double(smoothing) * (log_sum - mean);
    }
    if (dx) product(z, W, dx.row_view(begin, n));
    if (dW) product(z, rows, dW, {.transposed = {.a = true}, .beta = 1});
    if (db)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t v = 0; v < V; ++v) db.data()[v] += z.data()[i * V + v];
  }
  out.total = record(Tensor::full(1, 1, float(total)), {x, W, b}, [dx, dW, db](const Tensor& g) {
    const auto scaled = [scale = g.item()](const Tensor& gradient) {
      if (!gradient) return Tensor();
      parallel_for(gradient.size(), 1 << 15, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) gradient.data()[i] *= scale;
      });
      return gradient;
    };
    return Grads{scaled(dx), scaled(dW), scaled(db)};
  });
  return out;
}

Tensor log_probability(const Tensor& x, const Tensor& W, const Tensor& b, const Tensor& targets) {
  check_call("log_probability", x, W, b, targets);
  const int64_t N = x.rows(), V = W.rows(), block = rows_of_a_block(V);
  const Tensor buffer(std::min(N, block), V);
  Tensor out(N, 1, Type::f32, x.splits());
  const int32_t* y = targets.data<int32_t>();
  for (int64_t begin = 0; begin < N; begin += block) {
    const int64_t n = std::min(block, N - begin);
    const Tensor z = buffer.row_view(0, n);
    logits(x.row_view(begin, n), W, b, z);
    parallel_for(n, 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const float* row = z.data() + i * V;
        const int32_t target = y[begin + i];
        out.data()[begin + i] = float(row[target] - row_loss(row, V, target).log_sum);
      }
    });
  }
  return out;
}

}  // namespace stemma
