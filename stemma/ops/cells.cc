// One step of a recurrence, elementwise; s is the logistic function.
//
// rnn    h = tanh(a)                                               da = dh (1 - h^2)
// lstm   c = s(f) c' + s(i) tanh(g);  h = s(o) tanh(c)             dc += dh s(o) (1 - tanh(c)^2);  dc' = dc s(f)
//   di = dc tanh(g) s(i) (1 - s(i));  df = dc c' s(f) (1 - s(f));  dg = dc s(i) (1 - tanh(g)^2);
//   do = dh tanh(c) s(o) (1 - s(o))
// gru    r, z = s(x_r + u_r), s(x_z + u_z);  n = tanh(x_n + r u_n);  h = (1 - z) n + z h'
//   dn = dh (1 - z) (1 - n^2);  dz = dh (h' - n) z (1 - z);  dr = dn u_n r (1 - r);  dh' = dh z
//   dx = (dr, dz, dn);  du = (dr, dz, r dn)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stemma/ops/cells.cc"
#include "stemma/ops/simd_targets.h"
// Highway after its targets.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stemma/base/parallel.h"
#include "stemma/ops/cells.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/grain.h"
#include "stemma/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE V less_square(V x) { return hn::NegMulAdd(x, x, all(1)); }  // 1 - x^2
HWY_INLINE V slope(V s) { return hn::Mul(s, hn::Sub(all(1), s)); }     // of the logistic function, from its value

// A row of several blocks of `width` columns, seen through the vector of columns j. Of nothing: zeros, and nothing is
// written.
struct Row {
  float* data;
  int64_t width, j = 0, left = 0;
  Row(const Tensor& x, int64_t row, int64_t width) : data(x ? x.data() + row * x.cols() : nullptr), width(width) {}
  Row(const Picked& p, int64_t row, int64_t width) : Row(p.x, p.x ? p.rows[row] : 0, width) {}
  explicit operator bool() const { return data != nullptr; }
  HWY_INLINE V operator[](int64_t block) const { return data ? load(data + block * width + j, left) : hn::Zero(D()); }
  HWY_INLINE void set(int64_t block, V v) const {
    if (data) store(v, data + block * width + j, left);
  }
  HWY_INLINE void add(V v) const { add_to(data + j, v, left); }
};
// f(row of each tensor) for every row and vector of columns.
template <class F, class... Tensors>
void for_rows(const Tensor& state, F&& f, const Tensors&... tensors) {
  const int64_t width = state.cols();
  const auto walk = [&](auto... row) {
    for_vectors(width, [&](int64_t j, int64_t left) {
      ((row.j = j, row.left = left), ...);
      f(row...);
    });
  };
  parallel_for(state.rows(), row_grain(16 * width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) walk(Row(tensors, i, width)...);
  });
}

void rnn(const RnnStep& s) {
  for_rows(
      s.h,
      [](const Row& x, const Row& a, const Row& h, const Row& y) {
        const V next = tanh(hn::Add(x[0], a[0]));
        h.set(0, next), y.set(0, next);
      },
      s.x, s.gates, s.h, s.y);
}
void rnn_back(const RnnStepBack& s) {
  for_rows(
      s.h,
      [](const Row& h, const Row& dh, const Row& dy, const Row& da, const Row& dx) {
        const V d = hn::Mul(hn::Add(dh[0], dy[0]), less_square(h[0]));
        da.set(0, d), dx.set(0, d);
      },
      s.h, s.dh, s.dy, s.dgates, s.dx);
}

void lstm(const LstmStep& s) {
  for_rows(
      s.c,
      [](const Row& x, const Row& u, const Row& before, const Row& kept, const Row& h, const Row& c, const Row& y) {
        const auto a = [&](int64_t gate) { return hn::Add(x[gate], u[gate]); };
        const V i = sigmoid(a(0)), f = sigmoid(a(1)), g = tanh(a(2)), o = sigmoid(a(3));
        const V next_c = hn::MulAdd(f, before[0], hn::Mul(i, g)), next = hn::Mul(o, tanh(next_c));
        c.set(0, next_c), h.set(0, next), y.set(0, next);
        kept.set(0, i), kept.set(1, f), kept.set(2, g), kept.set(3, o);
      },
      s.x, s.gates, s.c_before, s.kept, s.h, s.c, s.y);
}
void lstm_back(const LstmStepBack& s) {
  for_rows(
      s.c_before,
      [](const Row& kept, const Row& before, const Row& dh, const Row& dy, const Row& dc, const Row& d,
         const Row& dc_before, const Row& dx) {
        const V i = kept[0], f = kept[1], g = kept[2], o = kept[3], c_before = before[0];
        const V t = tanh(hn::MulAdd(f, c_before, hn::Mul(i, g))), out = hn::Add(dh[0], dy[0]);
        const V into = hn::MulAdd(hn::Mul(out, o), less_square(t), dc[0]);
        const auto set = [&](int64_t gate, V v) { d.set(gate, v), dx.set(gate, v); };
        set(0, hn::Mul(hn::Mul(into, g), slope(i)));
        set(1, hn::Mul(hn::Mul(into, c_before), slope(f)));
        set(2, hn::Mul(hn::Mul(into, i), less_square(g)));
        set(3, hn::Mul(hn::Mul(out, t), slope(o)));
        dc_before.add(hn::Mul(into, f));
      },
      s.kept, s.c_before, s.dh, s.dy, s.dc, s.dgates, s.dc_before, s.dx);
}

