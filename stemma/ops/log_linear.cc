#include "stemma/ops/log_linear.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/ops/grain.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/log_linear.cc"
#include <hwy/foreach_target.h>
// After its targets.
#include <hwy/cache_control.h>

#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

constexpr int64_t block = 8;  // rows that meet the hidden vector at once: as many sums as registers hold

HWY_INLINE void prefetch_row(const RowTable& table, int64_t row) {
  const char* const begin = reinterpret_cast<const char*>(table.row(row));
  for (int64_t i = 0; i < table.width * 4; i += 64) hwy::Prefetch(begin + i);
}

void mean_of_rows(const RowTable& table, std::span<const int32_t> ids, float* mean) {
  const V scale = all(ids.empty() ? 0.0f : 1.0f / float(ids.size()));
  for (const int32_t id : ids.subspan(std::min<size_t>(1, ids.size()))) prefetch_row(table, id);
  for_vectors(table.width, [&](int64_t i, int64_t left) {
    V sum = hn::Zero(D());
    for (const int32_t id : ids) sum = hn::Add(sum, load(table.row(id) + i, left));
    store(hn::Mul(sum, scale), mean + i, left);
  });
}

HWY_INLINE void add_to_row(float* row, const float* x, int64_t width, float scale = 1) {
  for_vectors(width, [&](int64_t i, int64_t left) HWY_ATTR {
    store(hn::MulAdd(all(scale), load(x + i, left), load(row + i, left)), row + i, left);
  });
}
void add_to_rows(const RowTable& table, std::span<const int32_t> ids, const float* x) {
  for (const int32_t id : ids) add_to_row(table.row(id), x, table.width);
}

// f of n in [1, block], known to the compiler.
template <class F>
HWY_INLINE void with_count(int64_t n, F&& f) {
  switch (n) {
    case 1:
      return f(std::integral_constant<int64_t, 1>());
    case 2:
      return f(std::integral_constant<int64_t, 2>());
    case 3:
      return f(std::integral_constant<int64_t, 3>());
    case 4:
      return f(std::integral_constant<int64_t, 4>());
    case 5:
      return f(std::integral_constant<int64_t, 5>());
    case 6:
      return f(std::integral_constant<int64_t, 6>());
    case 7:
      return f(std::integral_constant<int64_t, 7>());
    default:
      return f(std::integral_constant<int64_t, block>());
  }
}

// products[j] = h . rows[j]; Rows: how many at once, known to the compiler.
template <int64_t Rows>
HWY_INLINE void dots(const float* const* rows, const float* h, int64_t width, float* products) {
  V sums[Rows];
#pragma GCC unroll 8
  for (int64_t j = 0; j < Rows; ++j) sums[j] = hn::Zero(D());
  const auto step = [&](int64_t i, int64_t left) HWY_ATTR {
    const V x = load(h + i, left);
#pragma GCC unroll 8
    for (int64_t j = 0; j < Rows; ++j) sums[j] = hn::MulAdd(x, load(rows[j] + i, left), sums[j]);
  };
  int64_t i = 0;
  for (; i + lanes() <= width; i += lanes()) step(i, lanes());
  if (i < width) step(i, width - i);
#pragma GCC unroll 8
  for (int64_t j = 0; j < Rows; ++j) products[j] = hn::GetLane(hn::SumOfLanes(D(), sums[j]));
}
HWY_INLINE void dots(const RowTable& table, const uint32_t* meetings, int64_t n, const float* h, float* products) {
  with_count(n, [&](auto count) HWY_ATTR {
    const float* rows[count];
    for (int64_t j = 0; j < count; ++j) rows[j] = table.row(meetings[j] >> 1);
    dots<count>(rows, h, table.width, products);
  });
}

// products become g_j = rate (y_j - sigmoid(x_j)).
HWY_INLINE void to_gains(const uint32_t* meetings, int64_t n, float rate, float* gains) {
  HWY_ALIGN float right[block];
  for (int64_t j = 0; j < n; ++j) right[j] = float(meetings[j] & 1);
  for_vectors(n, [&](int64_t j, int64_t left) {
    store(hn::Mul(all(rate), hn::Sub(load(right + j, left), sigmoid(load(gains + j, left)))), gains + j, left);
  });
}

