// Forward-backward in log space, in double. With a_1 = start + s_1, b_n = end, and Z = sum_y e^{s(y)}:
//   a_t(j) = s_t(j) + log sum_i e^{a_{t-1}(i) + A_ij}          b_t(i) = log sum_j e^{A_ij + s_{t+1}(j) + b_{t+1}(j)}
//   p_t(j) = e^{a_t(j) + b_t(j)} / Z                           p_t(i, j) = e^{a_{t-1}(i) + A_ij + s_t(j) + b_t(j)} / Z
//   -log p(y) = log Z - s(y);   ds_t(j) = p_t(j) - [y_t = j];   dA_ij = sum_t p_t(i, j) - [y_{t-1} = i, y_t = j]
// A step is a product: log sum_i e^{x_i + A_ij} = m + top + log (e^{x - m} e^{A - top})_j, with m and top the greatest
// of x and A. Where that is too small to be exact the sum is taken again around its own greatest term.
//
// A sequence is one thread's; dA is summed over all rows in their order. Gradients are taken in forward, as in
// cross_entropy.cc.
#include "stemma/ops/crf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "stemma/ops/sequences.h"
#include "stemma/tensor/kernel.h"

#include "stemma/ops/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/crf.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace stemma::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::ScalableTag<double>;
using VW = hn::Vec<Wide>;

// Calls f(number, j) for columns j of a row whose width is a multiple of a vector's: eight vectors at once, then one.
template <class F>
HWY_INLINE void each_columns(int64_t cols, F&& f) {
  const int64_t w = int64_t(hn::Lanes(Wide()));
  int64_t j = 0;
  for (; j + 8 * w <= cols; j += 8 * w) f(std::integral_constant<int, 8>(), j);
  for (; j < cols; j += w) f(std::integral_constant<int, 1>(), j);
}

// y += x M;  x: [rows], its elements `stride` apart; M: [rows, cols]
void add_row_product(const double* x, int64_t stride, const double* M, double* y, int64_t rows, int64_t cols) {
  const Wide d;
  const int64_t w = int64_t(hn::Lanes(d));
  each_columns(cols, [&](auto number, int64_t j) HWY_ATTR {
    constexpr int n = decltype(number)::value;
    VW sum[n];
    for (int c = 0; c < n; ++c) sum[c] = hn::LoadU(d, y + j + c * w);
    for (int64_t i = 0; i < rows; ++i) {
      const VW factor = hn::Set(d, x[i * stride]);
      for (int c = 0; c < n; ++c) sum[c] = hn::MulAdd(factor, hn::LoadU(d, M + i * cols + j + c * w), sum[c]);
    }
    for (int c = 0; c < n; ++c) hn::StoreU(sum[c], d, y + j + c * w);
  });
}

// y_j = max_i (x_i + A_ij), from[j] = the first such i;  A: [rows, cols]
void row_maximum(const double* x, const double* A, double* y, double* from, int64_t rows, int64_t cols) {
  const Wide d;
  const int64_t w = int64_t(hn::Lanes(d));
  each_columns(cols, [&](auto number, int64_t j) HWY_ATTR {
    constexpr int n = decltype(number)::value;
    VW best[n], place[n];
    for (int c = 0; c < n; ++c)
      best[c] = hn::Add(hn::Set(d, x[0]), hn::LoadU(d, A + j + c * w)), place[c] = hn::Zero(d);
    for (int64_t i = 1; i < rows; ++i) {
      const VW term = hn::Set(d, x[i]), index = hn::Set(d, double(i));
      for (int c = 0; c < n; ++c) {
        const VW here = hn::Add(term, hn::LoadU(d, A + i * cols + j + c * w));
        const auto better = hn::Gt(here, best[c]);
        best[c] = hn::IfThenElse(better, here, best[c]), place[c] = hn::IfThenElse(better, index, place[c]);
      }
    }
    for (int c = 0; c < n; ++c) hn::StoreU(best[c], d, y + j + c * w), hn::StoreU(place[c], d, from + j + c * w);
  });
}

}  // namespace
}  // namespace stemma::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {

