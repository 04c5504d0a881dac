// Cells and recurrences against plain loops in double; stepping, batches, initial and last states.
#include <cmath>

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

struct PlainState {
  std::vector<double> h, c;
};
// One step of one sequence. a: the input's share of the gates.
using PlainCell = std::function<PlainState(const double* a, const Matrix& U, const Matrix& b, const PlainState&)>;

std::vector<double> times(const Matrix& U, const std::vector<double>& h) {
  std::vector<double> u(size_t(U.rows), 0.0);
  for (int64_t i = 0; i < U.rows; ++i)
    for (int64_t j = 0; j < U.cols; ++j) u[size_t(i)] += U(i, j) * h[size_t(j)];
  return u;
}
PlainState plain_rnn(const double* a, const Matrix& U, const Matrix&, const PlainState& s) {
  auto u = times(U, s.h);
  for (size_t j = 0; j < u.size(); ++j) u[j] = std::tanh(a[j] + u[j]);
  return {u, {}};
}
PlainState plain_lstm(const double* a, const Matrix& U, const Matrix&, const PlainState& s) {
  const auto u = times(U, s.h);
  const size_t n = s.h.size();
  PlainState next = s;
  for (size_t j = 0; j < n; ++j) {
    const double i = a[j] + u[j], f = a[n + j] + u[n + j], g = a[2 * n + j] + u[2 * n + j],
                 o = a[3 * n + j] + u[3 * n + j];
    next.c[j] = logistic(f) * s.c[j] + logistic(i) * std::tanh(g);
    next.h[j] = logistic(o) * std::tanh(next.c[j]);
  }
  return next;
}
PlainState plain_gru(const double* a, const Matrix& U, const Matrix& b, const PlainState& s) {
  auto u = times(U, s.h);
  for (size_t j = 0; j < u.size(); ++j) u[j] += b.v[j];
  const size_t n = s.h.size();
  PlainState next = s;
  for (size_t j = 0; j < n; ++j) {
    const double r = logistic(a[j] + u[j]), z = logistic(a[n + j] + u[n + j]);
    next.h[j] = (1 - z) * std::tanh(a[2 * n + j] + r * u[2 * n + j]) + z * s.h[j];
  }
  return next;
}

// y, last h and last c below one another, as `stacked` below.
Matrix plain_recurrence(const PlainCell& cell, const Matrix& x, const Matrix& U, const Matrix& b, const Matrix& h0,
                        const Matrix& c0) {
  Matrix out(x.rows + h0.rows + c0.rows, U.cols);
  const auto row = [](const Matrix& m, int64_t r) {
    return m.rows == 0 ? std::vector<double>()
                       : std::vector<double>(&m.v[size_t(r * m.cols)], &m.v[size_t((r + 1) * m.cols)]);
  };
  for (int64_t s = 0; s < x.sequences(); ++s) {
    PlainState state{row(h0, s), row(c0, s)};
    for (int64_t t = x.begin(s); t < x.end(s); ++t) {
      state = cell(&x.v[size_t(t * x.cols)], U, b, state);
      std::copy(state.h.begin(), state.h.end(), &out(t, 0));
    }
    std::copy(state.h.begin(), state.h.end(), &out(x.rows + s, 0));
    if (c0.rows > 0) std::copy(state.c.begin(), state.c.end(), &out(x.rows + h0.rows + s, 0));
  }
  return out;
}
Tensor stacked(const Recurrence& r) { return r.c ? vstack({r.y, r.h, r.c}) : vstack({r.y, r.h}); }

enum class Kind { rnn, lstm, gru };
constexpr Kind kinds[] = {Kind::rnn, Kind::lstm, Kind::gru};