// gradient (+)= sum_j g_j row_j;  row_j += g_j h
template <int64_t Rows>
HWY_INLINE void learn(const RowTable& table, const uint32_t* meetings, const float* gains, const float* h, float* dh) {
  float* rows[Rows];
  V g[Rows];
#pragma GCC unroll 8
  for (int64_t j = 0; j < Rows; ++j) rows[j] = table.row(meetings[j] >> 1), g[j] = all(gains[j]);
  const auto step = [&](int64_t i, int64_t left) HWY_ATTR {
    const V x = load(h + i, left);
    V sum = load(dh + i, left);
#pragma GCC unroll 8
    for (int64_t j = 0; j < Rows; ++j) {
      const V row = load(rows[j] + i, left);
      sum = hn::MulAdd(g[j], row, sum);
      store(hn::MulAdd(g[j], x, row), rows[j] + i, left);
    }
    store(sum, dh + i, left);
  };
  int64_t i = 0;
  for (; i + lanes() <= table.width; i += lanes()) step(i, lanes());
  if (i < table.width) step(i, table.width - i);
}
HWY_INLINE void learn(const RowTable& table, const uint32_t* meetings, int64_t n, const float* gains, const float* h,
                      float* dh) {
  with_count(n, [&](auto rows) HWY_ATTR { learn<rows>(table, meetings, gains, h, dh); });
}

// One group: dh = the gradient of its loss, the rows learn; h stays.
void logistic_step(const RowTable& table, std::span<const uint32_t> meetings, float rate, const float* h, float* dh) {
  constexpr size_t most = 64;  // gains on the stack; only a huge number of negatives is more
  HWY_ALIGN float gains[most];
  std::fill_n(dh, table.width, 0.0f);
  for (; !meetings.empty(); meetings = meetings.subspan(std::min(most, meetings.size()))) {
    const int64_t n = int64_t(std::min(most, meetings.size()));
    for (int64_t j = 0; j < n; j += block) {
      const int64_t now = std::min(block, n - j);
      dots(table, &meetings[size_t(j)], now, h, gains + j);
      to_gains(&meetings[size_t(j)], now, rate, gains + j);
    }
    for (int64_t j = 0; j < n; j += block) learn(table, &meetings[size_t(j)], std::min(block, n - j), gains + j, h, dh);
  }
}

// f(g, meetings) for each group; the rows of the next one are on their way while those of this are multiplied.
template <class F>
HWY_INLINE void each_group(const RowTable& table, const LogisticGroups& groups, F&& f) {
  int32_t begin = 0;
  for (size_t g = 0; g < groups.ends.size(); ++g) {
    const int32_t end = groups.ends[g];
    if (g + 1 < groups.ends.size())
      for (int32_t j = end; j < groups.ends[g + 1]; ++j) prefetch_row(table, groups.meetings[size_t(j)] >> 1);
    f(g, groups.meetings.subspan(size_t(begin), size_t(end - begin)));
    begin = end;
  }
}

void logistic_steps(const RowTable& table, const LogisticGroups& groups, float* hidden, float* gradient) {
  float* const dh = gradient + table.width;
  std::fill_n(gradient, table.width, 0.0f);
  each_group(table, groups, [&](size_t, std::span<const uint32_t> meetings) HWY_ATTR {
    logistic_step(table, meetings, groups.rate, hidden, dh);
    for_vectors(table.width, [&](int64_t i, int64_t left) {
      const V step = load(dh + i, left);
      add_to(gradient + i, step, left);
      store(hn::MulAdd(all(groups.growth), step, load(hidden + i, left)), hidden + i, left);
    });
  });
}

void logistic_row_steps(const RowTable& table, const LogisticGroups& groups, const RowTable& input,
                        std::span<const int32_t> ids, float* gradient) {
  each_group(table, groups, [&](size_t g, std::span<const uint32_t> meetings) HWY_ATTR {
    if (g + 1 < ids.size()) prefetch_row(input, ids[g + 1]);
    float* const row = input.row(ids[g]);
    logistic_step(table, meetings, groups.rate, row, gradient);
    add_to_row(row, gradient, input.width);
  });
}

