// Recurrences over ragged rows, packed by length (the steps' equations are in cells.cc):
//
//   a_t = x_t + U h_{t-1};  h_t, c_t = cell(a_t, h_{t-1}, c_{t-1})
//   dh_{t-1} += da_t U;  dU = sum_t da_t^T h_{t-1} = A'^T H', one product over all steps;  dx = da
//
// Sequences are sorted by length, longest first, so that step t works on the first active(t) of them: a block of rows.
// States lie in one matrix: B initial states, then the block of each step; gates have the same blocks. What is not a
// step's product or cell is a gather through one of four lists of rows.
#include <algorithm>
#include <numeric>
#include <vector>

#include "stemma/ops/cells.h"
#include "stemma/ops/definitions.h"
#include "stemma/ops/packed_matrix.h"
#include "stemma/ops/product.h"
#include "stemma/tensor/elements.h"

namespace stemma {

namespace {

using Rows = std::vector<int64_t>;

struct Packing {
  int64_t sequences = 0, steps = 0;
  Splits splits;
  Rows begin;           // [steps + 1], of each step's block of gates
  Rows place;           // [B], of each sequence in the sorted order
  Rows input, order;    // [N], [B]: row of x and sequence in packed order
  Rows output, states;  // [N]: row of a gate in packed order, and of a state, for each row of x
  Rows last, before;    // [B], [N]: state rows; `before` in packed order
  explicit Packing(const Tensor& x);
  int64_t rows() const { return sequences + begin.back(); }
  int64_t active(int64_t t) const { return begin[size_t(t) + 1] - begin[size_t(t)]; }
  Tensor gates(const Tensor& all, int64_t t) const { return all.row_view(begin[size_t(t)], active(t)); }
  Tensor state(const Tensor& all, int64_t t) const { return all.row_view(sequences + begin[size_t(t)], active(t)); }
  Tensor state_before(const Tensor& all, int64_t t) const {
    return all.row_view(t == 0 ? 0 : sequences + begin[size_t(t) - 1], active(t));
  }
};

Packing::Packing(const Tensor& x) : sequences(x.sequences()), splits(x.splits()), place(size_t(sequences)) {
  const auto length = [&](int64_t b) { return x.end(b) - x.begin(b); };
  order.resize(size_t(sequences));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  for (int64_t i = 0; i < sequences; ++i) place[size_t(order[size_t(i)])] = i;
  steps = sequences > 0 ? length(order[0]) : 0;
  output.resize(size_t(x.rows())), states.resize(output.size()), last = place;
  begin.push_back(0);
  for (int64_t t = 0; t < steps; ++t) {
    for (int64_t i = 0; i < sequences && length(order[size_t(i)]) > t; ++i) {
      const int64_t b = order[size_t(i)], row = x.begin(b) + t, packed = int64_t(input.size());
      input.push_back(row);
      before.push_back(t == 0 ? i : sequences + begin[size_t(t) - 1] + i);
      output[size_t(row)] = packed, states[size_t(row)] = last[size_t(b)] = sequences + packed;
    }
    begin.push_back(int64_t(input.size()));
  }
}

// Room for all states, the initial ones in their places.
Tensor initial_states(const Packing& p, const Tensor& first, int64_t width) {
  const Tensor all(p.rows(), width), head = all.row_view(0, p.sequences);
  if (first) {
    copy_elements(gather(first.detach(), p.order), head);
  } else {
    zero_elements(head);
  }
  return all;
}

// What reaches the states from outside: dy of each row, dlast of each sequence.
Tensor state_gradients(const Packing& p, const Tensor& dy, const Tensor& dlast, int64_t width) {
  if (!dy && !dlast) return Tensor::zeros(p.rows(), width);
  if (!dy) return scatter_add(dlast, p.last, p.rows());
  const Tensor all = scatter_add(dy, p.states, p.rows());
  return dlast ? all + scatter_add(dlast, p.last, p.rows()) : all;
}

void check_shapes(const char* name, const Tensor& x, const Tensor& U, int64_t gates) {
  check(U.rows() == gates * U.cols() && x.cols() == U.rows(), name, ": x ", x, " and U ", U, " for ", gates, " gates");
}
void check_state(const char* name, const Tensor& x, const Tensor& U, const Tensor& state) {
  check(!state || (state.rows() == x.sequences() && state.cols() == U.cols()), name, ": initial state ", state,
        " for x ", x, " and U ", U);
}

// dU += da^T h', and the gradient of the state each sequence began with.
void add_weight_gradient(const Packing& p, const Tensor& U, const Tensor& da, const Tensor& H) {
  if (const auto dU = gradient_of(U))
    product(da, gather(H, p.before), dU.grad, {.transposed = {.a = true}, .beta = dU.fresh ? 0.0f : 1.0f});
}
Tensor initial_gradient(const Packing& p, const Tensor& first, const Tensor& all) {
  return first.tracked() ? gather(all.row_view(0, p.sequences), p.place) : Tensor();
}

Recurrence outputs(const Packing& p, const Tensor& H, const Tensor& C = {}) {
  return {gather(H, p.states, p.splits), gather(H, p.last), C ? gather(C, p.last) : Tensor()};
}

// The definition of all three, for step(x_t, h, c) -> {h, c} on single rows.
template <class Step>
Recurrence unroll(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0, Step&& step) {
  const Tensor nothing(0, U.cols()), zero = Tensor::zeros(1, U.cols());
  std::vector<Tensor> all{nothing}, last_h{nothing}, last_c{nothing};
  for (int64_t b = 0; b < x.sequences(); ++b) {
    std::pair state{h0 ? rows(h0, b, 1) : zero, c0 ? rows(c0, b, 1) : zero};
    for (int64_t t = x.begin(b); t < x.end(b); ++t) {
      state = step(rows(x, t, 1), state.first, state.second);
      all.push_back(state.first);
    }
    last_h.push_back(state.first), last_c.push_back(state.second);
  }
  return {vstack(all).with_splits(x.splits()), vstack(last_h), vstack(last_c)};
}

}  // namespace

Recurrence rnn_definition(const Tensor& x, const Tensor& U, const Tensor& h0) {
  const auto run = unroll(x, U, h0, {}, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return std::pair{tanh(x_t + matmul(h, U, {.b = true})), c};
  });
  return {run.y, run.h, {}};
}
Recurrence lstm_definition(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0) {
  return unroll(x, U, h0, c0, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return lstm_cell_definition(x_t + matmul(h, U, {.b = true}), c);
  });
}
Recurrence gru_definition(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0) {
  const auto run = unroll(x, U, h0, {}, [&](const Tensor& x_t, const Tensor& h, const Tensor& c) {
    return std::pair{gru_cell_definition(x_t, matmul(h, U, {.b = true}) + b_u, h), c};
  });
  return {run.y, run.h, {}};
}

