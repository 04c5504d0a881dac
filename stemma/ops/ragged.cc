// Between sequences and their rows. S(i) is the sequence of row i.
//
//   spread            y_i = x_S(i)                      dx = segment_sum(dy)
//   segment_sum       y_s = sum_{i in s} x_i            dx = spread(dy)
//   segment_max       y_s = max_{i in s} x_i            dx_i = dy_S(i) where i is the first of the greatest
//   segment_softmax   y_i = e^x_i / sum_{S(i)} e^x      dx = y (dy - spread(segment_sum(y dy)))
//   reverse, first_rows, last_rows                      rows by number
#include <algorithm>
#include <limits>

#include "stemma/ops/elementwise.h"
#include "stemma/ops/ops.h"
#include "stemma/ops/sequences.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

namespace {

void spread_cpu(const Tensor& x, const Tensor& y, const Begins& begins) {
  const int64_t d = x.cols();
  for_sequences(begins, d, [&, from = x.data(), to = y.data()](int64_t s, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) std::copy_n(from + s * d, d, to + i * d);
  });
}
void segment_sum_cpu(const Tensor& x, const Tensor& y, const Begins& begins) {
  const int64_t d = x.cols();
  for_sequences(begins, d, [&, from = x.data(), to = y.data()](int64_t s, int64_t begin, int64_t end) {
    std::fill_n(to + s * d, d, 0.0f);
    for (int64_t i = begin; i < end; ++i) accumulate(from + i * d, to + s * d, d);
  });
}
// row: which row of x was the greatest, [B, d] i32; -1 in an empty sequence
void segment_max_cpu(const Tensor& x, const Tensor& y, const Tensor& row, const Begins& begins) {
  const int64_t d = x.cols();
  for_sequences(begins, d,
                [&, from = x.data(), to = y.data(), rows = row.data<int32_t>()](int64_t s, int64_t begin, int64_t end) {
                  std::fill_n(rows + s * d, d, begin < end ? int32_t(begin) : -1);
                  if (begin < end)
                    std::copy_n(from + begin * d, d, to + s * d);
                  else
                    std::fill_n(to + s * d, d, 0.0f);
                  for (int64_t i = begin + 1; i < end; ++i)
                    for (int64_t j = 0; j < d; ++j)
                      if (from[i * d + j] > to[s * d + j])
                        to[s * d + j] = from[i * d + j], rows[s * d + j] = int32_t(i);
                });
}
void segment_max_backward_cpu(const Tensor& dy, const Tensor& dx, const Tensor& row) {
  std::fill_n(dx.data(), dx.size(), 0.0f);
  const int64_t d = dy.cols();
  for (int64_t i = 0; i < dy.size(); ++i)
    if (const int32_t r = row.data<int32_t>()[i]; r >= 0) dx.data()[r * d + i % d] = dy.data()[i];
}

constexpr Kernel<void(const Tensor& x, const Tensor& y, const Begins&)> spread_kernel{"spread", spread_cpu,
                                                                                      ON_CUDA(spread_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y, const Begins&)> segment_sum_kernel{
    "segment_sum", segment_sum_cpu, ON_CUDA(segment_sum_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y, const Tensor& row, const Begins&)> segment_max_kernel{
    "segment_max", segment_max_cpu, ON_CUDA(segment_max_cuda)};
constexpr Kernel<void(const Tensor& dy, const Tensor& dx, const Tensor& row)> segment_max_backward_kernel{
    "segment_max backward", segment_max_backward_cpu, ON_CUDA(segment_max_backward_cuda)};

Tensor edge_rows(const Tensor& x, const char* op, bool last) {
  std::vector<int64_t> index;
  for (int64_t s = 0; s < x.sequences(); ++s) {
    check(x.begin(s) < x.end(s), op, " of ", x, ": sequence ", s, " is empty");
    index.push_back(last ? x.end(s) - 1 : x.begin(s));
  }
  return gather(x, index);
}

}  // namespace

Tensor spread(const Tensor& x, const Splits& splits) {
  check(splits && int64_t(splits->size()) == x.rows() + 1, "spread of ", x, " over ", splits ? splits->size() - 1 : 0,
        " sequences");
  Tensor y(splits->back(), x.cols(), Type::f32, splits);
  spread_kernel(x, y, *splits);
  return record(y, {x}, [splits](const Tensor& dy) { return Grads{segment_sum(dy.with_splits(splits))}; });
}

Tensor segment_sum(const Tensor& x) {
  const auto splits = splits_of(x);
  Tensor y(x.sequences(), x.cols());
  segment_sum_kernel(x, y, *splits);
  return record(y, {x}, [splits](const Tensor& dy) { return Grads{spread(dy, splits)}; });
}

Tensor segment_mean(const Tensor& x) {
  Tensor weight(x.sequences(), 1);
  for (int64_t s = 0; s < x.sequences(); ++s)
    weight.data()[s] = 1.0f / float(std::max<int64_t>(x.end(s) - x.begin(s), 1));
  return segment_sum(x) * weight;
}

Tensor segment_max(const Tensor& x) {
  const auto splits = splits_of(x);
  check(x.rows() <= INT32_MAX, "segment_max of ", x, ": too many rows");
  Tensor y(x.sequences(), x.cols()), row(x.sequences(), x.cols(), Type::i32);
  segment_max_kernel(x, y, row, *splits);
  return record(y, {x}, [row, rows = x.rows()](const Tensor& dy) {
    Tensor dx(rows, dy.cols());
    segment_max_backward_kernel(dy, dx, row);
    return Grads{dx};
  });
}

Tensor segment_softmax(const Tensor& x) {
  const auto splits = splits_of(x);
  Tensor y;
  {
    const NoGrad off;
    const Tensor e = exp(x - spread(segment_max(x), splits));
    y = (e / spread(segment_sum(e.with_splits(splits)), splits)).with_splits(x.splits());
  }
  return record(y, {x}, [y, splits](const Tensor& dy) {
    return Grads{y * (dy - spread(segment_sum((y * dy).with_splits(splits)), splits))};
  });
}

Tensor reverse(const Tensor& x) {
  std::vector<int64_t> index;
  index.reserve(size_t(x.rows()));
  for (int64_t s = 0; s < x.sequences(); ++s)
    for (int64_t i = x.end(s); i > x.begin(s); --i) index.push_back(i - 1);
  Tensor y = gather(x.detach(), index, x.splits());
  return record(y, {x}, [splits = x.splits()](const Tensor& dy) { return Grads{reverse(dy.with_splits(splits))}; });
}

Tensor first_rows(const Tensor& x) { return edge_rows(x, "first_rows", false); }
Tensor last_rows(const Tensor& x) { return edge_rows(x, "last_rows", true); }

}  // namespace stemma
