#include "stemma/vectors/layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"

namespace stemma {

namespace {

using Doubles = std::vector<double>;

Doubles centred(const std::vector<float>& data, int64_t width) {
  const int64_t n = int64_t(data.size()) / width;
  Doubles out(data.begin(), data.end());
  for (int64_t j = 0; j < width; ++j) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += out[size_t(i * width + j)];
    for (int64_t i = 0; i < n; ++i) out[size_t(i * width + j)] -= sum / double(n);
  }
  return out;
}

double dot(const double* a, const double* b, int64_t n) { return std::inner_product(a, a + n, b, 0.0); }

// The eigenvectors of the two greatest eigenvalues of C[width, width], by orthogonal iteration (Golub & Van Loan 8.2).
std::vector<Doubles> two_eigenvectors(const Doubles& C, int64_t width) {
  std::vector<Doubles> v(2, Doubles(size_t(width)));
  for (int64_t j = 0; j < width; ++j)
    v[0][size_t(j)] = 1 + double(j) / double(width), v[1][size_t(j)] = j % 2 ? 1 : -0.9;
  for (int round = 0; round < 1000; ++round) {
    double change = 0;
    for (size_t k = 0; k < 2; ++k) {
      Doubles next(size_t(width), 0.0);
      for (int64_t i = 0; i < width; ++i) next[size_t(i)] = dot(&C[size_t(i * width)], v[k].data(), width);
      if (k == 1) {
        const double along = dot(next.data(), v[0].data(), width);
        for (int64_t i = 0; i < width; ++i) next[size_t(i)] -= along * v[0][size_t(i)];
      }
      const double length = std::sqrt(dot(next.data(), next.data(), width));
      for (auto& x : next) x /= length > 0 ? length : 1;
      for (int64_t i = 0; i < width; ++i) change += std::abs(next[size_t(i)] - v[k][size_t(i)]);
      v[k] = std::move(next);
    }
    if (change < 1e-10) break;
  }
  return v;
}

Doubles covariance(const Doubles& x, int64_t n, int64_t width) {
  Doubles C(size_t(width * width));
  parallel_for(width, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < n; ++i) {
      const double* const row = &x[size_t(i * width)];
      for (int64_t a = begin; a < end; ++a)
        for (int64_t b = 0; b < width; ++b) C[size_t(a * width + b)] += row[a] * row[b];
    }
  });
  return C;
}

// p_{j|i} for one i: a Gaussian around it as wide as the perplexity asks, found by bisection (eq. 1).
void fit_row(double* p, int64_t n, int64_t i, double perplexity) {
  const double wanted = std::log(perplexity);
  double low = 0, high = INFINITY, beta = 1;
  const Doubles distance(p, p + n);
  double nearest = INFINITY;
  for (int64_t j = 0; j < n; ++j)
    if (j != i) nearest = std::min(nearest, distance[size_t(j)]);
  for (int round = 0; round < 60; ++round) {
    double sum = 0, weighted = 0;
    for (int64_t j = 0; j < n; ++j) {
      const double far = distance[size_t(j)] - nearest;
      p[j] = j == i ? 0 : std::exp(-beta * far);
      sum += p[j], weighted += p[j] * far;
    }
    for (int64_t j = 0; j < n; ++j) p[j] /= sum;
    const double entropy = std::log(sum) + beta * weighted / sum;
    if (std::abs(entropy - wanted) < 1e-5) break;
    if (entropy > wanted)
      low = beta, beta = std::isinf(high) ? beta * 2 : (beta + high) / 2;
    else
      high = beta, beta = (beta + low) / 2;
  }
}

