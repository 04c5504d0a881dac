// Sums, means, maxima. Long sums are taken in blocks of fixed size, whose partial sums are added in order, so that the
// result depends on the shape alone, not on threads.
//
//   y = sum x          dx = dy everywhere            (all, over the rows, within each row)
//   y = max_j x_j      dx_j = dy [j = argmax]
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/reduce.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

float sum_of(const float* x, int64_t n) { return row_sum(x, n); }

// y[j] = sum over the rows of x[:, j]; four rows at a time, to touch y less often.
void add_up(const float* x, int64_t rows, int64_t cols, float* y) {
  for_vectors(cols, [&](int64_t i, int64_t left) { store(all(0), y + i, left); });
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *x0 = x + r * cols, *x1 = x0 + cols, *x2 = x1 + cols, *x3 = x2 + cols;
    for_vectors(cols, [&](int64_t i, int64_t left) {
      const V a = hn::Add(load(x0 + i, left), load(x1 + i, left)), b = hn::Add(load(x2 + i, left), load(x3 + i, left));
      add_to(y + i, hn::Add(a, b), left);
    });
  }
  for (; r < rows; ++r)
    for_vectors(cols, [&](int64_t i, int64_t left) { add_to(y + i, load(x + r * cols + i, left), left); });
}

// The first column of the greatest value; 0 for a row of NaN.
int32_t first_greatest(const float* x, int64_t n) {
  const V most = all(row_max(x, n));
  for (int64_t i = 0; i < n; i += lanes()) {
    const auto lane = hn::FindFirstTrue(D(), hn::Eq(load(x + i, n - i), most));
    if (lane >= 0 && i + lane < n) return int32_t(i + lane);
  }
  return 0;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/ops.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

HWY_EXPORT(sum_of);
HWY_EXPORT(add_up);
HWY_EXPORT(first_greatest);

namespace {

constexpr int64_t sum_block = 16384;  // elements
constexpr int64_t row_block = 64;     // rows

void sum_cpu(const Tensor& x, const Tensor& y) {
  const int64_t blocks = pieces(x.size(), sum_block);
  std::vector<float> partial(size_t(blocks), 0.0f);
  parallel_for(blocks, 1, [&, from = x.data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      partial[size_t(i)] =
          HWY_DYNAMIC_DISPATCH(sum_of)(from + i * sum_block, std::min(sum_block, x.size() - i * sum_block));
  });
  double total = 0;
  for (const float part : partial) total += part;
  y.data()[0] = float(total);
}
void sum_rows_cpu(const Tensor& x, const Tensor& y) {
  const auto add_up = HWY_DYNAMIC_DISPATCH(add_up);
  const int64_t blocks = pieces(x.rows(), row_block), d = x.cols();
  if (blocks <= 1) return add_up(x.data(), x.rows(), d, y.data());
  const Tensor partial(blocks, d);
  parallel_for(blocks, 1, [&, from = x.data(), to = partial.data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      add_up(from + i * row_block * d, std::min(row_block, x.rows() - i * row_block), d, to + i * d);
  });
  sum_rows_cpu(partial, y);
}
void sum_cols_cpu(const Tensor& x, const Tensor& y) {
  parallel_for(x.rows(), row_grain(x.cols()), [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = HWY_DYNAMIC_DISPATCH(sum_of)(from + i * x.cols(), x.cols());
  });
}
void argmax_cpu(const Tensor& x, const Tensor& index) {
  parallel_for(x.rows(), row_grain(x.cols()),
               [&, from = x.data(), to = index.data<int32_t>()](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i)
                   to[i] = HWY_DYNAMIC_DISPATCH(first_greatest)(from + i * x.cols(), x.cols());
               });
}
void repeat_cpu(const Tensor& x, const Tensor& y) {
  const int64_t d = y.cols();
  parallel_for(y.rows(), row_grain(d), [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* row = from + (x.rows() == 1 ? 0 : i * x.cols());
      if (x.cols() == 1)
        std::fill_n(to + i * d, d, *row);
      else
        std::copy_n(row, d, to + i * d);
    }
  });
}
// y[i] = x[i, index[i]]
void pick_cpu(const Tensor& x, const Tensor& index, const Tensor& y) {
  for (int64_t i = 0; i < x.rows(); ++i) y.data()[i] = x.data()[i * x.cols() + index.data<int32_t>()[i]];
}
// dx[i, index[i]] = dy[i], zero elsewhere
void unpick_cpu(const Tensor& dy, const Tensor& index, const Tensor& dx) {
  std::fill_n(dx.data(), dx.size(), 0.0f);
  for (int64_t i = 0; i < dx.rows(); ++i) dx.data()[i * dx.cols() + index.data<int32_t>()[i]] = dy.data()[i];
}

