#include "stemma/tasks/gradient_flow.h"

#include <algorithm>
#include <cmath>

namespace stemma {

namespace {

double norm_of(const float* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double(x[i]) * double(x[i]);
  return std::sqrt(sum);
}

double norm_of(const Params& parameters) {
  double sum = 0;
  for (const auto& p : parameters)
    if (const Tensor g = grad(p.w)) sum += std::pow(norm_of(g.data(), g.size()), 2);
  return std::sqrt(sum);
}

// exp of the slope of log norm over distances from 1 on.
double growth(const std::vector<double>& norm) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t k = 1; k < norm.size(); ++k) {
    if (!(norm[k] > 0) || !std::isfinite(norm[k])) continue;
    const auto d = double(k), log_norm = std::log(norm[k]);
    n += 1, x += d, y += log_norm, xx += d * d, xy += d * log_norm;
  }
  const double spread = n * xx - x * x;
  return spread > 0 ? std::exp((n * xy - x * y) / spread) : 0;
}

}  // namespace

Tensor gradient_at(const Tensor& rows, const std::function<Tensor(const Tensor&)>& loss) {
  const Tensor x = parameter(rows.clone());
  backward(loss(x));
  return grad(x);
}

GradientFlow gradient_flow(const FlowRequest& request) {
  check(request.windows > 0, "gradient flow: the text is shorter than one window");
  const int64_t length = request.distance + 1;
  GradientFlow out{.windows = request.windows};
  out.norm.resize(size_t(length)), out.clipped.resize(size_t(length));
  const Recording on;
  for (int64_t i = 0; i < out.windows; ++i) {
    for (const auto& p : request.parameters) clear_grad(p.w);
    const Tensor g = request.gradient(i);
    check(bool(g), "gradient flow: the loss does not depend on its rows");
    check(g.rows() >= length, "gradient flow: ", g.rows(), " rows for a distance of ", request.distance);
    const double update = norm_of(request.parameters);
    const bool cut = request.clip > 0 && update > request.clip;
    out.clipped_share += cut ? 1 / double(out.windows) : 0;
    for (int64_t k = 0; k < length; ++k) {
      const double norm = norm_of(g.data() + (g.rows() - 1 - k) * g.cols(), g.cols()) / double(out.windows);
      out.norm[size_t(k)] += norm;
      out.clipped[size_t(k)] += cut ? norm * request.clip / update : norm;
    }
  }
  for (const auto& p : request.parameters) clear_grad(p.w);
  out.per_step = growth(out.norm);
  return out;
}

}  // namespace stemma