// Inputs: x, U, h0, then c0 for lstm or b_u for gru.
Recurrence run(Kind kind, const std::vector<Tensor>& x) {
  return kind == Kind::rnn    ? rnn(x[0], x[1], x[2])
         : kind == Kind::lstm ? lstm(x[0], x[1], x[2], x[3])
                              : gru(x[0], x[1], x[3], x[2]);
}
OpCase recurrence_case(Kind kind, const std::vector<int64_t>& lengths, int64_t h) {
  const Splits splits = splits_of_lengths(lengths);
  const int64_t gates = kind == Kind::rnn ? 1 : kind == Kind::lstm ? 4 : 3, sequences = int64_t(lengths.size());
  OpCase op{.f = [kind](const std::vector<Tensor>& x) { return stacked(run(kind, x)); },
            .reference =
                [kind](const std::vector<Matrix>& x) {
                  return kind == Kind::rnn    ? plain_recurrence(plain_rnn, x[0], x[1], {}, x[2], {})
                         : kind == Kind::lstm ? plain_recurrence(plain_lstm, x[0], x[1], {}, x[2], x[3])
                                              : plain_recurrence(plain_gru, x[0], x[1], x[3], x[2], {});
                },
            .inputs = {random_matrix(splits->back(), gates * h, 1, 1, splits), random_matrix(gates * h, h, 2, 0.5),
                       random_matrix(sequences, h, 3)}};
  if (kind == Kind::lstm) op.inputs.push_back(random_matrix(sequences, h, 4));
  if (kind == Kind::gru) op.inputs.push_back(random_matrix(1, gates * h, 5));
  return op;
}

TEST(Recurrence, equals_plain_loops) {
  for (const Kind kind : kinds) {
    SCOPED_TRACE(int(kind));
    check_op(recurrence_case(kind, {2, 0, 5, 1, 5}, 3));
    check_op(recurrence_case(kind, {3}, 17));
    check_op(recurrence_case(kind, {0, 0}, 2));
  }
}
TEST(Recurrence, each_output_alone_gives_its_gradient) {
  for (const int output : {0, 1, 2}) {
    auto op = recurrence_case(Kind::lstm, {2, 4}, 3);
    op.f = [=](const std::vector<Tensor>& x) {
      const auto r = run(Kind::lstm, x);
      return output == 0 ? r.y : output == 1 ? r.h : r.c;
    };
    op.reference = [=](const std::vector<Matrix>& x) {
      const auto all = plain_recurrence(plain_lstm, x[0], x[1], {}, x[2], x[3]);
      Matrix part(output == 0 ? 6 : 2, 3);
      std::copy_n(all.v.begin() + (output == 0 ? 0 : output == 1 ? 18 : 24), part.v.size(), part.v.begin());
      return part;
    };
    check_op(op);
  }
}
TEST(Recurrence, no_initial_state_is_zeros) {
  for (const Kind kind : kinds) {
    auto op = recurrence_case(kind, {2, 4}, 3);
    std::fill(op.inputs[2].v.begin(), op.inputs[2].v.end(), 0);
    if (kind == Kind::lstm) std::fill(op.inputs[3].v.begin(), op.inputs[3].v.end(), 0);
    auto x = op_test::leaves(op);
    const auto zeros = op.f(x);
    x[2] = {};
    if (kind == Kind::lstm) x[3] = {};
    expect_same_bits(op.f(x), zeros, "without a state");
  }
}
TEST(Recurrence, works_on_no_sequences) {
  const Tensor x(0, 8, Type::f32, make_splits({0})), U = parameter(Tensor::zeros(8, 2));
  const auto r = lstm(x, U);
  EXPECT_EQ(r.y.rows(), 0);
  EXPECT_EQ(r.h.rows(), 0);
  backward(sum(r.y));
  for (const float g : grad(U).values()) EXPECT_EQ(g, 0);
}