void gru(const GruStep& s) {
  const Row bias(s.b_u, 0, s.h.cols());
  for_rows(
      s.h,
      [&](const Row& picked, const Row& more, const Row& products, const Row& before, const Row& kept, const Row& h,
          const Row& y) {
        Row b = bias;
        b.j = before.j, b.left = before.left;
        const auto x = [&](int64_t gate) { return hn::Add(picked[gate], more[gate]); };
        const auto u = [&](int64_t gate) { return hn::Add(products[gate], b[gate]); };
        const V r = sigmoid(hn::Add(x(0), u(0))), z = sigmoid(hn::Add(x(1), u(1))), u_n = u(2);
        const V n = tanh(hn::MulAdd(r, u_n, x(2))), next = hn::MulAdd(z, hn::Sub(before[0], n), n);
        h.set(0, next), y.set(0, next);
        kept.set(0, r), kept.set(1, z), kept.set(2, n), kept.set(3, u_n);
      },
      s.x, s.x_gates, s.u_gates, s.h_before, s.kept, s.h, s.y);
}
void gru_back(const GruStepBack& s) {
  for_rows(
      s.h_before,
      [](const Row& kept, const Row& before, const Row& dh, const Row& dy, const Row& dx, const Row& du,
         const Row& dh_before, const Row& picked) {
        const V r = kept[0], z = kept[1], n = kept[2], u_n = kept[3], d = hn::Add(dh[0], dy[0]);
        const V dn = hn::Mul(hn::Mul(d, hn::Sub(all(1), z)), less_square(n));
        const V dr = hn::Mul(hn::Mul(dn, u_n), slope(r)), dz = hn::Mul(hn::Mul(d, hn::Sub(before[0], n)), slope(z));
        dx.set(0, dr), dx.set(1, dz), dx.set(2, dn);
        picked.set(0, dr), picked.set(1, dz), picked.set(2, dn);
        du.set(0, dr), du.set(1, dz), du.set(2, hn::Mul(r, dn));
        dh_before.add(hn::Mul(d, z));
      },
      s.kept, s.h_before, s.dh, s.dy, s.dx_gates, s.du_gates, s.dh_before, s.dx);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace stemma {
namespace {

HWY_EXPORT(rnn);
HWY_EXPORT(rnn_back);
HWY_EXPORT(lstm);
HWY_EXPORT(lstm_back);
HWY_EXPORT(gru);
HWY_EXPORT(gru_back);
void rnn_step_cpu(const RnnStep& s) { HWY_DYNAMIC_DISPATCH(rnn)(s); }
void rnn_step_back_cpu(const RnnStepBack& s) { HWY_DYNAMIC_DISPATCH(rnn_back)(s); }
void lstm_step_cpu(const LstmStep& s) { HWY_DYNAMIC_DISPATCH(lstm)(s); }
void lstm_step_back_cpu(const LstmStepBack& s) { HWY_DYNAMIC_DISPATCH(lstm_back)(s); }
void gru_step_cpu(const GruStep& s) { HWY_DYNAMIC_DISPATCH(gru)(s); }
void gru_step_back_cpu(const GruStepBack& s) { HWY_DYNAMIC_DISPATCH(gru_back)(s); }

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

std::pair<Tensor, Tensor> lstm_cell_definition(const Tensor& gates, const Tensor& c) {
  const auto [i, f, g, o] = split<4>(gates);
  const Tensor next = sigmoid(f) * c + sigmoid(i) * tanh(g);
  return {sigmoid(o) * tanh(next), next};
}
Tensor gru_cell_definition(const Tensor& x_gates, const Tensor& u_gates, const Tensor& h) {
  const auto [x_r, x_z, x_n] = split<3>(x_gates);
  const auto [u_r, u_z, u_n] = split<3>(u_gates);
  const Tensor n = tanh(x_n + sigmoid(x_r + u_r) * u_n);
  return n + sigmoid(x_z + u_z) * (h - n);
}

std::pair<Tensor, Tensor> lstm_cell(const Tensor& gates, const Tensor& c) {
  check(gates.rows() == c.rows() && gates.cols() == 4 * c.cols(), "lstm_cell: gates ", gates, " for c ", c);
  Tensor h = Tensor::like(c), next = Tensor::like(c);
  const Tensor kept = any_tracked({gates, c}) ? Tensor::like(gates) : Tensor();
  lstm_step(LstmStep{.gates = gates, .c_before = c, .kept = kept, .h = h, .c = next});
  record_all({&h, &next}, {gates, c}, [kept, c = c.detach()](const Grads& d) {
    const Tensor dc_before = Tensor::zeros(c.rows(), c.cols(), c.type(), c.splits());
    lstm_step_back(
        LstmStepBack{.kept = kept, .c_before = c, .dh = d[0], .dc = d[1], .dgates = kept, .dc_before = dc_before});
    return Grads{kept, dc_before};
  });
  return {h, next};
}

Tensor gru_cell(const Tensor& x_gates, const Tensor& u_gates, const Tensor& h) {
  check(x_gates.same_shape(u_gates) && x_gates.rows() == h.rows() && x_gates.cols() == 3 * h.cols(), "gru_cell: gates ",
        x_gates, " and ", u_gates, " for h ", h);
  const Tensor next = Tensor::like(h);
  const bool keep = any_tracked({x_gates, u_gates, h});
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
#endif