Recurrence rnn(const Tensor& x, const Tensor& U, const Tensor& h0) {
  check_shapes("rnn", x, U, 1), check_state("rnn", x, U, h0);
  auto p = std::make_shared<const Packing>(x);
  const Tensor H = initial_states(*p, h0, U.cols()), gates = gather(x.detach(), p->input);
  const PackedMatrix Ut(U, {.b = true}, p->steps);
  for (int64_t t = 0; t < p->steps; ++t) {
    const Tensor a = p->gates(gates, t);
    Ut.multiply(p->state_before(H, t), a, true);
    rnn_step(RnnStep{.gates = a, .h = p->state(H, t)});
  }
  Recurrence out = outputs(*p, H);
  record_all({&out.y, &out.h}, {x, U, h0}, [p, H, U, h0](const Grads& d) {
    const Tensor dH = state_gradients(*p, d[0], d[1], U.cols()), da(p->begin.back(), U.rows());
    const PackedMatrix packed(U, {}, p->steps);
    for (int64_t t = p->steps; t-- > 0;) {
      const Tensor step = p->gates(da, t);
      rnn_step_back(RnnStepBack{.h = p->state(H, t), .dh = p->state(dH, t), .dgates = step});
      packed.multiply(step, p->state_before(dH, t), true);
    }
    add_weight_gradient(*p, U, da, H);
    return Grads{gather(da, p->output), {}, initial_gradient(*p, h0, dH)};
  });
  return out;
}

