// Truncated Newton: each direction solves H d = -g by conjugate gradients, only as exactly as the distance to the
// optimum asks for (Dembo & Steihaug 1983), preconditioned by the diagonal of H (Hsia et al. 2018); then a line search.
#include "stemma/sparse/softmax_regression.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "stemma/base/parallel.h"

namespace stemma {

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
void add_scaled(Vector& a, double t, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += t * b[i];
}

class Softmax {
 public:
  Softmax(const SparseMatrix& x, std::span<const int32_t> y, std::span<const double> costs, const SoftmaxSettings& s)
      : x_(x),
        transposed_(transpose(x)),
        y_(y),
        costs_(costs.begin(), costs.end()),
        classes_(s.classes),
        width_((s.classes + 3) / 4 * 4),
        lambda_(s.classes == 2 ? 2 : 1) {
    for (double& c : costs_) c *= s.C;
  }
  SoftmaxFit minimise(const SoftmaxSettings& s);

 private:
  size_t weights() const { return size_t((x_.columns + 1) * width_); }  // the last row is b
  Vector logits(const Vector& W) const;                                 // [rows, width]
  double loss(const Vector& Z) const;
  double ridge(const Vector& a, const Vector& b) const;  // a · b without b's row
  void set_probabilities(const Vector& Z);
  void add_rows(const Vector& R, double* sum) const;         // sum [width] += Σᵢ rᵢ
  Vector pull_back(const Vector& R, const Vector& W) const;  // xᵀ R + λ W
  Vector gradient(const Vector& W) const;
  Vector hessian_times(const Vector& V) const;
  void set_diagonal();
  Vector direction(const Vector& gradient, double accuracy) const;
  double step_length(const Vector& W, const Vector& Z, const Vector& d, const Vector& Zd, double slope) const;

  const SparseMatrix& x_;
  const SparseMatrix transposed_;
  const std::span<const int32_t> y_;
  Vector costs_;
  const int64_t classes_, width_;  // padded to fours; what is beyond `classes` stays 0
  const double lambda_;
  Vector P_;         // probabilities [rows, width]
  Vector diagonal_;  // of H
};

Vector Softmax::logits(const Vector& W) const {
  Vector Z(size_t(x_.rows() * width_));
  multiply(x_, W.data(), width_, Z.data());
  const double* b = W.data() + x_.columns * width_;
  for (auto z = Z.begin(); z != Z.end(); z += width_) std::transform(b, b + width_, z, z, std::plus<>());
  return Z;
}

double log_sum_exp(const double* z, int64_t n) {
  const double most = *std::max_element(z, z + n);
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) sum += std::exp(z[k] - most);
  return most + std::log(sum);
}

double Softmax::loss(const Vector& Z) const {
  Vector losses(y_.size());
  parallel_for(int64_t(y_.size()), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double* z = Z.data() + i * width_;
      losses[size_t(i)] = costs_[size_t(i)] * (log_sum_exp(z, classes_) - z[y_[size_t(i)]]);
    }
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

double Softmax::ridge(const Vector& a, const Vector& b) const {
  return std::inner_product(a.begin(), a.end() - width_, b.begin(), 0.0);
}

void Softmax::set_probabilities(const Vector& Z) {
  P_.assign(Z.size(), 0);
  parallel_for(int64_t(y_.size()), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double* z = Z.data() + i * width_;
      const double normaliser = log_sum_exp(z, classes_);
      for (int64_t k = 0; k < classes_; ++k) P_[size_t(i * width_ + k)] = std::exp(z[k] - normaliser);
    }
  });
}

void Softmax::add_rows(const Vector& R, double* sum) const {
  for (auto r = R.begin(); r != R.end(); r += width_) std::transform(sum, sum + width_, r, sum, std::plus<>());
}

Vector Softmax::pull_back(const Vector& R, const Vector& W) const {
  Vector out(weights());
  multiply(transposed_, R.data(), width_, out.data());
  const size_t rows = out.size() - size_t(width_);
  for (size_t i = 0; i < rows; ++i) out[i] += lambda_ * W[i];
  add_rows(R, out.data() + rows);
  return out;
}

Vector Softmax::gradient(const Vector& W) const {
  Vector R = P_;
  for (size_t i = 0; i < y_.size(); ++i) {
    R[i * size_t(width_) + size_t(y_[i])] -= 1;
    for (int64_t k = 0; k < width_; ++k) R[i * size_t(width_) + size_t(k)] *= costs_[i];
  }
  return pull_back(R, W);
}

