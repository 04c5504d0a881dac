// One step of a recurrence, elementwise; s is the logistic function.
//
// rnn    h = tanh(a)                                               da = dh (1 - h^2)
// lstm   c = s(f) c' + s(i) tanh(g);  h = s(o) tanh(c)             dc += dh s(o) (1 - tanh(c)^2);  dc' = dc s(f)
//   di = dc tanh(g) s(i) (1 - s(i));  df = dc c' s(f) (1 - s(f));  dg = dc s(i) (1 - tanh(g)^2);
//   do = dh tanh(c) s(o) (1 - s(o))
// gru    r, z = s(x_r + u_r), s(x_z + u_z);  n = tanh(x_n + r u_n);  h = (1 - z) n + z h'
//   dn = dh (1 - z) (1 - n^2);  dz = dh (h' - n) z (1 - z);  dr = dn u_n r (1 - r);  dh' = dh z
//   dx = (dr, dz, dn);  du = (dr, dz, r dn)
#include "stemma/ops/cells.h"

#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/ops/ops.h"

namespace stemma {

namespace {

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

// f(row) for all rows; `width` numbers to a row.
template <class F>
void each_row(const Tensor& x, F&& f) {
  parallel_for(x.rows(), std::max<int64_t>(1, 8192 / std::max<int64_t>(x.cols(), 1)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}
float* row(const Tensor& x, int64_t i) { return x ? x.data() + i * x.cols() : nullptr; }

void rnn_step_cpu(const RnnStep& s) {
  each_row(s.h, [&](int64_t i) {
    const float* a = row(s.gates, i);
    float* h = row(s.h, i);
    for (int64_t j = 0; j < s.h.cols(); ++j) h[j] = std::tanh(a[j]);
  });
}
void rnn_step_back_cpu(const RnnStepBack& s) {
  each_row(s.h, [&](int64_t i) {
    const float *h = row(s.h, i), *dh = row(s.dh, i);
    float* da = row(s.dgates, i);
    for (int64_t j = 0; j < s.h.cols(); ++j) da[j] = dh[j] * (1 - h[j] * h[j]);
  });
}

void lstm_step_cpu(const LstmStep& s) {
  const int64_t width = s.h.cols();
  each_row(s.gates, [&](int64_t row_index) {
    const float *a = row(s.gates, row_index), *before = row(s.c_before, row_index);
    float *kept = row(s.kept, row_index), *h = row(s.h, row_index), *c = row(s.c, row_index);
    for (int64_t j = 0; j < width; ++j) {
      const float i = logistic(a[j]), f = logistic(a[j + width]), g = std::tanh(a[j + 2 * width]),
                  o = logistic(a[j + 3 * width]);
      c[j] = f * before[j] + i * g;
      h[j] = o * std::tanh(c[j]);
      if (kept) kept[j] = i, kept[j + width] = f, kept[j + 2 * width] = g, kept[j + 3 * width] = o;
    }
  });
}
void lstm_step_back_cpu(const LstmStepBack& s) {
  const int64_t width = s.c_before.cols();
  each_row(s.kept, [&](int64_t row_index) {
    const float *kept = row(s.kept, row_index), *before = row(s.c_before, row_index);
    const float *dh = row(s.dh, row_index), *dc = row(s.dc, row_index);
    float *d = row(s.dgates, row_index), *dc_before = row(s.dc_before, row_index);
    for (int64_t j = 0; j < width; ++j) {
      const float i = kept[j], f = kept[j + width], g = kept[j + 2 * width], o = kept[j + 3 * width];
      const float t = std::tanh(f * before[j] + i * g), out = dh ? dh[j] : 0;
      const float into = (dc ? dc[j] : 0) + out * o * (1 - t * t);
      d[j] = into * g * i * (1 - i);
      d[j + width] = into * before[j] * f * (1 - f);
      d[j + 2 * width] = into * i * (1 - g * g);
      d[j + 3 * width] = out * t * o * (1 - o);
      dc_before[j] += into * f;
    }
  });
}

void gru_step_cpu(const GruStep& s) {
  const int64_t width = s.h.cols();
  each_row(s.x_gates, [&](int64_t i) {
    const float *x = row(s.x_gates, i), *u = row(s.u_gates, i), *before = row(s.h_before, i);
    float *kept = row(s.kept, i), *h = row(s.h, i);
    for (int64_t j = 0; j < width; ++j) {
      const float r = logistic(x[j] + u[j]), z = logistic(x[j + width] + u[j + width]);
      const float n = std::tanh(x[j + 2 * width] + r * u[j + 2 * width]);
      h[j] = n + z * (before[j] - n);
      if (kept) kept[j] = r, kept[j + width] = z, kept[j + 2 * width] = n, kept[j + 3 * width] = u[j + 2 * width];
    }
  });
}
void gru_step_back_cpu(const GruStepBack& s) {
  const int64_t width = s.h_before.cols();
  each_row(s.kept, [&](int64_t i) {
    const float *kept = row(s.kept, i), *before = row(s.h_before, i), *dh = row(s.dh, i);
    float *dx = row(s.dx_gates, i), *du = row(s.du_gates, i), *dh_before = row(s.dh_before, i);
    for (int64_t j = 0; j < width; ++j) {
      const float r = kept[j], z = kept[j + width], n = kept[j + 2 * width], u = kept[j + 3 * width];
      const float dn = dh[j] * (1 - z) * (1 - n * n);
      dx[j] = du[j] = dn * u * r * (1 - r);
      dx[j + width] = du[j + width] = dh[j] * (before[j] - n) * z * (1 - z);
      dx[j + 2 * width] = dn, du[j + 2 * width] = r * dn;
      dh_before[j] += dh[j] * z;
    }
  });
}

}  // namespace

constexpr Kernel<void(const RnnStep&)> rnn_step{"rnn", rnn_step_cpu, ON_CUDA(rnn_step_cuda)};
constexpr Kernel<void(const RnnStepBack&)> rnn_step_back{"rnn backward", rnn_step_back_cpu,
                                                         ON_CUDA(rnn_step_back_cuda)};
constexpr Kernel<void(const LstmStep&)> lstm_step{"lstm", lstm_step_cpu, ON_CUDA(lstm_step_cuda)};
constexpr Kernel<void(const LstmStepBack&)> lstm_step_back{"lstm backward", lstm_step_back_cpu,
                                                           ON_CUDA(lstm_step_back_cuda)};
constexpr Kernel<void(const GruStep&)> gru_step{"gru", gru_step_cpu, ON_CUDA(gru_step_cuda)};
constexpr Kernel<void(const GruStepBack&)> gru_step_back{"gru backward", gru_step_back_cpu,
                                                         ON_CUDA(gru_step_back_cuda)};

std::pair<Tensor, Tensor> lstm_cell(const Tensor& gates, const Tensor& c) {
  check(gates.rows() == c.rows() && gates.cols() == 4 * c.cols(), "lstm_cell: gates ", gates, " for c ", c);
  const Tensor h = Tensor::like(c), next = Tensor::like(c);
  const Tensor kept = detail::any_tracked({gates, c}) ? Tensor::like(gates) : Tensor();
  lstm_step(LstmStep{.gates = gates, .c_before = c, .kept = kept, .h = h, .c = next});
  return record2(h, next, {gates, c}, [kept, c = c.detach()](const Tensor& dh, const Tensor& dc) {
    const Tensor dc_before = Tensor::zeros(c.rows(), c.cols(), c.type(), c.splits());
    lstm_step_back(
        LstmStepBack{.kept = kept, .c_before = c, .dh = dh, .dc = dc, .dgates = kept, .dc_before = dc_before});
    return Grads{kept, dc_before};
  });
}

Tensor gru_cell(const Tensor& x_gates, const Tensor& u_gates, const Tensor& h) {
  check(x_gates.same_shape(u_gates) && x_gates.rows() == h.rows() && x_gates.cols() == 3 * h.cols(), "gru_cell: gates ",
        x_gates, " and ", u_gates, " for h ", h);
  const Tensor next = Tensor::like(h);
  const bool keep = detail::any_tracked({x_gates, u_gates, h});
  const Tensor kept = keep ? Tensor(h.rows(), 4 * h.cols()) : Tensor();
  gru_step(GruStep{.x_gates = x_gates, .u_gates = u_gates, .h_before = h, .kept = kept, .h = next});
  return record(next, {x_gates, u_gates, h}, [kept, h = h.detach()](const Tensor& dh) {
    const Tensor dx(h.rows(), 3 * h.cols()), du = Tensor::like(dx), dh_before = Tensor::zeros(h.rows(), h.cols());
    gru_step_back(
        GruStepBack{.kept = kept, .h_before = h, .dh = dh, .dx_gates = dx, .du_gates = du, .dh_before = dh_before});
    return Grads{dx, du, dh_before};
  });
}

}  // namespace stemma