namespace {

HWY_EXPORT(add_row_product);
HWY_EXPORT(row_maximum);

using Row = std::vector<double>;
constexpr double nothing = -std::numeric_limits<double>::infinity();
// e^x of -600 and more has all its digits, and e^-745 beside it does not count.
constexpr double safe = 600;

double log_sum(const double* x, const double* y, int64_t n) {  // log sum_i e^{x_i + y_i}
  double most = nothing, sum = 0;
  for (int64_t i = 0; i < n; ++i) most = std::max(most, x[i] + y[i]);
  const bool any = most != nothing;  // else -infinity, or NaN where a term is
  for (int64_t i = 0; i < n; ++i) sum += any ? std::exp(x[i] + y[i] - most) : x[i] + y[i];
  if (!any) return sum;
  return most + std::log(sum);
}

// Rows of k numbers lie `width` apart, a multiple of every vector; nobody looks at what lies between.
int64_t width_of(int64_t k) { return (k + 7) / 8 * 8; }

// A with -infinity where a transition is not legal; e^{A - top}; their transposes.
struct Chain {
  int64_t k, width;
  Row A, A_t, E, E_t, start, end;
  double top = 0;
  explicit Chain(const CrfWeights& w);
  // y_j = log sum_i e^{x_i + A_ij}, from left to right or (A transposed) back. e = e^{x - m}; returns m.
  double step(bool back, const double* x, double* e, double* y) const {
    const double m = *std::max_element(x, x + k);
    for (int64_t i = 0; i < k; ++i) e[i] = m == nothing ? 0 : std::exp(x[i] - m);
    std::fill_n(y, width, 0.0);
    HWY_DYNAMIC_DISPATCH(add_row_product)(e, 1, (back ? E_t : E).data(), y, k, width);
    for (int64_t j = 0; j < k; ++j)
      y[j] = y[j] > std::exp(-safe) ? m + top + std::log(y[j]) : log_sum(x, (back ? A : A_t).data() + j * width, k);
    return m;
  }
};

// -infinity where `legal` says so, rows apart.
Row masked(const Tensor& x, const std::vector<uint8_t>* legal) {
  const int64_t k = x.cols(), width = width_of(k);
  Row out(size_t(x.rows() * width), 0);
  for (int64_t i = 0; i < x.size(); ++i)
    out[size_t(i / k * width + i % k)] = !legal || (*legal)[size_t(i)] ? double(x.data()[i]) : nothing;
  return out;
}
Row transposed(const Row& x, int64_t k) {
  Row out(x.size(), 0);
  const int64_t width = width_of(k);
  for (int64_t i = 0; i < k * k; ++i) out[size_t(i % k * width + i / k)] = x[size_t(i / k * width + i % k)];
  return out;
}

Chain::Chain(const CrfWeights& w) : k(w.A.rows()), width(width_of(k)) {
  const auto* const legal = w.legal.get();
  A = masked(w.A, legal ? &legal->transitions : nullptr), A_t = transposed(A, k);
  start = masked(w.start, legal ? &legal->start : nullptr), end = masked(w.end, legal ? &legal->end : nullptr);
  double most = nothing;
  for (int64_t i = 0; i < k; ++i)
    most = std::max(most, *std::max_element(A.begin() + i * width, A.begin() + i * width + k));
  top = most == nothing ? 0 : most;
  for (const double a : A) E.push_back(std::exp(a - top));
  E_t = transposed(E, k);
}

void check_call(const char* op, const Tensor& scores, const CrfWeights& w) {
  const int64_t k = scores.cols();
  check(k > 0 && w.A.rows() == k && w.A.cols() == k, op, ": transitions ", w.A, " do not fit scores ", scores);
  for (const auto& edge : {w.start, w.end})
    check(edge.rows() == 1 && edge.cols() == k, op, ": start ", w.start, ", end ", w.end, " do not fit scores ",
          scores);
  if (const auto* legal = w.legal.get())
    check(int64_t(legal->transitions.size()) == k * k && int64_t(legal->start.size()) == k &&
              int64_t(legal->end.size()) == k,
          op, ": legal labels do not fit scores ", scores);
}
void check_total(const char* op, double total, int64_t sequence) {
  check(total != nothing, op, ": sequence ", sequence, " has no legal labels");
  check(std::isfinite(total), op, ": a score of sequence ", sequence, " is not a finite number");
}

// What forward-backward knows of all rows, each [N, width].
struct Lattice {
  Row a, x;                   // x_t = s_t + b_t
  Row u, v;                   // p_t(i, j) = u_{t-1}(i) e^{A_ij - top} v_t(j); v is zero in a sequence's first row
  Row p;                      // p_t(j)
  Row total;                  // [B]
  std::vector<uint8_t> wide;  // [N]: row t's numbers span too much for u and v (v is zero): take a and x
  explicit Lattice(const Tensor& scores)
      : a(size_t(scores.rows() * width_of(scores.cols())), 0),
        x(a),
        u(a),
        v(a),
        p(a),
        total(size_t(scores.sequences()), 0),
        wide(size_t(scores.rows())) {}
};

void forward_backward(const Chain& c, const float* scores, int64_t begin, int64_t n, double& total, Lattice& l) {
  const int64_t k = c.k;
  Row m(size_t(n), 0), b = c.end;
  const auto row = [&](Row& rows, int64_t t) { return rows.data() + (begin + t) * c.width; };
  const auto* const s = scores + begin * k;
  for (int64_t t = 0; t < n; ++t) {
    double* const a = row(l.a, t);
    if (t == 0)
      std::copy_n(c.start.begin(), k, a);
    else
      m[size_t(t)] = c.step(false, row(l.a, t - 1), row(l.u, t - 1), a);
    for (int64_t j = 0; j < k; ++j) a[j] += s[t * k + j];
  }
  total = log_sum(row(l.a, n - 1), c.end.data(), k);
  if (!std::isfinite(total)) return;  // an Error of the caller
  for (int64_t t = n; t-- > 0;) {
    double *const x = row(l.x, t), *const v = row(l.v, t);
    for (int64_t j = 0; j < k; ++j) {
      x[j] = s[t * k + j] + b[size_t(j)];
      row(l.p, t)[j] = std::exp(row(l.a, t)[j] + b[size_t(j)] - total);
    }
    if (t == 0) break;
    const double scale = m[size_t(t)] + c.step(true, x, v, b.data()) + c.top - total;
    l.wide[size_t(begin + t)] = scale > safe;
    const double factor = scale > safe ? 0 : std::exp(scale);
    for (int64_t j = 0; j < k; ++j) v[j] *= factor;
  }
}

// dA (out, [k, width]): the expected count of each transition. Few rows at a time, so that they stay near.
void count_transitions(const Chain& c, const Lattice& l, double* dA) {
  constexpr int64_t near = 32;
  const int64_t k = c.k, w = c.width, n = int64_t(l.wide.size());
  parallel_for(k, row_grain(n * k), [&](int64_t begin, int64_t end) {
    for (int64_t t = 1; t < n; t += near)
      for (int64_t i = begin; i < end; ++i) HWY_DYNAMIC_DISPATCH(add_row_product)
    (l.u.data() + (t - 1) * w + i, w, l.v.data() + t * w, dA + i * w, std::min(near, n - t), w);
    for (int64_t i = begin * w; i < end * w; ++i) dA[i] *= c.E[size_t(i)];
  });
}
// What count_transitions leaves out: the wide rows of a sequence, all k^2 terms of each in log space.
void count_wide(const Chain& c, const Lattice& l, int64_t begin, int64_t end, double total, double* dA) {
  const int64_t k = c.k, w = c.width;
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; l.wide[size_t(t)] && i < k; ++i)
      for (int64_t j = 0; j < k; ++j)
        dA[i * w + j] +=
            std::exp(l.a[size_t((t - 1) * w + i)] + c.A[size_t(i * w + j)] + l.x[size_t(t * w + j)] - total);
}

