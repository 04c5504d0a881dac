// Rows by number.
//
//   gather        y[i] = x[index[i]]          dx[index[i]] += dy[i]
//   scatter_add   y[index[i]] += x[i]         dx[i] = dy[index[i]]
//   embedding     gather from E by ids; dE is added in place
#include <cstring>

#include "stemma/base/parallel.h"
#include "stemma/ops/elementwise.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/ops.h"
#include "stemma/tensor/elements.h"
#include "stemma/tensor/kept.h"

namespace stemma {

namespace {

// `index` is i64 for gather and scatter_add, i32 (token ids) for embedding.
template <class Index>
void gather_cpu(const Tensor& x, const Tensor& y, const Index* index) {
  const size_t row = size_t(x.cols() * bytes_of(x.type()));
  parallel_for(y.rows(), row_grain(x.cols()),
               [&, from = static_cast<char*>(x.raw()), to = static_cast<char*>(y.raw())](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) std::memcpy(to + i * row, from + index[i] * row, row);
               });
}
// Threads share the columns, so that each place of y gets its rows in the order of i.
template <class Index>
void scatter_cpu(const Tensor& x, const Tensor& y, const Index* index) {
  const int64_t d = x.cols(), n = x.rows();
  const int64_t grain = std::max<int64_t>(64, element_grain / std::max<int64_t>(n, 1));
  parallel_for(d, grain, [&, from = x.data(), to = y.data()](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < n; ++i) accumulate(from + i * d + begin, to + index[i] * d + begin, end - begin);
  });
}

template <class Index>
using RowKernel = Kernel<void(const Tensor& x, const Tensor& y, const Index* index)>;
template <class Index>
constexpr RowKernel<Index> gather_kernel{"gather", gather_cpu<Index>, ON_CUDA(gather_cuda<Index>)};
template <class Index>
constexpr RowKernel<Index> scatter_kernel{"scatter_add", scatter_cpu<Index>, ON_CUDA(scatter_cuda<Index>)};

template <class Index>
void check_index(const char* op, const Index* index, int64_t n, int64_t rows) {
  for (int64_t i = 0; i < n; ++i)
    check(index[i] >= 0 && index[i] < rows, op, ": row ", i, " asks for row ", index[i], " of ", rows);
}
template <class Index>
void scatter_into_gradient(const Tensor& x, const Tensor& dy, const Index* index) {
  const auto to = gradient_of(x);
  if (to.fresh) zero_elements(to.grad);
  scatter_kernel<Index>(dy, to.grad, index);
}

}  // namespace

Tensor gather(const Tensor& x, const std::vector<int64_t>& index, Splits splits) {
  check_index("gather", index.data(), int64_t(index.size()), x.rows());
  Tensor y(int64_t(index.size()), x.cols(), x.type(), std::move(splits));
  gather_kernel<int64_t>(x, y, index.data());
  return record(y, {x}, [x = without_memory(x), index](const Tensor& dy) {
    scatter_into_gradient(x, dy, index.data());
    return Grads{};
  });
}

Tensor scatter_add(const Tensor& x, const std::vector<int64_t>& index, int64_t rows) {
  check(int64_t(index.size()) == x.rows(), "scatter_add of ", x, " to ", index.size(), " places");
  check_index("scatter_add", index.data(), x.rows(), rows);
  Tensor y = Tensor::zeros(rows, x.cols());
  scatter_kernel<int64_t>(x, y, index.data());
  return record(y, {x}, [index](const Tensor& dy) { return Grads{gather(dy, index)}; });
}

Tensor embedding(const Tensor& E, const Tensor& ids) {
  check(ids.type() == Type::i32 && ids.cols() == 1, "embedding: ids ", ids, " are not [N, 1] i32");
  check_index("embedding", ids.data<int32_t>(), ids.rows(), E.rows());
  Tensor y(ids.rows(), E.cols(), E.type(), ids.splits());
  gather_kernel<int32_t>(E, y, ids.data<int32_t>());
  if (E.type() == Type::bf16) {
    check(!recording() || !E.tracked(), "embedding: a table in bf16 has no gradient");
    return cast(y, Type::f32);
  }
  return record(y, {E}, [E = without_memory(E), ids](const Tensor& dy) {
    scatter_into_gradient(E, dy, ids.data<int32_t>());
    return Grads{};
  });
}

}  // namespace stemma
