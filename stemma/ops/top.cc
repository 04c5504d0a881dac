// top_rows: two walks over a row. The first keeps the k greatest so far; only what is greater than the least of them
// costs more than a comparison. The second sums e^(x - the greatest).
#include <algorithm>
#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/ops.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/top.cc"
#include <hwy/foreach_target.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

// The k greatest of a row, greatest first; NaN is greater than nothing.
class Best {
 public:
  Best(const float* x, int32_t* columns, int64_t k) : x_(x), columns_(columns), k_(k) { std::fill_n(columns, k, -1); }
  float least() const { return least_; }
  void offer(int32_t column) {
    if (!(x_[column] > least_)) return;
    int64_t at = k_ - 1;
    for (; at > 0 && (columns_[at - 1] < 0 || x_[columns_[at - 1]] < x_[column]); --at) columns_[at] = columns_[at - 1];
    columns_[at] = column;
    if (columns_[k_ - 1] >= 0) least_ = x_[columns_[k_ - 1]];
  }

 private:
  const float* x_;
  int32_t* columns_;
  int64_t k_;
  float least_ = lowest;
};

void top_row(const float* x, int64_t n, int32_t* columns, int64_t k, float* log_sum) {
  Best best(x, columns, k);
  for_vectors(n, [&](int64_t i, int64_t left) HWY_ATTR {
    const V v = first_n(load(x + i, left), left, lowest);
    if (hn::AllFalse(D(), hn::Gt(v, all(best.least())))) return;
    for (int64_t j = i; j < i + std::min(left, lanes()); ++j) best.offer(int32_t(j));
  });
  const V top = all(columns[0] < 0 ? 0 : x[columns[0]]);
  const float sum =
      sum_vectors(n, [&](int64_t i, int64_t left) HWY_ATTR { return exp(hn::Sub(load(x + i, left), top)); });
  *log_sum = hn::GetLane(top) + std::log(sum);
}

void top(const Tensor& x, TopRows& out) {
  parallel_for(x.rows(), row_grain(x.cols()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      top_row(x.data() + i * x.cols(), x.cols(), out.columns.data() + i * out.k, out.k, out.log_sum.data() + i);
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(top);
void top_cpu(const Tensor& x, TopRows& out) { HWY_DYNAMIC_DISPATCH(top)(x, out); }

}  // namespace

TopRows top_rows(const Tensor& x, int64_t k) {
  check(k > 0, "top_rows: k is ", k);
  TopRows out{k, std::vector<int32_t>(size_t(x.rows() * k)), std::vector<float>(size_t(x.rows()))};
  if (x.rows() > 0) top_cpu(x, out);
  return out;
}

}  // namespace stemma
#endif
