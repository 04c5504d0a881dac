// Recurrences over ragged rows, packed by length (packing.h; the steps' equations are in cells.cc):
//
//   a_t = x_t + U h_{t-1};  h_t, c_t = cell(a_t, h_{t-1}, c_{t-1})
//   dh_{t-1} += da_t U;  dU = sum_t da_t^T h_{t-1} = A'^T H', one product over all steps;  dx = da
//
// and with a Look at a source before each step (additive.cc):
//
//   q_t = W h_{t-1} + b;  s_t = look(q_t);  a_t += C s_t
//   ds_t = da_t C;  dh_{t-1} += dq_t W;  dC = sum_t da_t^T s_t;  dW = sum_t dq_t^T h_{t-1}, again one product each
//
// What only weights need is kept and multiplied once at the end; the weights of the steps' own products are packed
// once.
#include <numeric>
#include <optional>

#include "stemma/ops/additive.h"
#include "stemma/ops/cells.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/packed_matrix.h"
#include "stemma/ops/packing.h"
#include "stemma/ops/product.h"
#include "stemma/tensor/elements.h"

namespace stemma {

namespace {

enum class Kind { rnn, lstm, gru };
constexpr const char* names[] = {"rnn", "lstm", "gru"};
constexpr int64_t gates_of[] = {1, 4, 3};

struct Weights {
  Tensor U, b_u;
  Look look;
};

// The rows that each sequence looks at, in packed order.
SourceRows rows_of(const Look& look, const Packing& p) {
  SourceRows out{{}, {0}};
  const auto add = [&](int64_t begin, int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) out.row.push_back(begin + i);
  };
  for (const int64_t b : p.order) {
    if (look.rows.empty())
      add(look.memory.begin(b), look.memory.end(b) - look.memory.begin(b));
    else
      for (const RowRun& run : look.rows[b]) add(run.begin, run.rows);
    out.begin.push_back(int64_t(out.row.size()));
  }
  return out;
}

// Room for all states, the initial ones in their places.
Tensor initial_states(const Packing& p, const Tensor& first, int64_t width) {
  const Tensor all(p.states(), width), head = all.row_view(0, p.sequences);
  if (first) {
    copy_elements(gather(first.detach(), p.order), head);
  } else {
    zero_elements(head);
  }
  return all;
}
Tensor first_states(const Packing& p, const Tensor& all) { return gather(all.row_view(0, p.sequences), p.place); }
Tensor last_gradients(const Packing& p, const Tensor& dlast, int64_t width) {
  return dlast ? scatter_add(dlast, p.last, p.states()) : Tensor::zeros(p.states(), width);
}

// A recurrence on its way: forward leaves in it what backward needs.
class Run {
 public:
  Run(Kind kind, const Tensor& x, const Weights& w, bool keep) : kind_(kind), keep_(keep), w_(w), p_(x) {
    if (w.look) rows_ = rows_of(w.look, p_);
  }
  Recurrence forward(const Tensor& x, const Tensor& h0, const Tensor& c0);
  Grads backward(const Grads& d);

 private:
  int64_t width() const { return w_.U.cols(); }
  int64_t gates() const { return w_.U.rows(); }
  // Room for every step, or for one where none is kept.
  Tensor room(int64_t cols) const { return {keep_ ? p_.rows() : p_.sequences, cols}; }
  Tensor block(const Tensor& all, int64_t t) const {
    return !all ? all : keep_ ? p_.gates(all, t) : all.row_view(0, p_.active(t));
  }
  void look(int64_t t, const PackedMatrix& W);
  void look_back(int64_t t, const PackedMatrix& W, const PackedMatrix& C);
  void step(int64_t t, const Picked& x, const Picked& y) const;
  void step_back(int64_t t, const Picked& dy, const Picked& dx) const;
  void add_weight_gradients() const;

