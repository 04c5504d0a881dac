#include "stemma/models/transformer_language_model.h"

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 11;
using State = TransformerLanguageModel::State;

TransformerLanguageModel make(const std::string& norm = "pre", const std::string& positions = "sinusoidal",
                              float dropout = 0) {
  TransformerLanguageModel::Config c;
  c.width = 8, c.heads = 2, c.feed_forward = 12, c.layers = 2, c.dropout = dropout, c.norm = norm,
  c.positions = positions, c.max_positions = 16;
  return randomised(TransformerLanguageModel(c, vocabulary));
}

TEST(TransformerLanguageModel, steps_equal_the_whole_sequence) {
  for (const std::string norm : {"pre", "post"})
    for (const std::string positions : {"sinusoidal", "learned"}) {
      const auto model = make(norm, positions);
      const Tensor ids = random_ids({5, 1, 0, 7, 3}, vocabulary);
      for (const int64_t n : {1, 2, 3}) {
        EXPECT_LT(step_gap(model, ids, State{}, n), 1e-5) << n;
        const NoGrad off;
        EXPECT_LT(step_gap(model, ids, State{}, n), 1e-5) << n;
      }
    }
}

TEST(TransformerLanguageModel, hypotheses_that_moved_go_on_as_if_they_had_always_stood_there) {
  const NoGrad off;
  const auto model = make();
  const std::vector<int64_t> parents = {2, 0, 0, 1};
  const Tensor first = random_ids({2, 1, 3}, vocabulary, 5), next = random_ids({1, 2, 1, 1}, vocabulary, 6);
  State moved, stood;
  model(first, moved);
  reorder(moved, parents);
  model(pick(first, parents), stood);
  EXPECT_LT(gap(model(next, moved), model(next, stood)), 1e-5);
}

TEST(TransformerLanguageModel, sequences_do_not_touch_each_other) {
  const auto model = make();
  const Tensor ids = random_ids({5, 1, 7, 3}, vocabulary);
  const auto run = [&](const auto& which) {
    State s;
    return model(pick(ids, which), s);
  };
  EXPECT_LT(batch_gap(run, ids.sequences()), 1e-5);
}

TEST(TransformerLanguageModel, gradients_are_those_of_finite_differences) {
  auto model = make("pre", "learned", 0.2f);
  const Tensor ids = random_ids({4, 2}, vocabulary, 2), next = random_ids({6}, vocabulary, 3);
  // A key's bias moves all scores of a query alike.
  const GradientCheck how{.vanishing = {"layers.0.attend.K.b", "layers.1.attend.K.b"}};
  check_gradients(
      params(model),
      [&] {
        Random rng{3};
        const Training on(rng);
        State s;
        return cross_entropy(model(ids, s), model.output.W, model.output.b, next).total;
      },
      how);
}

TEST(TransformerLanguageModel, refuses_what_cannot_be) {
  TransformerLanguageModel::Config c;
  c.tie = "all";
  EXPECT_THROW(TransformerLanguageModel(c, vocabulary), Error);
  c.tie = "output", c.layers = 0;
  EXPECT_THROW(TransformerLanguageModel(c, vocabulary), Error);
  State s;
  EXPECT_NE(error_of([&] { make("pre", "learned")(random_ids({17}, vocabulary), s); }).find("16 learned positions"),
            std::string::npos);
}

}  // namespace
}  // namespace stemma