// Rows that meet one path: at most `block`, none of them twice. The names are those of ops/log_linear.h.
template <int64_t Rows>
class PathStep {
 public:
  HWY_INLINE PathStep(const RowTable& table, std::span<const uint32_t> path, const RowTable& input, const int32_t* ids)
      : table_(table), path_(path) {
    for (int64_t c = 0; c < Rows; ++c) x_[c] = input.row(ids[c]);
  }

  // g_cj = rate (y_j - sigmoid(x_c . (row_j + sum_{d<c} g_dj x_d)))
  HWY_INLINE void find_gains(float rate) {
    const auto n = int64_t(path_.size());
    HWY_ALIGN float products[Rows];
    for (int64_t j = 0; j < n; ++j) {
      dots<Rows>(x_, table_.row(path_[size_t(j)] >> 1), table_.width, products);
      for (int64_t c = 0; c < Rows; ++c) g_[c][j] = products[c];
    }
    for (int64_t c = 1; c < Rows; ++c) dots<Rows>(x_, x_[c], table_.width, mixed_[c]);
    for (int64_t c = 0; c < Rows; ++c) {
      for (int64_t d = 0; d < c; ++d) add_to_row(g_[c], g_[d], n, mixed_[c][d]);
      for (int64_t j = 0; j < n; j += block) to_gains(&path_[size_t(j)], std::min(block, n - j), rate, g_[c] + j);
    }
    for (int64_t c = 0; c < Rows; ++c)
      for (int64_t d = 0; d < c; ++d) mixed_[c][d] = row_dot(g_[c], g_[d], n);
  }
  // row_j += sum_c g_cj x_c;  x_c += sum_j g_cj (row_j + sum_{d<c} g_dj x_d)
  HWY_INLINE void learn() const {
    for_vectors(table_.width, [&](int64_t i, int64_t left) HWY_ATTR {
      V was[Rows], gradient[Rows];
#pragma GCC unroll 8
      for (int64_t c = 0; c < Rows; ++c) was[c] = load(x_[c] + i, left), gradient[c] = hn::Zero(D());
      for (size_t j = 0; j < path_.size(); ++j) {
        float* const row = table_.row(path_[j] >> 1) + i;
        const V w = load(row, left);
        V sum = w;
#pragma GCC unroll 8
        for (int64_t c = 0; c < Rows; ++c) {
          const V gain = all(g_[c][j]);
          gradient[c] = hn::MulAdd(gain, w, gradient[c]);
          sum = hn::MulAdd(gain, was[c], sum);
        }
        store(sum, row, left);
      }
#pragma GCC unroll 8
      for (int64_t c = 0; c < Rows; ++c) {
#pragma GCC unroll 8
        for (int64_t d = 0; d < c; ++d) gradient[c] = hn::MulAdd(all(mixed_[c][d]), was[d], gradient[c]);
        store(hn::Add(was[c], gradient[c]), x_[c] + i, left);
      }
    });
  }

 private:
  const RowTable& table_;
  std::span<const uint32_t> path_;
  float* x_[Rows];
  HWY_ALIGN float g_[Rows][longest_path];
  float mixed_[Rows][Rows];  // x_c . x_d, then sum_j g_cj g_dj, for d < c
};

void logistic_path_steps(const RowTable& table, std::span<const uint32_t> path, float rate, const RowTable& input,
                         std::span<const int32_t> ids) {
  while (!ids.empty()) {
    size_t n = 1;  // a row that comes again has learned before
    while (n < std::min(ids.size(), size_t(block)) &&
           std::find(ids.begin(), ids.begin() + n, ids[n]) == ids.begin() + n)
      ++n;
    with_count(int64_t(n), [&](auto rows) HWY_ATTR {
      PathStep<rows> step(table, path, input, ids.data());
      step.find_gains(rate);
      step.learn();
    });
    ids = ids.subspan(n);
  }
}