TEST(Recurrence, stepping_equals_the_whole) {
  for (const Kind kind : kinds) {
    const auto x = op_test::leaves(recurrence_case(kind, {7}, 20));
    const NoGrad off;
    const auto whole = run(kind, x);
    auto step = x;
    for (int64_t t = 0; t < 7; ++t) {
      step[0] = rows(x[0], t, 1);
      const auto r = run(kind, step);
      for (int64_t j = 0; j < 20; ++j) EXPECT_NEAR(r.h.data()[j], whole.y.data()[t * 20 + j], 1e-6);
      step[2] = r.h;
      if (kind == Kind::lstm) step[3] = r.c;
    }
  }
}
TEST(Recurrence, a_sequence_gives_the_same_bits_alone_and_in_a_batch) {
  const Deterministic on;
  for (const Kind kind : kinds) {
    const auto op = recurrence_case(kind, {4, 9, 2, 9, 1}, 24);
    const auto x = op_test::leaves(op);
    const NoGrad off;
    const auto all = run(kind, x);
    for (int64_t s = 0; s < 5; ++s) {
      auto one = x;
      const int64_t begin = x[0].begin(s), n = x[0].end(s) - begin;
      one[0] = rows(x[0], begin, n), one[2] = rows(x[2], s, 1);
      if (kind == Kind::lstm) one[3] = rows(x[3], s, 1);
      const auto alone = run(kind, one);
      expect_same_bits(alone.y, all.y.row_view(begin, n), "y");
      expect_same_bits(alone.h, all.h.row_view(s, 1), "h");
      if (kind == Kind::lstm) expect_same_bits(alone.c, all.c.row_view(s, 1), "c");
    }
  }
}
TEST(Recurrence, saturated_gates_stay_finite) {
  for (const Kind kind : kinds) {
    auto op = recurrence_case(kind, {3, 1}, 4);
    for (auto& v : op.inputs[0].v) v *= 1000;
    check_op(op);
  }
}

TEST(Cells, lstm_cell_equals_one_step) {
  for (const bool cell_state : {false, true})
    check_op({.f = [=](auto& x) { return cell_state ? lstm_cell(x[0], x[1]).second : lstm_cell(x[0], x[1]).first; },
              .reference =
                  [=](auto& x) {
                    Matrix out(x[1].rows, x[1].cols);
                    for (int64_t r = 0; r < out.rows; ++r)
                      for (int64_t j = 0; j < out.cols; ++j) {
                        const double c = logistic(x[0](r, out.cols + j)) * x[1](r, j) +
                                         logistic(x[0](r, j)) * std::tanh(x[0](r, 2 * out.cols + j));
                        out(r, j) = cell_state ? c : logistic(x[0](r, 3 * out.cols + j)) * std::tanh(c);
                      }
                    return out;
                  },
              .inputs = {random_matrix(3, 4 * 19, 1), random_matrix(3, 19, 2)}});
}
TEST(Cells, gru_cell_equals_one_step) {
  check_op({.f = [](auto& x) { return gru_cell(x[0], x[1], x[2]); },
            .reference =
                [](auto& x) {
                  Matrix out(x[2].rows, x[2].cols);
                  for (int64_t r = 0; r < out.rows; ++r)
                    for (int64_t j = 0, n = out.cols; j < n; ++j) {
                      const double reset = logistic(x[0](r, j) + x[1](r, j)),
                                   z = logistic(x[0](r, n + j) + x[1](r, n + j));
                      out(r, j) = (1 - z) * std::tanh(x[0](r, 2 * n + j) + reset * x[1](r, 2 * n + j)) + z * x[2](r, j);
                    }
                  return out;
                },
            .inputs = {random_matrix(3, 3 * 19, 1), random_matrix(3, 3 * 19, 2), random_matrix(3, 19, 3)}});
}

TEST(Recurrence, wrong_shapes_are_errors) {
  const auto t = [](int64_t rows, int64_t cols) { return Tensor::zeros(rows, cols); };
  EXPECT_THROW(lstm(t(3, 9), t(8, 2)), Error);
  EXPECT_THROW(lstm(t(3, 8), t(6, 2)), Error);
  EXPECT_THROW(rnn(t(3, 2), t(2, 2), t(2, 2)), Error);
  EXPECT_THROW(gru(t(3, 6), t(6, 2), t(1, 5)), Error);
  EXPECT_THROW(lstm_cell(t(3, 8), t(3, 3)), Error);
  EXPECT_THROW(gru_cell(t(3, 6), t(3, 6), t(2, 2)), Error);
}

}  // namespace
}  // namespace stemma