Recurrence lstm(const Tensor& x, const Tensor& U, const Tensor& h0, const Tensor& c0) {
  check_shapes("lstm", x, U, 4), check_state("lstm", x, U, h0), check_state("lstm", x, U, c0);
  auto p = std::make_shared<const Packing>(x);
  const Tensor H = initial_states(*p, h0, U.cols()), C = initial_states(*p, c0, U.cols());
  const Tensor gates = gather(x.detach(), p->input);
  const bool keep = any_tracked({x, U, h0, c0});
  const PackedMatrix Ut(U, {.b = true}, p->steps);
  for (int64_t t = 0; t < p->steps; ++t) {
    const Tensor a = p->gates(gates, t);
    Ut.multiply(p->state_before(H, t), a, true);
    lstm_step(LstmStep{.gates = a,
                       .c_before = p->state_before(C, t),
                       .kept = keep ? a : Tensor(),
                       .h = p->state(H, t),
                       .c = p->state(C, t)});
  }
  Recurrence out = outputs(*p, H, C);
  record_all({&out.y, &out.h, &out.c}, {x, U, h0, c0}, [p, H, C, gates, U, h0, c0](const Grads& d) {
    const Tensor dH = state_gradients(*p, d[0], d[1], U.cols()), dC = state_gradients(*p, {}, d[2], U.cols());
    const PackedMatrix packed(U, {}, p->steps);
    for (int64_t t = p->steps; t-- > 0;) {
      const Tensor step = p->gates(gates, t);  // turns into its gradient
      lstm_step_back(LstmStepBack{.kept = step,
                                  .c_before = p->state_before(C, t),
                                  .dh = p->state(dH, t),
                                  .dc = p->state(dC, t),
                                  .dgates = step,
                                  .dc_before = p->state_before(dC, t)});
      packed.multiply(step, p->state_before(dH, t), true);
    }
    add_weight_gradient(*p, U, gates, H);
    return Grads{gather(gates, p->output), {}, initial_gradient(*p, h0, dH), initial_gradient(*p, c0, dC)};
  });
  return out;
}

Recurrence gru(const Tensor& x, const Tensor& U, const Tensor& b_u, const Tensor& h0) {
  check_shapes("gru", x, U, 3), check_state("gru", x, U, h0);
  check(b_u.rows() == 1 && b_u.cols() == U.rows(), "gru: b_u ", b_u, " for U ", U);
  auto p = std::make_shared<const Packing>(x);
  const Tensor H = initial_states(*p, h0, U.cols()), gates = gather(x.detach(), p->input);
  const Tensor u(p->sequences, U.rows());
  const PackedMatrix Ut(U, {.b = true}, p->steps);
  const bool keep = any_tracked({x, U, b_u, h0});
  const Tensor kept = keep ? Tensor(gates.rows(), 4 * U.cols()) : Tensor();
  for (int64_t t = 0; t < p->steps; ++t) {
    const Tensor before = p->state_before(H, t), u_t = u.row_view(0, p->active(t));
    Ut.multiply(before, u_t, false);
    gru_step(GruStep{.x_gates = p->gates(gates, t),
                     .u_gates = u_t,
                     .h_before = before,
                     .b_u = b_u,
                     .kept = keep ? p->gates(kept, t) : Tensor(),
                     .h = p->state(H, t)});
  }
  Recurrence out = outputs(*p, H);
  record_all({&out.y, &out.h}, {x, U, b_u, h0}, [p, H, kept, U, b_u, h0](const Grads& d) {
    const Tensor dH = state_gradients(*p, d[0], d[1], U.cols()), dx(p->begin.back(), U.rows()), du = Tensor::like(dx);
    const PackedMatrix packed(U, {}, p->steps);
    for (int64_t t = p->steps; t-- > 0;) {
      const Tensor step = p->gates(du, t), dh_before = p->state_before(dH, t);
      gru_step_back(GruStepBack{.kept = p->gates(kept, t),
                                .h_before = p->state_before(H, t),
                                .dh = p->state(dH, t),
                                .dx_gates = p->gates(dx, t),
                                .du_gates = step,
                                .dh_before = dh_before});
      packed.multiply(step, dh_before, true);
    }
    add_weight_gradient(*p, U, du, H);
    return Grads{gather(dx, p->output), {}, b_u.tracked() ? sum_rows(du) : Tensor(), initial_gradient(*p, h0, dH)};
  });
  return out;
}

}  // namespace stemma