// Symmetric p_ij of all pairs (eq. 9 of section 3.1).
Doubles affinities(const Doubles& x, int64_t n, int64_t width, double perplexity) {
  Doubles p(size_t(n * n));
  parallel_for(n, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < width; ++k) {
          const double off = x[size_t(i * width + k)] - x[size_t(j * width + k)];
          sum += off * off;
        }
        p[size_t(i * n + j)] = sum;
      }
      fit_row(&p[size_t(i * n)], n, i, perplexity);
    }
  });
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      const double both = (p[size_t(i * n + j)] + p[size_t(j * n + i)]) / double(2 * n);
      p[size_t(i * n + j)] = p[size_t(j * n + i)] = std::max(both, 1e-12);
    }
  return p;
}

// The gradient of the Kullback-Leibler divergence (eq. 5), p scaled by `exaggeration`.
std::vector<Point> gradient(const Doubles& p, const std::vector<Point>& y, double exaggeration) {
  const auto n = int64_t(y.size());
  Doubles sums(y.size());
  const auto weight = [&](int64_t i, int64_t j) {
    const double dx = y[size_t(i)].x - y[size_t(j)].x, dy = y[size_t(i)].y - y[size_t(j)].y;
    return 1 / (1 + dx * dx + dy * dy);
  };
  parallel_for(n, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < n; ++j) sums[size_t(i)] += i == j ? 0 : weight(i, j);
  });
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  std::vector<Point> out(y.size());
  parallel_for(n, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < n; ++j) {
        if (i == j) continue;
        const double w = weight(i, j), pull = 4 * (exaggeration * p[size_t(i * n + j)] - w / total) * w;
        out[size_t(i)].x += pull * (y[size_t(i)].x - y[size_t(j)].x);
        out[size_t(i)].y += pull * (y[size_t(i)].y - y[size_t(j)].y);
      }
  });
  return out;
}

}  // namespace

std::vector<Point> principal_components(const std::vector<float>& data, int64_t width) {
  check(width > 0 && data.size() % size_t(width) == 0, "principal components: ", data.size(), " numbers in rows of ",
        width);
  const int64_t n = int64_t(data.size()) / width;
  const auto x = centred(data, width);
  auto axes = two_eigenvectors(covariance(x, n, width), width);
  for (auto& axis : axes) {
    const auto largest =
        std::max_element(axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (*largest < 0)
      for (auto& v : axis) v = -v;
  }
  std::vector<Point> out;
  for (int64_t i = 0; i < n; ++i) {
    const double* const row = &x[size_t(i * width)];
    out.push_back({dot(row, axes[0].data(), width), dot(row, axes[1].data(), width)});
  }
  return out;
}

std::vector<Point> tsne(const std::vector<float>& data, int64_t width, const TsneOptions& options) {
  auto y = principal_components(data, width);
  const auto n = int64_t(y.size());
  if (n < 4) return y;
  const double perplexity = std::min(options.perplexity, double(n - 1) / 3);
  const auto p = affinities(centred(data, width), n, width, perplexity);
  double largest = 1e-12;
  for (const auto& point : y) largest = std::max({largest, std::abs(point.x), std::abs(point.y)});
  for (auto& point : y) point.x *= 1e-2 / largest, point.y *= 1e-2 / largest;
  std::vector<Point> speed(y.size()), gain(y.size(), {1, 1});
  const double rate = std::max(50.0, double(n) / 12 / 4);  // Belkina et al. 2019
  const int64_t early = std::min<int64_t>(options.steps / 4, 250);
  for (int64_t step = 0; step < options.steps; ++step) {
    const auto slope = gradient(p, y, step < early ? 12 : 1);
    const double momentum = step < early ? 0.5 : 0.8;
    const auto move = [&](double& where, double& v, double& g, double d) {  // gains: Jacobs 1988
      g = std::max(0.01, (d > 0) != (v > 0) ? g + 0.2 : g * 0.8);
      v = momentum * v - rate * g * d, where += v;
    };
    for (size_t i = 0; i < y.size(); ++i)
      move(y[i].x, speed[i].x, gain[i].x, slope[i].x), move(y[i].y, speed[i].y, gain[i].y, slope[i].y);
  }
  return y;
}

}  // namespace stemma