// Products become g_j = rate (y_j - p_j); the loss.
HWY_INLINE double to_softmax_gains(std::span<const uint32_t> meetings, float rate, float* gains) {
  const float most = *std::max_element(gains, gains + meetings.size());
  double sum = 0, right = 0;
  for (size_t j = 0; j < meetings.size(); ++j) {
    if (meetings[j] & 1) right = double(gains[j]) - most;
    sum += gains[j] = std::exp(gains[j] - most);
  }
  for (size_t j = 0; j < meetings.size(); ++j) gains[j] = rate * (float(meetings[j] & 1) - gains[j] / float(sum));
  return std::log(sum) - right;
}

double softmax_step(const RowTable& table, std::span<const uint32_t> meetings, float rate, const float* hidden,
                    float* gradient, float* products) {
  const auto n = int64_t(meetings.size());
  for (int64_t j = 0; j < n; j += block)
    dots(table, &meetings[size_t(j)], std::min(block, n - j), hidden, products + j);
  const double loss = to_softmax_gains(meetings, rate, products);
  std::fill_n(gradient, table.width, 0.0f);
  for (int64_t j = 0; j < n; j += block)
    learn(table, &meetings[size_t(j)], std::min(block, n - j), products + j, hidden, gradient);
  return loss;
}

double logistic_loss(const RowTable& table, std::span<const uint32_t> meetings, const float* hidden) {
  double sum = 0;
  for (const uint32_t m : meetings) {
    const double x = row_dot(table.row(m >> 1), hidden, table.width), z = m & 1 ? -x : x;
    sum += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
  }
  return sum;
}

float dot_row(const float* a, const float* b, int64_t width) { return row_dot(a, b, width); }

void dot_rows(const RowTable& table, int64_t rows, const float* x, float* products) {
  parallel_for(rows, row_grain(table.width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) products[i] = row_dot(table.row(i), x, table.width);
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {
HWY_EXPORT(mean_of_rows);
HWY_EXPORT(add_to_rows);
HWY_EXPORT(logistic_steps);
HWY_EXPORT(logistic_row_steps);
HWY_EXPORT(logistic_path_steps);
HWY_EXPORT(logistic_loss);
HWY_EXPORT(softmax_step);
HWY_EXPORT(dot_row);
HWY_EXPORT(dot_rows);
}  // namespace

void mean_of_rows(const RowTable& table, std::span<const int32_t> ids, float* mean) {
  HWY_DYNAMIC_DISPATCH(mean_of_rows)(table, ids, mean);
}
void add_to_rows(const RowTable& table, std::span<const int32_t> ids, const float* x) {
  HWY_DYNAMIC_DISPATCH(add_to_rows)(table, ids, x);
}
void logistic_steps(const RowTable& table, const LogisticGroups& groups, float* hidden, float* gradient) {
  HWY_DYNAMIC_DISPATCH(logistic_steps)(table, groups, hidden, gradient);
}
void logistic_row_steps(const RowTable& table, const LogisticGroups& groups, const RowTable& input,
                        std::span<const int32_t> ids, float* gradient) {
  HWY_DYNAMIC_DISPATCH(logistic_row_steps)(table, groups, input, ids, gradient);
}
void logistic_path_steps(const RowTable& table, std::span<const uint32_t> path, float rate, const RowTable& input,
                         std::span<const int32_t> ids) {
  check(path.size() <= longest_path, "a path of ", path.size(), " turns; at most ", longest_path);
  HWY_DYNAMIC_DISPATCH(logistic_path_steps)(table, path, rate, input, ids);
}
double logistic_loss(const RowTable& table, std::span<const uint32_t> meetings, const float* hidden) {
  return HWY_DYNAMIC_DISPATCH(logistic_loss)(table, meetings, hidden);
}
double softmax_step(const RowTable& table, std::span<const uint32_t> meetings, float rate, const float* hidden,
                    float* gradient, float* products) {
  return HWY_DYNAMIC_DISPATCH(softmax_step)(table, meetings, rate, hidden, gradient, products);
}
float dot_row(const float* a, const float* b, int64_t width) { return HWY_DYNAMIC_DISPATCH(dot_row)(a, b, width); }
void dot_rows(const RowTable& table, int64_t rows, const float* x, float* products) {
  HWY_DYNAMIC_DISPATCH(dot_rows)(table, rows, x, products);
}

}  // namespace stemma
#endif