// The score of the targets y, and their counts taken from the gradients (all rows apart).
struct Gradient {
  Row s, A, start, end;
};
double score_of(const Chain& c, const float* scores, const int32_t* y, int64_t begin, int64_t end, Gradient& d) {
  const int64_t k = c.k;
  double sum = 0;
  const auto add = [&](const Row& from, Row& to, int64_t at, int64_t t) {
    if (from[size_t(at)] == nothing)
      fail("crf: label ", y[t], " of row ", t, " is not legal ",
           &from == &c.A     ? str("behind label ", y[t - 1])
           : &from == &c.end ? "at the end"
                             : "at the beginning");
    sum += from[size_t(at)];
    if (!to.empty()) to[size_t(at)] -= 1;
  };
  for (int64_t t = begin; t < end; ++t) {
    if (t == begin)
      add(c.start, d.start, y[t], t);
    else
      add(c.A, d.A, y[t - 1] * c.width + y[t], t);
    sum += scores[t * k + y[t]];
    if (!d.s.empty()) d.s[size_t(t * c.width + y[t])] -= 1;
  }
  if (begin < end) add(c.end, d.end, y[end - 1], end - 1);
  return sum;
}

void lattice_cpu(const Tensor& scores, const Chain& chain, Lattice* lattice) {
  for_sequences(*splits_of(scores), chain.k * chain.k, [&](int64_t s, int64_t begin, int64_t end) {
    if (begin < end) forward_backward(chain, scores.data(), begin, end - begin, lattice->total[size_t(s)], *lattice);
  });
}
constexpr Kernel<void(const Tensor&, const Chain&, Lattice*)> lattice_kernel{"crf", lattice_cpu, ON_CUDA(lattice_cuda)};