// H V = xᵀ R + λ V with rᵢ = costᵢ (pᵢ ∘ zᵢ − pᵢ (pᵢ · zᵢ)), z = x V
Vector Softmax::hessian_times(const Vector& V) const {
  Vector R = logits(V);
  for (size_t i = 0; i < y_.size(); ++i) {
    double* r = R.data() + i * size_t(width_);
    const double* p = P_.data() + i * size_t(width_);
    const double mean = std::inner_product(p, p + width_, r, 0.0);
    for (int64_t k = 0; k < width_; ++k) r[k] = costs_[i] * p[k] * (r[k] - mean);
  }
  return pull_back(R, V);
}

void Softmax::set_diagonal() {
  Vector R(P_.size());
  for (size_t i = 0; i < y_.size(); ++i)
    for (size_t e = i * size_t(width_); e < (i + 1) * size_t(width_); ++e) R[e] = costs_[i] * P_[e] * (1 - P_[e]);
  diagonal_.assign(weights(), 0);
  multiply_squared(transposed_, R.data(), width_, diagonal_.data());
  const size_t rows = diagonal_.size() - size_t(width_);
  for (size_t i = 0; i < rows; ++i) diagonal_[i] += lambda_;
  add_rows(R, diagonal_.data() + rows);
  for (size_t i = rows; i < diagonal_.size(); ++i) diagonal_[i] = std::max(diagonal_[i], 1e-12);
}

Vector Softmax::direction(const Vector& gradient, double accuracy) const {
  const auto precondition = [&](const Vector& r) {
    Vector z(r.size());
    for (size_t i = 0; i < r.size(); ++i) z[i] = r[i] / diagonal_[i];
    return z;
  };
  Vector d(gradient.size()), r(gradient.size());
  for (size_t i = 0; i < r.size(); ++i) r[i] = -gradient[i];
  Vector z = precondition(r), q = z;
  double rz = dot(r, z);
  const double enough = accuracy * accuracy * rz;
  for (int step = 0; step < 200 && rz > enough; ++step) {
    const Vector Hq = hessian_times(q);
    const double t = rz / dot(q, Hq);
    add_scaled(d, t, q);
    add_scaled(r, -t, Hq);
    z = precondition(r);
    const double before = rz;
    rz = dot(r, z);
    for (size_t i = 0; i < q.size(); ++i) q[i] = z[i] + rz / before * q[i];
  }
  return d;
}

// Halves the step until the objective falls enough (Armijo). Z and Zd are at hand, so no trial multiplies by x.
double Softmax::step_length(const Vector& W, const Vector& Z, const Vector& d, const Vector& Zd, double slope) const {
  const double start = loss(Z), Wd = ridge(W, d), dd = ridge(d, d);
  for (double t = 1; t > 1e-10; t /= 2) {
    Vector moved = Z;
    add_scaled(moved, t, Zd);
    const double change = loss(moved) - start + lambda_ * (t * Wd + t * t * dd / 2);
    if (change <= 1e-4 * t * slope) return t;
  }
  return 0;  // rounding hides what is left
}

SoftmaxFit Softmax::minimise(const SoftmaxSettings& s) {
  Vector W(weights()), Z(size_t(x_.rows() * width_));
  SoftmaxFit fit;
  const double total = std::accumulate(costs_.begin(), costs_.end(), 0.0);
  double first = 0;
  for (;; ++fit.steps) {
    set_probabilities(Z);
    const Vector g = gradient(W);
    fit.gradient = 0;
    for (const double v : g) fit.gradient = std::max(fit.gradient, std::abs(v) / total);
    if (fit.steps == 0) first = std::max(fit.gradient, 1e-300);
    if (fit.gradient <= s.tolerance || fit.steps == s.most_steps) break;
    set_diagonal();
    const Vector d = direction(g, std::min(0.1, std::sqrt(fit.gradient / first)));
    const Vector Zd = logits(d);
    const double t = step_length(W, Z, d, Zd, dot(g, d));
    if (t == 0) break;
    add_scaled(W, t, d);
    add_scaled(Z, t, Zd);
  }
  fit.W.reserve(size_t(x_.columns * classes_));
  for (int64_t j = 0; j <= x_.columns; ++j) {
    auto& to = j < x_.columns ? fit.W : fit.b;
    to.insert(to.end(), W.begin() + j * width_, W.begin() + j * width_ + classes_);
  }
  const double mean = std::accumulate(fit.b.begin(), fit.b.end(), 0.0) / double(classes_);
  for (double& b : fit.b) b -= mean;
  return fit;
}

}  // namespace

SoftmaxFit fit_softmax(const SparseMatrix& x, std::span<const int32_t> y, std::span<const double> costs,
                       const SoftmaxSettings& settings) {
  return Softmax(x, y, costs, settings).minimise(settings);
}

}  // namespace stemma
