// Convolution and pooling along the rows of each sequence.
//
//   unfold     u_t = [x_{t - before}, ..., x_{t - before + width - 1}], zero outside the sequence    dx: fold
//   conv       y = u W^T + b
//   max_pool   y_i = max of x_t, stride i <= t < stride i + width, cut at the end                      dx: to the first
//                                                                                                     of the greatest
#include <algorithm>
#include <cstring>

#include "stemma/ops/definitions.h"
#include "stemma/ops/elementwise.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/sequences.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

namespace {

void unfold_cpu(const Tensor& x, const Tensor& u, const Begins& begins, const Convolution& how) {
  const int64_t d = x.cols();
  for_sequences(begins, u.cols(), [&, from = x.data(), to = u.data()](int64_t, int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t)
      for (int64_t k = 0; k < how.width; ++k) {
        const int64_t source = t + k - how.before;
        float* part = to + (t * how.width + k) * d;
        if (source >= begin && source < end)
          std::copy_n(from + source * d, d, part);
        else
          std::fill_n(part, d, 0.0f);
      }
  });
}
void fold_cpu(const Tensor& du, const Tensor& dx, const Begins& begins, const Convolution& how) {
  const int64_t d = dx.cols();
  for_sequences(begins, du.cols(), [&, from = du.data(), to = dx.data()](int64_t, int64_t begin, int64_t end) {
    std::fill_n(to + begin * d, (end - begin) * d, 0.0f);
    for (int64_t t = begin; t < end; ++t)
      for (int64_t k = 0; k < how.width; ++k) {
        const int64_t target = t + k - how.before;
        if (target >= begin && target < end) accumulate(from + (t * how.width + k) * d, to + target * d, d);
      }
  });
}

struct Pooling {
  int64_t width = 1, stride = 1;
};
// row: which row of x was the greatest, i32
void max_pool_cpu(const Tensor& x, const Tensor& y, const Tensor& row, const Begins& begins, const Pooling& how) {
  const int64_t d = x.cols();
  for_sequences(begins, d, [&](int64_t s, int64_t begin, int64_t end) {
    for (int64_t i = y.begin(s), t = begin; i < y.end(s); ++i, t += how.stride) {
      float* most = y.data() + i * d;
      int32_t* where = row.data<int32_t>() + i * d;
      std::copy_n(x.data() + t * d, d, most);
      std::fill_n(where, d, int32_t(t));
      for (int64_t r = t + 1; r < std::min(t + how.width, end); ++r)
        for (int64_t j = 0; j < d; ++j)
          if (const float v = x.data()[r * d + j]; v > most[j]) most[j] = v, where[j] = int32_t(r);
    }
  });
}
void max_pool_backward_cpu(const Tensor& dy, const Tensor& dx, const Tensor& row) {
  std::memset(dx.raw(), 0, size_t(dx.bytes()));
  const int64_t d = dy.cols();
  for (int64_t i = 0; i < dy.size(); ++i) dx.data()[row.data<int32_t>()[i] * d + i % d] += dy.data()[i];
}

constexpr Kernel<void(const Tensor& x, const Tensor& u, const Begins&, const Convolution&)> unfold_kernel{
    "conv: unfold", unfold_cpu, ON_CUDA(unfold_cuda)};
constexpr Kernel<void(const Tensor& du, const Tensor& dx, const Begins&, const Convolution&)> fold_kernel{
    "conv: fold", fold_cpu, ON_CUDA(fold_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y, const Tensor& row, const Begins&, const Pooling&)>
    max_pool_kernel{"max_pool", max_pool_cpu, ON_CUDA(max_pool_cuda)};
constexpr Kernel<void(const Tensor& dy, const Tensor& dx, const Tensor& row)> max_pool_backward_kernel{
    "max_pool backward", max_pool_backward_cpu, ON_CUDA(max_pool_backward_cuda)};

Tensor unfold(const Tensor& x, const Convolution& how) {
  const auto splits = splits_of(x);
  Tensor u(x.rows(), how.width * x.cols(), Type::f32, x.splits());
  unfold_kernel(x, u, *splits, how);
  return record(u, {x}, [splits, how](const Tensor& du) {
    Tensor dx(du.rows(), du.cols() / how.width);
    fold_kernel(du, dx, *splits, how);
    return Grads{dx};
  });
}

}  // namespace

Tensor conv_definition(const Tensor& x, const Tensor& W, const Tensor& b, const Convolution& how) {
  const Tensor padded = vstack({x, Tensor::zeros(1, x.cols())});  // the last row stands for all outside a sequence
  Tensor y = Tensor::zeros(x.rows(), W.rows(), Type::f32, x.splits());
  for (int64_t k = 0; k < how.width; ++k) {
    std::vector<int64_t> index;
    for (int64_t s = 0; s < x.sequences(); ++s)
      for (int64_t t = x.begin(s) + k - how.before; t < x.end(s) + k - how.before; ++t)
        index.push_back(t >= x.begin(s) && t < x.end(s) ? t : x.rows());
    y = y + matmul(gather(padded, index), cols(W, k * x.cols(), x.cols()), {.b = true});
  }
  return b ? y + b : y;
}

Tensor conv(const Tensor& x, const Tensor& W, const Tensor& b, const Convolution& how) {
  check(how.width > 0 && W.cols() == how.width * x.cols(), "conv of ", x, " with ", W, ": not ", how.width,
        " times the columns");
  return linear(unfold(x, how), W, {.b = b});
}

Tensor max_pool(const Tensor& x, int64_t width, int64_t stride) {
  check(width > 0 && stride > 0, "max_pool: width ", width, " and stride ", stride, " must be positive");
  check(x.rows() <= INT32_MAX, "max_pool of ", x, ": too many rows");
  const auto splits = splits_of(x);
  std::vector<int64_t> lengths;
  for (int64_t s = 0; s < x.sequences(); ++s) lengths.push_back(pieces(x.end(s) - x.begin(s), stride));
  const auto pooled = splits_of_lengths(lengths);
  Tensor y(pooled->back(), x.cols(), Type::f32, pooled), row(y.rows(), y.cols(), Type::i32);
  max_pool_kernel(x, y, row, *splits, Pooling{width, stride});
  return record(y, {x}, [row, rows = x.rows()](const Tensor& dy) {
    Tensor dx(rows, dy.cols());
    max_pool_backward_kernel(dy, dx, row);
    return Grads{dx};
  });
}

}  // namespace stemma