  Kind kind_;
  bool keep_;
  Weights w_;
  Packing p_;
  Tensor H_, C_, dH_, dC_;
  Tensor a_;     // C s_t + U h_{t-1}, later da; of gru without the latter, and only with a Look
  Tensor u_;     // gru: U h_{t-1}, later its gradient
  Tensor kept_;  // lstm: a_ as well
  // Of a Look:
  SourceRows rows_;
  Tensor q_, s_, ds_, dkeys_, dmemory_, dv_;
  std::vector<Tensor> weights_;  // of each step
};

void Run::look(int64_t t, const PackedMatrix& W) {
  const Look& l = w_.look;
  const Tensor q = block(q_, t);
  W.multiply(p_.state_before(H_, t), q, false);
  if (l.b) copy_elements(q + l.b.detach(), q);
  weights_[size_t(t)] = Tensor(rows_.begin[size_t(q.rows())], 1);
  additive_step(AdditiveStep{q, l.keys, l.memory, l.v, rows_, weights_[size_t(t)], p_.gates(s_, t)});
}

void Run::look_back(int64_t t, const PackedMatrix& W, const PackedMatrix& C) {
  const Look& l = w_.look;
  const Tensor q = block(q_, t), ds = p_.gates(ds_, t), dv = dv_.row_view(0, q.rows());
  C.multiply(block(a_, t), ds, true);
  const Tensor dq(q.rows(), q.cols());
  additive_step_back(
      AdditiveStepBack{q, l.keys, l.memory, l.v, rows_, weights_[size_t(t)], ds, dq, dkeys_, dmemory_, dv});
  copy_elements(dq, q);
  W.multiply(q, p_.state_before(dH_, t), true);
}

void Run::step(int64_t t, const Picked& x, const Picked& y) const {
  const Tensor a = block(a_, t), h = p_.state(H_, t), before = p_.state_before(H_, t);
  if (kind_ == Kind::rnn) return rnn_step(RnnStep{.x = x, .gates = a, .h = h, .y = y});
  if (kind_ == Kind::gru)
    return gru_step(GruStep{.x = x,
                            .x_gates = a,
                            .u_gates = block(u_, t),
                            .h_before = before,
                            .b_u = w_.b_u,
                            .kept = keep_ ? block(kept_, t) : Tensor(),
                            .h = h,
                            .y = y});
  lstm_step(LstmStep{.x = x,
                     .gates = a,
                     .c_before = p_.state_before(C_, t),
                     .kept = keep_ ? a : Tensor(),
                     .h = h,
                     .c = p_.state(C_, t),
                     .y = y});
}

void Run::step_back(int64_t t, const Picked& dy, const Picked& dx) const {
  const Tensor a = block(a_, t), dh = p_.state(dH_, t);
  if (kind_ == Kind::rnn)
    return rnn_step_back(RnnStepBack{.h = p_.state(H_, t), .dh = dh, .dy = dy, .dgates = a, .dx = dx});
  if (kind_ == Kind::gru)
    return gru_step_back(GruStepBack{.kept = block(kept_, t),
                                     .h_before = p_.state_before(H_, t),
                                     .dh = dh,
                                     .dy = dy,
                                     .dx_gates = a,
                                     .du_gates = block(u_, t),
                                     .dh_before = p_.state_before(dH_, t),
                                     .dx = dx});
  lstm_step_back(LstmStepBack{.kept = a,
                              .c_before = p_.state_before(C_, t),
                              .dh = dh,
                              .dc = p_.state(dC_, t),
                              .dy = dy,
                              .dgates = a,
                              .dc_before = p_.state_before(dC_, t),
                              .dx = dx});
}

Recurrence Run::forward(const Tensor& x, const Tensor& h0, const Tensor& c0) {
  const Look& l = w_.look;
  const bool gru = kind_ == Kind::gru;
  H_ = initial_states(p_, h0, width());
  if (kind_ == Kind::lstm) C_ = initial_states(p_, c0, width());
  if (!gru || l) a_ = room(gates());
  if (gru) u_ = room(gates());
  if (gru && keep_) kept_ = room(4 * width());
  std::optional<PackedMatrix> W, C;
  if (l) {
    q_ = room(l.W.rows()), s_ = Tensor(p_.rows(), l.memory.cols()), weights_.resize(size_t(p_.steps));
    W.emplace(l.W, Transposed{.b = true}, p_.steps), C.emplace(l.C, Transposed{.b = true}, p_.steps);
  }
  const PackedMatrix U(w_.U, {.b = true}, p_.steps);
  const Tensor y(x.rows(), width(), Type::f32, p_.splits);
  for (int64_t t = 0; t < p_.steps; ++t) {
    if (l) look(t, *W), C->multiply(p_.gates(s_, t), block(a_, t), false);
    U.multiply(p_.state_before(H_, t), block(gru ? u_ : a_, t), l && !gru);
    step(t, {x, p_.input_of(t)}, {y, p_.input_of(t)});
  }
  return {y, gather(H_, p_.last), C_ ? gather(C_, p_.last) : Tensor(), l ? gather(s_, p_.output, p_.splits) : Tensor()};
}

// With the gradients of y, h, c and the context.
Grads Run::backward(const Grads& d) {
  const Look& l = w_.look;
  dH_ = last_gradients(p_, d[1], width());
  if (C_) dC_ = last_gradients(p_, d[2], width());
  std::optional<PackedMatrix> W, C;
  if (l) {
    const auto zeros = [](int64_t rows, const Tensor& x) { return Tensor::zeros(rows, x.cols()); };
    ds_ = d[3] ? gather(d[3], p_.input) : zeros(p_.rows(), s_);
    dkeys_ = zeros(l.keys.rows(), l.keys), dmemory_ = zeros(l.memory.rows(), l.memory), dv_ = zeros(p_.sequences, l.v);
    W.emplace(l.W, Transposed{}, p_.steps), C.emplace(l.C, Transposed{}, p_.steps);
  }
  const PackedMatrix U(w_.U, {}, p_.steps);
  const Tensor dx(p_.rows(), gates());
  for (int64_t t = p_.steps; t-- > 0;) {
    step_back(t, {d[0], p_.input_of(t)}, {dx, p_.input_of(t)});
    U.multiply(block(u_ ? u_ : a_, t), p_.state_before(dH_, t), true);
    if (l) look_back(t, *W, *C);
  }
  add_weight_gradients();
  return {dx,
          first_states(p_, dH_),
          dC_ ? first_states(p_, dC_) : Tensor(),
          {},
          w_.b_u.tracked() ? sum_rows(u_) : Tensor(),
          {},
          {},
          {},
          l ? sum_rows(dv_) : Tensor(),
          dkeys_,
          dmemory_};
}

void Run::add_weight_gradients() const {
  const auto add = [](const Tensor& dy, const Tensor& x, const Tensor& W) {
    if (const auto dW = gradient_of(W))
      product(dy, x, dW.grad, {.transposed = {.a = true}, .beta = dW.fresh ? 0.0f : 1.0f});
  };
  const Tensor before = gather(H_, p_.before);
  add(u_ ? u_ : a_, before, w_.U);
  if (!w_.look) return;
  add(a_, s_, w_.look.C), add(q_, before, w_.look.W);
  if (const auto db = gradient_of(w_.look.b)) add_column_sums(q_, db);
}

void check_shapes(Kind kind, const Tensor& x, const Weights& w, const Tensor& h0, const Tensor& c0) {
  const auto& [U, b_u, l] = w;
  const char* name = names[int(kind)];
  check(U.rows() == gates_of[int(kind)] * U.cols() && x.cols() == U.rows(), name, ": x ", x, " and U ", U, " for ",
        gates_of[int(kind)], " gates");
  check(kind != Kind::gru || (b_u.rows() == 1 && b_u.cols() == U.rows()), name, ": b_u ", b_u, " for U ", U);
  for (const auto& state : {h0, c0})
    check(!state || (state.rows() == x.sequences() && state.cols() == U.cols()), name, ": initial state ", state,
          " for x ", x, " and U ", U);
  if (!l) return;
  check(l.W.cols() == U.cols() && l.W.rows() == l.keys.cols() && l.v.rows() == 1 && l.v.cols() == l.keys.cols() &&
            (!l.b || (l.b.rows() == 1 && l.b.cols() == l.W.rows())) && l.keys.rows() == l.memory.rows() &&
            l.C.cols() == l.memory.cols() && l.C.rows() == U.rows(),
        name, ": look with W ", l.W, ", b ", l.b, ", v ", l.v, ", C ", l.C, " at keys ", l.keys, ", memory ", l.memory);
  const int64_t sources = l.rows.empty() ? l.memory.sequences() : l.rows.sequences();
  check(sources == x.sequences(), name, ": ", x.sequences(), " sequences look at ", sources, " sources");
  for (int64_t b = 0; b < l.rows.sequences(); ++b)
    for (const RowRun& run : l.rows[b])
      check(run.begin >= 0 && run.begin + run.rows <= l.memory.rows(), name, ": rows ", run.begin, " to ",
            run.begin + run.rows, " of memory ", l.memory);
}

Recurrence recur(Kind kind, const Tensor& x, const Weights& w, const Tensor& h0, const Tensor& c0) {
  check_shapes(kind, x, w, h0, c0);
  const auto& [U, b_u, l] = w;
  const std::vector<Tensor> inputs{x, h0, c0, U, b_u, l.W, l.b, l.C, l.v, l.keys, l.memory};
  check(l.rows.empty() || !any_tracked({l.keys, l.memory}), names[int(kind)], ": listed rows have no gradient");
  auto run = std::make_shared<Run>(kind, x, w, any_tracked(inputs));
  Recurrence out = run->forward(x.detach(), h0, c0);
  record_all({&out.y, &out.h, &out.c, &out.context}, inputs, [run](const Grads& d) { return run->backward(d); });
  return out;
}

// The definition of all three, for step(x_t, h, c) -> {h, c} on single rows.
template <class Step>
Recurrence unroll(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0, const Look& l, Step&& step) {
  const Tensor nothing(0, U.cols()), zero = Tensor::zeros(1, U.cols());
  std::vector<Tensor> all{nothing}, last_h{nothing}, last_c{nothing}, contexts;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    std::pair state{h0 ? rows(h0, b, 1) : zero, c0 ? rows(c0, b, 1) : zero};
    for (int64_t t = x.begin(b); t < x.end(b); ++t) {
      Tensor x_t = rows(x, t, 1);
      if (l) {
        const int64_t begin = l.memory.begin(b), n = l.memory.end(b) - begin;
        contexts.push_back(additive_attention_definition(linear_definition(state.first, l.W, {.b = l.b}),
                                                         rows(l.keys, begin, n), rows(l.memory, begin, n), l.v));
        x_t = x_t + matmul(contexts.back(), l.C, {.b = true});
      }
      state = step(x_t, state.first, state.second);
      all.push_back(state.first);
    }
    last_h.push_back(state.first), last_c.push_back(state.second);
  }
  return {vstack(all).with_splits(x.splits()), vstack(last_h), vstack(last_c), l ? vstack(contexts) : Tensor()};
}

}  // namespace

Recurrence rnn_definition(const Tensor& x, const Tensor& U, const Tensor& h0, const Look& look) {
  const auto run = unroll(x, U, h0, {}, look, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return std::pair{tanh(x_t + matmul(h, U, {.b = true})), c};
  });
  return {run.y, run.h, {}, run.context};
}
Recurrence lstm_definition(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0, const Look& look) {
  return unroll(x, U, h0, c0, look, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return lstm_cell_definition(x_t + matmul(h, U, {.b = true}), c);
  });
}
Recurrence gru_definition(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0, const Look& look) {
  const auto run = unroll(x, U, h0, {}, look, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return std::pair{gru_cell_definition(x_t, matmul(h, U, {.b = true}) + b_u, h), c};
  });
  return {run.y, run.h, {}, run.context};
}

Recurrence rnn(const Tensor& x, const Tensor& U, const Tensor& h0, const Look& look) {
  return recur(Kind::rnn, x, {U, {}, look}, h0, {});
}
Recurrence lstm(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0, const Look& look) {
  return recur(Kind::lstm, x, {U, {}, look}, h0, c0);
}
Recurrence gru(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0, const Look& look) {
  return recur(Kind::gru, x, {U, b_u, look}, h0, {});
}

}  // namespace stemma
