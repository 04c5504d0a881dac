// Recurrent layers: Elman, LSTM, GRU; one or both directions, stacked, residual.
#pragma once
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

enum class Cell { rnn, lstm, gru };
constexpr int64_t gates(Cell cell) { return cell == Cell::rnn ? 1 : cell == Cell::lstm ? 4 : 3; }

struct RecurrentState {  // one row for each sequence; empty: zeros
  Tensor h, c;           // c: lstm only
  FIELDS(h, c)
};

// One layer in one direction. The input's share of the gates, x W^T + b, is one product for all steps; the recurrence
// itself, with its equations, is the op rnn / lstm / gru (ops/recurrent.cc).
//
// With a projection (Sak et al. 2014, section 2.1) the layer says r_t = P h_t, narrower than h_t, and its gates see
// U r_{t-1}. That is (U P) h_{t-1}: one small product ahead, and the op is the same. The state stays h.
struct Recurrent {
  Linear W;     // [gates * h, in]
  Param U, bu;  // [gates * h, r]; bu: gru only, inside the reset gate's reach
  Param P;      // [r, h]; empty: r = h
  FIELDS(W, U, bu, P)
  Cell cell = Cell::lstm;

  Recurrent() = default;
  Recurrent(Cell cell, int64_t in, int64_t hidden, int64_t projection = 0)
      : W(in, gates(cell) * hidden, true, uniform(hidden)),
        U(gates(cell) * hidden, projection ? projection : hidden, uniform(hidden)),
        bu(cell == Cell::gru ? Param(1, gates(cell) * hidden) : Param()),
        P(projection ? Param(projection, hidden, uniform(hidden)) : Param()),
        cell(cell) {}
  static Init uniform(int64_t hidden) { return {Init::uniform, 1 / std::sqrt(float(hidden))}; }
  // Sequences of x continue from s, which becomes the state after them.
  Tensor operator()(const Tensor& x, RecurrentState& s) const { return recur(W(x), s); }
  // The same from the input's share of the gates.
  Tensor recur(const Tensor& Wx, RecurrentState& s) const { return recur(Wx, s, {}).y; }
  // And with a look at a source before each step.
  Recurrence recur(const Tensor& Wx, RecurrentState& s, const Look& look) const {
    const Tensor UP = P ? matmul(U, P) : U;
    Recurrence r = cell == Cell::rnn    ? rnn(Wx, UP, s.h, look)
                   : cell == Cell::lstm ? lstm(Wx, UP, s.h, s.c, look)
                                        : gru(Wx, UP, bu, s.h, look);
    s = {r.h, r.c};
    if (P) r.y = linear(r.y, P);
    return r;
  }
};

// Layers on top of each other; with `residual`, layer i > 0 adds its input (Wu et al. 2016, eq. 6).
struct StackedRecurrent {
  std::vector<Recurrent> layers;
  FIELDS(layers)
  bool residual = false;
  float p = 0;  // dropout between layers (Zaremba et al. 2014)
  using State = std::vector<RecurrentState>;

  StackedRecurrent() = default;
  StackedRecurrent(Cell cell, int64_t in, int64_t hidden, int64_t depth, bool residual, float p, int64_t projection = 0)
      : residual(residual), p(p) {
    const int64_t out = projection ? projection : hidden;
    for (int64_t i = 0; i < depth; ++i) layers.emplace_back(cell, i ? out : in, hidden, projection);
  }
  Tensor operator()(const Tensor& x, State& s) const { return recur(layers[0].W(x), s); }
  // The same from the input's share of the first layer's gates.
  Tensor recur(const Tensor& Wx, State& s) const {
    s.resize(layers.size());
    Tensor x = layers[0].recur(Wx, s[0]);
    for (size_t i = 1; i < layers.size(); ++i) {
      const Tensor y = layers[i](dropout(x, p), s[i]);
      x = residual ? x + y : y;
    }
    return x;
  }
};

// Schuster & Paliwal 1997: one layer reads forwards, one backwards, side by side: [N, 2 * hidden].
struct BidirectionalRecurrent {
  Recurrent forwards, backwards;
  FIELDS(forwards, backwards)

  BidirectionalRecurrent() = default;
  BidirectionalRecurrent(Cell cell, int64_t in, int64_t hidden)
      : forwards(cell, in, hidden), backwards(cell, in, hidden) {}
  // s: the last state of each direction, side by side.
  Tensor operator()(const Tensor& x, RecurrentState& s) const {
    RecurrentState f, b;
    const Tensor y = hstack({forwards(x, f), reverse(backwards(reverse(x), b))});
    s = {hstack({f.h, b.h}), f.c ? hstack({f.c, b.c}) : Tensor()};
    return y;
  }
};

}  // namespace stemma