constexpr Kernel<void(const Tensor& x, const Tensor& y)> sum_kernel{"sum", sum_cpu, ON_CUDA(sum_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> sum_rows_kernel{"sum_rows", sum_rows_cpu,
                                                                         ON_CUDA(sum_rows_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> sum_cols_kernel{"sum_cols", sum_cols_cpu,
                                                                         ON_CUDA(sum_cols_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& index)> argmax_kernel{"argmax", argmax_cpu, ON_CUDA(argmax_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> repeat_kernel{"repeat", repeat_cpu, ON_CUDA(repeat_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& index, const Tensor& y)> pick_kernel{"pick", pick_cpu,
                                                                                          ON_CUDA(pick_cuda)};
constexpr Kernel<void(const Tensor& dy, const Tensor& index, const Tensor& dx)> unpick_kernel{"unpick", unpick_cpu,
                                                                                              ON_CUDA(unpick_cuda)};

// y[i, j] = x[i, j], where x is one row, one column or a scalar.
Tensor repeat(const Tensor& x, int64_t rows, int64_t cols) {
  Tensor y(rows, cols);
  repeat_kernel(x, y);
  return y;
}
Tensor reduced(const Kernel<void(const Tensor&, const Tensor&)>& kernel, const Tensor& x, Tensor y) {
  kernel(x, y);
  return record(y, {x}, [rows = x.rows(), cols = x.cols()](const Tensor& dy) { return Grads{repeat(dy, rows, cols)}; });
}
Tensor argmax_of(const Tensor& x, const char* op) {
  check(x.cols() > 0, op, " of ", x, ": rows without columns");
  Tensor index(x.rows(), 1, Type::i32);
  argmax_kernel(x, index);
  return index;
}

}  // namespace

Tensor sum(const Tensor& x) { return reduced(sum_kernel, x, Tensor(1, 1)); }
Tensor mean(const Tensor& x) { return 1.0f / float(std::max<int64_t>(x.size(), 1)) * sum(x); }
Tensor sum_rows(const Tensor& x) { return reduced(sum_rows_kernel, x, Tensor(1, x.cols())); }
Tensor sum_cols(const Tensor& x) { return reduced(sum_cols_kernel, x, Tensor(x.rows(), 1, Type::f32, x.splits())); }
Tensor mean_cols(const Tensor& x) { return 1.0f / float(std::max<int64_t>(x.cols(), 1)) * sum_cols(x); }

Tensor max_cols(const Tensor& x) {
  const Tensor index = argmax_of(x, "max_cols");
  Tensor y(x.rows(), 1, Type::f32, x.splits());
  pick_kernel(x, index, y);
  return record(y, {x}, [index, cols = x.cols()](const Tensor& dy) {
    Tensor dx(dy.rows(), cols);
    unpick_kernel(dy, index, dx);
    return Grads{dx};
  });
}
std::vector<int32_t> argmax(const Tensor& x) {
  const Tensor index = argmax_of(x, "argmax");
  return {index.data<int32_t>(), index.data<int32_t>() + index.rows()};
}

}  // namespace stemma
#endif
