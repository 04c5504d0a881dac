// Parts, stacks and other views of the same numbers.
//
//   y = x[begin : begin + n]     dx[begin : begin + n] += dy, in place: a sequence cut into steps costs its length once
//   y = reshape, transpose       dx = the same back
//   y = stack(x_1, x_2, ...)     dx_i = the part of dy
#include <cstring>

#include "stemma/base/parallel.h"
#include "stemma/ops/elementwise.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/ops.h"
#include "stemma/tensor/elements.h"

namespace stemma {

namespace {

// A block of columns of a matrix.
struct Columns {
  int64_t begin = 0, n = 0;
};
template <class F>
void for_rows(int64_t rows, int64_t cols, F&& f) {
  parallel_for(rows, row_grain(cols), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) f(r);
  });
}
// y[:, to] = x[:, from], of any type
void copy_cpu(const Tensor& x, const Tensor& y, Columns from, Columns to) {
  const int64_t size = bytes_of(x.type());
  for_rows(x.rows(), from.n, [&, px = static_cast<char*>(x.raw()), py = static_cast<char*>(y.raw())](int64_t r) {
    std::memcpy(py + (r * y.cols() + to.begin) * size, px + (r * x.cols() + from.begin) * size, size_t(from.n * size));
  });
}
// dx[:, to] += dy
void add_cpu(const Tensor& dy, const Tensor& dx, Columns to) {
  for_rows(dy.rows(), to.n, [&, from = dy.data(), at = dx.data()](int64_t r) {
    accumulate(from + r * to.n, at + r * dx.cols() + to.begin, to.n);
  });
}
void transpose_cpu(const Tensor& x, const Tensor& y) {
  constexpr int64_t tile = 16;
  const int64_t n = x.rows(), d = x.cols();
  parallel_for(pieces(n, tile), row_grain(tile * d), [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
    for (int64_t r0 = begin * tile; r0 < std::min(end * tile, n); r0 += tile)
      for (int64_t c0 = 0; c0 < d; c0 += tile)
        for (int64_t c = c0; c < std::min(c0 + tile, d); ++c)
          for (int64_t r = r0; r < std::min(r0 + tile, n); ++r) to[c * n + r] = from[r * d + c];
  });
}

constexpr Kernel<void(const Tensor& x, const Tensor& y, Columns from, Columns to)> copy_kernel{"copy columns", copy_cpu,
                                                                                               ON_CUDA(copy_cuda)};
constexpr Kernel<void(const Tensor& dy, const Tensor& dx, Columns to)> add_kernel{"add columns", add_cpu,
                                                                                  ON_CUDA(add_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> transpose_kernel{"transpose", transpose_cpu,
                                                                          ON_CUDA(transpose_cuda)};

// x's gradient, zero where nothing was added yet.
Tensor zeroed_gradient_of(const Tensor& x) {
  const auto to = gradient_of(x);
  if (to.fresh) zero_elements(to.grad);
  return to.grad;
}

// part(0), part(1), ...: a gradient for each part of a stack.
template <class Part>
Grads each_part(const std::vector<int64_t>& begins, Part&& part) {
  Grads grads;
  for (size_t i = 0; i + 1 < begins.size(); ++i) grads.push_back(part(begins[i], begins[i + 1] - begins[i]));
  return grads;
}
// Where each part begins, by its rows or columns; the last number is the sum.
template <class Size>
std::vector<int64_t> begins_of(const std::vector<Tensor>& parts, Size&& size) {
  std::vector<int64_t> begins{0};
  for (const auto& x : parts) begins.push_back(begins.back() + size(x));
  return begins;
}

}  // namespace

Tensor rows(const Tensor& x, int64_t begin, int64_t n) {
  return record(x.row_view(begin, n), {x}, [x, begin, n](const Tensor& dy) {
    add_kernel(dy, zeroed_gradient_of(x).row_view(begin, n), Columns{0, x.cols()});
    return Grads{};
  });
}

Tensor cols(const Tensor& x, int64_t begin, int64_t n) {
  check(begin >= 0 && n >= 0 && begin + n <= x.cols(), "columns ", begin, " to ", begin + n, " of ", x);
  Tensor y(x.rows(), n, x.type(), x.splits());
  copy_kernel(x, y, Columns{begin, n}, Columns{0, n});
  return record(y, {x}, [x, begin, n](const Tensor& dy) {
    add_kernel(dy, zeroed_gradient_of(x), Columns{begin, n});
    return Grads{};
  });
}

Tensor hstack(const std::vector<Tensor>& parts) {
  check(!parts.empty(), "hstack of nothing");
  const auto begins = begins_of(parts, [](const Tensor& x) { return x.cols(); });
  const Tensor& first = parts[0];
  Tensor y(first.rows(), begins.back(), first.type(), first.splits());
  for (size_t i = 0; i < parts.size(); ++i) {
    const Tensor& x = parts[i];
    check(x.rows() == y.rows() && x.type() == y.type(), "hstack of ", first, " and ", x);
    copy_kernel(x, y, Columns{0, x.cols()}, Columns{begins[i], x.cols()});
  }
  return record(y, parts, [begins](const Tensor& dy) {
    return each_part(begins, [&](int64_t begin, int64_t n) { return cols(dy, begin, n); });
  });
}

Tensor vstack(const std::vector<Tensor>& parts) {
  check(!parts.empty(), "vstack of nothing");
  const auto begins = begins_of(parts, [](const Tensor& x) { return x.rows(); });
  std::vector<int64_t> sequences{0};
  for (size_t i = 0; i < parts.size(); ++i)
    for (int64_t s = 0; s < parts[i].sequences(); ++s) sequences.push_back(begins[i] + parts[i].end(s));
  const bool ragged = std::all_of(parts.begin(), parts.end(), [](const Tensor& x) { return bool(x.splits()); });
  Tensor y(begins.back(), parts[0].cols(), parts[0].type(), ragged ? make_splits(sequences) : Splits());
  for (size_t i = 0; i < parts.size(); ++i) {
    const Tensor& x = parts[i];
    check(x.cols() == y.cols() && x.type() == y.type(), "vstack of ", parts[0], " and ", x);
    copy_kernel(x, y.row_view(begins[i], x.rows()), Columns{0, x.cols()}, Columns{0, x.cols()});
  }
  return record(y, parts, [begins](const Tensor& dy) {
    return each_part(begins, [&](int64_t begin, int64_t n) { return dy.row_view(begin, n); });
  });
}

Tensor reshape(const Tensor& x, int64_t rows, int64_t cols) {
  return record(x.reshaped(rows, cols), {x},
                [rows = x.rows(), cols = x.cols()](const Tensor& dy) { return Grads{dy.reshaped(rows, cols)}; });
}

Tensor transpose(const Tensor& x) {
  Tensor y(x.cols(), x.rows());
  transpose_kernel(x, y);
  return record(y, {x}, [](const Tensor& dy) { return Grads{transpose(dy)}; });
}

}  // namespace stemma
