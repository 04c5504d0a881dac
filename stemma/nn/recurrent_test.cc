#include "stemma/nn/recurrent.h"

#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr Cell cells[] = {Cell::rnn, Cell::lstm, Cell::gru};

TEST(Recurrent, steps_equal_the_whole_sequence) {
  const Tensor x = random_rows({5, 1, 0, 7, 3}, 6);
  for (const Cell cell : cells)
    for (const int64_t n : {1, 2, 3}) {
      const auto layer = randomised(Recurrent(cell, 6, 20));
      EXPECT_LT(step_gap(layer, x, RecurrentState{}, n), 1e-6);
      for (const bool residual : {false, true}) {
        const auto stack = randomised(StackedRecurrent(cell, 6, 20, 3, residual, 0));
        EXPECT_LT(step_gap(stack, x, StackedRecurrent::State{}, n), 1e-6);
      }
    }
}

TEST(Recurrent, sequences_do_not_touch_each_other) {
  const Tensor x = random_rows({5, 1, 0, 7, 3, 12}, 24);
  for (const Cell cell : cells) {
    const auto both = randomised(BidirectionalRecurrent(cell, 24, 32));
    const auto stack = randomised(StackedRecurrent(cell, 24, 32, 2, true, 0));
    const auto run_both = [&](const auto& which) {
      RecurrentState s;
      return both(pick(x, which), s);
    };
    const auto run_stack = [&](const auto& which) {
      StackedRecurrent::State s;
      return stack(pick(x, which), s);
    };
    EXPECT_LT(batch_gap(run_both, x.sequences()), 1e-5);
    EXPECT_LT(batch_gap(run_stack, x.sequences()), 1e-5);
    const Deterministic on;
    EXPECT_EQ(batch_gap(run_both, x.sequences()), 0);
    EXPECT_EQ(batch_gap(run_stack, x.sequences()), 0);
  }
}

// Sak et al. 2014, eq. 1-7: the gates see r_{t-1} = P h_{t-1}, written out step by step.
TEST(Recurrent, a_projection_is_what_the_gates_and_the_next_layer_see) {
  const auto layer = randomised(Recurrent(Cell::lstm, 6, 20, 8));
  const Tensor x = random_rows({5}, 6), Wx = layer.W(x);
  RecurrentState s;
  const Tensor y = layer(x, s);
  ASSERT_EQ(y.cols(), 8);
  Tensor h = Tensor::zeros(1, 20), c = Tensor::zeros(1, 20);
  for (int64_t t = 0; t < 5; ++t) {
    std::tie(h, c) = lstm_cell(linear(linear(h, layer.P), layer.U, {.residual = rows(Wx, t, 1)}), c);
    EXPECT_LT(gap(linear(h, layer.P), rows(y, t, 1)), 1e-5);
  }
  EXPECT_LT(gap(s.h, h), 1e-5);
  for (const Cell cell : cells)
    EXPECT_LT(step_gap(randomised(StackedRecurrent(cell, 6, 20, 2, true, 0, 8)), random_rows({5, 1, 3}, 6),
                       StackedRecurrent::State{}, 2),
              1e-6);
}

TEST(Recurrent, backwards_reads_from_the_end) {
  const Tensor x = random_rows({4, 0, 2}, 5);
  for (const Cell cell : cells) {
    const auto both = randomised(BidirectionalRecurrent(cell, 5, 6));
    RecurrentState s, f, b;
    const Tensor y = both(x, s), forwards = both.forwards(x, f), backwards = both.backwards(reverse(x), b);
    EXPECT_EQ(gap(cols(y, 0, 6), forwards), 0);
    EXPECT_EQ(gap(cols(y, 6, 6), reverse(backwards)), 0);
    EXPECT_EQ(gap(cols(s.h, 0, 6), f.h), 0);
    EXPECT_EQ(gap(cols(s.h, 6, 6), b.h), 0);
    // The last states of the first sequence stand at its ends.
    EXPECT_EQ(gap(rows(s.h, 0, 1), hstack({rows(forwards, 3, 1), cols(rows(y, 0, 1), 6, 6)})), 0);
    EXPECT_EQ(bool(s.c), cell == Cell::lstm);
  }
}

TEST(Recurrent, residual_layers_add_their_input) {
  const Tensor x = random_rows({4, 2}, 5);
  const auto plain = randomised(StackedRecurrent(Cell::gru, 5, 6, 2, false, 0));
  auto residual = plain;
  residual.residual = true;
  StackedRecurrent::State a, b;
  RecurrentState s;
  EXPECT_LT(gap(residual(x, a), plain(x, b) + plain.layers[0](x, s)), 1e-6);
}

TEST(Recurrent, gradients) {
  const Tensor x = random_rows({3, 1, 0, 4}, 4);
  for (const Cell cell : cells) {
    auto stack = randomised(StackedRecurrent(cell, 4, 5, 2, true, 0.4f));
    auto narrow = randomised(StackedRecurrent(cell, 5, 6, 2, true, 0.4f, 5));
    auto both = randomised(BidirectionalRecurrent(cell, 5, 3));
    Params all = params(stack);
    for (const auto& p : params(both)) all.push_back({"both." + p.name, p.w});
    for (const auto& p : params(narrow)) all.push_back({"narrow." + p.name, p.w});
    check_gradients(all, [&] {
      Random rng{3};
      const Training on(rng);  // the mask is drawn again in backward
      StackedRecurrent::State s, n;
      RecurrentState t;
      const Tensor y = both(narrow(stack(x, s), n), t);
      return vstack({y, t.h, t.c ? t.c : t.h, hstack({s[0].h, cols(s[1].h, 0, 1)})});
    });
  }
}

}  // namespace
}  // namespace stemma