void best_of_sequence(const Chain& c, const float* scores, int64_t n, int32_t* labels, double& best) {
  const int64_t k = c.k, w = c.width;
  Row from(size_t(n * w)), now = c.start, next(size_t(w), 0);
  for (int64_t t = 0; t < n; ++t) {
    if (t > 0) {
      HWY_DYNAMIC_DISPATCH(row_maximum)(now.data(), c.A.data(), next.data(), from.data() + t * w, k, w);
      now.swap(next);
    }
    for (int64_t j = 0; j < k; ++j) now[size_t(j)] += scores[t * k + j];
  }
  for (int64_t j = 0; j < k; ++j) now[size_t(j)] += c.end[size_t(j)];
  const auto last = std::max_element(now.begin(), now.begin() + k);
  best = std::any_of(now.begin(), now.begin() + k, [](double x) { return std::isnan(x); }) ? NAN : *last;
  labels[n - 1] = int32_t(last - now.begin());
  for (int64_t t = n - 1; t > 0; --t) labels[t - 1] = int32_t(from[size_t(t * w + labels[t])]);
}
void best_cpu(const Tensor& scores, const Chain& chain, CrfPaths* out) {
  for_sequences(*splits_of(scores), chain.k * chain.k, [&](int64_t s, int64_t begin, int64_t end) {
    if (begin < end)
      best_of_sequence(chain, scores.data() + begin * chain.k, end - begin, out->labels.data() + begin,
                       out->scores[size_t(s)]);
  });
}
constexpr Kernel<void(const Tensor&, const Chain&, CrfPaths*)> best_kernel{"crf best", best_cpu, ON_CUDA(best_cuda)};

