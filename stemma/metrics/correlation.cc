#include "stemma/metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/check.h"

namespace stemma {

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  check(x.size() == y.size(), "correlation: ", x.size(), " numbers beside ", y.size());
  const auto n = double(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n,
               mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double a = x[i] - mean_x, b = y[i] - mean_y;
    xy += a * b, xx += a * a, yy += b * b;
  }
  return x.size() < 2 ? NAN : xy / std::sqrt(xx * yy);
}

std::vector<double> ranks(const std::vector<double>& x) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  std::vector<double> out(x.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && x[order[end]] == x[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) out[order[i]] = double(begin + end + 1) / 2;
    begin = end;
  }
  return out;
}

double spearman(const std::vector<double>& x, const std::vector<double>& y) { return pearson(ranks(x), ranks(y)); }

}  // namespace stemma
