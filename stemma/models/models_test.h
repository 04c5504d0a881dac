// For tests only: small pairs of sentences, and what must hold for every translation system.
#pragma once
#include "stemma/models/output.h"
#include "stemma/nn/module_test.h"

namespace stemma {

constexpr int64_t test_vocabulary = 11;

inline Tensor test_source() { return random_ids({5, 1, 8, 3, 2}, test_vocabulary, 2); }
inline Tensor test_target() { return random_ids({4, 7, 2, 1, 6}, test_vocabulary, 3); }

// Hidden rows of sentence pairs `which`.
template <class M>
Tensor run_pairs(const M& model, const std::vector<int64_t>& which) {
  auto s = model.start(pick(test_source(), which));
  return model(pick(test_target(), which), s);
}

// Steps = whole sequences, with and without recording.
template <class M>
void check_steps(const M& model) {
  const Tensor target = random_ids({4, 7, 0, 1, 6}, test_vocabulary, 4);
  const auto step = [&](const Tensor& y, typename M::State& s) { return model(y, s); };
  for (const int64_t n : {1, 2, 3}) {
    EXPECT_LT(step_gap(step, target, model.start(test_source()), n), 1e-5) << "recording, by " << n;
    const NoGrad off;
    EXPECT_LT(step_gap(step, target, model.start(test_source()), n), 1e-5) << "by " << n;
  }
}

// Hypotheses that were moved go on as if they had always stood where they stand.
template <class M>
void check_reorder(const M& model) {
  const NoGrad off;
  const std::vector<int64_t> parents = {2, 0, 0, 4, 1, 2};
  const Tensor first = random_ids({2, 1, 3, 2, 1}, test_vocabulary, 5),
               next = random_ids({1, 2, 1, 1, 3, 1}, test_vocabulary, 6);
  auto moved = model.start(test_source()), stood = model.start(pick(test_source(), parents));
  model(first, moved);
  reorder(moved, parents);
  model(pick(first, parents), stood);
  EXPECT_LT(gap(model(next, moved), model(next, stood)), 1e-5);
  reorder(moved, {5, 1});
  reorder(stood, {5, 1});
  EXPECT_LT(gap(model(pick(next, {2, 3}), moved), model(pick(next, {2, 3}), stood)), 1e-5);
}

// A sentence alone, in a batch, in another order: the same hidden rows; the same bits when determinism is asked for.
template <class M>
void check_batches(const M& model) {
  const auto run = [&](const std::vector<int64_t>& which) { return run_pairs(model, which); };
  EXPECT_LT(batch_gap(run, 5), 1e-5);
  const Deterministic on;
  EXPECT_EQ(batch_gap(run, 5), 0);
  const NoGrad off;
  EXPECT_EQ(batch_gap(run, 5), 0);
}

// The loss of all pairs with label smoothing, dropout as the model has it.
template <class M>
Tensor pairs_loss(const M& model) {
  Random rng{4};
  const Training on(rng);
  const Tensor hidden = run_pairs(model, {0, 1, 2, 3, 4});
  const Tensor wanted = random_ids({hidden.rows()}, test_vocabulary, 7);
  return cross_entropy(hidden, model.output.W, model.output.b, wanted, 0.1f).total;
}

}  // namespace stemma