Lattice make_lattice(const char* op, const Tensor& scores, const Chain& chain) {
  Lattice lattice(scores);
  lattice_kernel(scores, chain, &lattice);
  for (int64_t s = 0; s < scores.sequences(); ++s) check_total(op, lattice.total[size_t(s)], s);
  return lattice;
}

// What is expected of s, A, start and end; the targets are not taken off yet.
Gradient expected(const Chain& c, const Tensor& scores, const Lattice& l) {
  const int64_t k = c.k, w = c.width;
  Gradient d{.s = l.p, .A = Row(size_t(k * w), 0), .start = Row(size_t(w), 0), .end = Row(size_t(w), 0)};
  count_transitions(c, l, d.A.data());
  for (int64_t s = 0; s < scores.sequences(); ++s) {
    const int64_t begin = scores.begin(s), end = scores.end(s);
    if (begin == end) continue;
    count_wide(c, l, begin, end, l.total[size_t(s)], d.A.data());
    for (int64_t j = 0; j < k; ++j) {
      d.start[size_t(j)] += l.p[size_t(begin * w + j)];
      d.end[size_t(j)] += l.p[size_t((end - 1) * w + j)];
    }
  }
  return d;
}

// Of the shape of `like`, without what lies between rows.
Tensor narrow(const Row& x, const Tensor& like) {
  Tensor out(like.rows(), like.cols(), Type::f32, like.splits());
  for (int64_t i = 0; i < like.rows(); ++i)
    std::copy_n(x.begin() + i * width_of(like.cols()), like.cols(), out.data() + i * like.cols());
  return out;
}

}  // namespace

CrfLoss crf(const Tensor& scores, const CrfWeights& weights, const Tensor& targets) {
  check_call("crf", scores, weights);
  const int64_t k = scores.cols();
  check(targets.rows() == scores.rows() && targets.cols() == 1, "crf: targets ", targets, " do not fit scores ",
        scores);
  const auto* const y = targets.data<int32_t>();
  for (int64_t t = 0; t < targets.rows(); ++t)
    check(y[t] >= 0 && y[t] < k, "crf: target ", y[t], " of row ", t, " is outside the ", k, " labels");
  const Chain chain(weights);
  Lattice lattice = make_lattice("crf", scores, chain);
  Gradient d;
  if (any_tracked({scores, weights.A, weights.start, weights.end})) d = expected(chain, scores, lattice);
  CrfLoss out;
  double total = 0;
  for (int64_t s = 0; s < scores.sequences(); ++s) {
    out.nll.push_back(lattice.total[size_t(s)] - score_of(chain, scores.data(), y, scores.begin(s), scores.end(s), d));
    total += out.nll.back();
  }
  out.total = Tensor::full(1, 1, float(total));
  if (d.A.empty()) return out;
  const Grads all{narrow(d.s, scores), narrow(d.A, weights.A), narrow(d.start, weights.start),
                  narrow(d.end, weights.end)};
  out.total = record(out.total, {scores, weights.A, weights.start, weights.end}, [all](const Tensor& g) {
    Grads out;
    for (const auto& d : all) out.push_back(d * g);
    return out;
  });
  return out;
}

CrfPaths best_labels(const Tensor& scores, const CrfWeights& weights) {
  check_call("best_labels", scores, weights);
  CrfPaths out{.labels = std::vector<int32_t>(size_t(scores.rows())), .scores = Row(size_t(scores.sequences()))};
  best_kernel(scores, Chain(weights), &out);
  for (int64_t s = 0; s < scores.sequences(); ++s) check_total("best_labels", out.scores[size_t(s)], s);
  return out;
}

CrfMarginals label_marginals(const Tensor& scores, const CrfWeights& weights) {
  check_call("label_marginals", scores, weights);
  const Lattice lattice = make_lattice("label_marginals", scores, Chain(weights));
  return {.p = narrow(lattice.p, scores), .log_total = lattice.total};
}

}  // namespace stemma
#endif
