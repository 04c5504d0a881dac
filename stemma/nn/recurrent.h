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
struct Recurrent {
  Linear W;     // [gates * h, in]
  Param U, bu;  // [gates * h, h]; bu: gru only, inside the reset gate's reach
  FIELDS(W, U, bu)
  Cell cell = Cell::lstm;

  Recurrent() = default;
  Recurrent(Cell cell, int64_t in, int64_t hidden)
      : W(in, gates(cell) * hidden, true, {Init::uniform, 1 / std::sqrt(float(hidden))}),
        U(gates(cell) * hidden, hidden, {Init::uniform, 1 / std::sqrt(float(hidden))}),
        bu(cell == Cell::gru ? Param(1, gates(cell) * hidden) : Param()),
        cell(cell) {}
  int64_t hidden() const { return U.w.cols(); }
  // Sequences of x continue from s, which becomes the state after them.
  Tensor operator()(const Tensor& x, RecurrentState& s) const { return recur(W(x), s); }
  // The same from the input's share of the gates.
  Tensor recur(const Tensor& Wx, RecurrentState& s) const {
    const Recurrence r = cell == Cell::rnn    ? rnn(Wx, U, s.h)
                         : cell == Cell::lstm ? lstm(Wx, U, s.h, s.c)
                                              : gru(Wx, U, bu, s.h);
    s = {r.h, r.c};
    return r.y;
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
  StackedRecurrent(Cell cell, int64_t in, int64_t hidden, int64_t depth, bool residual, float p)
      : residual(residual), p(p) {
    for (int64_t i = 0; i < depth; ++i) layers.emplace_back(cell, i ? hidden : in, hidden);
  }
  Tensor operator()(Tensor x, State& s) const {
    s.resize(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      const Tensor y = layers[i](i ? dropout(x, p) : x, s[i]);
      x = residual && i ? x + y : y;
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
