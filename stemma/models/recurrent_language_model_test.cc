#include "stemma/models/recurrent_language_model.h"

#include <set>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 11;
using Config = RecurrentLanguageModel::Config;
using State = RecurrentLanguageModel::State;

RecurrentLanguageModel make(const Config& config, Cell cell = Cell::lstm) {
  return randomised(RecurrentLanguageModel(cell, config, vocabulary));
}
RecurrentLanguageModel make(const std::string& tie = "none", float dropout = 0, Cell cell = Cell::lstm) {
  return make({.embedding = 6, .width = 6, .layers = 2, .dropout = dropout, .tie = tie}, cell);
}
const Config awd = {.embedding = 4,
                    .width = 6,
                    .layers = 2,
                    .dropout = 0.4f,
                    .tie = "output",
                    .input_dropout = 0.6f,
                    .hidden_dropout = 0.3f,
                    .locked = true,
                    .embedding_dropout = 0.2f,
                    .weight_dropout = 0.5f,
                    .activation_penalty = 2,
                    .temporal_penalty = 1};

TEST(RecurrentLanguageModel, steps_equal_the_whole_sequence) {
  for (const Cell cell : {Cell::rnn, Cell::lstm, Cell::gru}) {
    const auto model = make("none", 0, cell);
    const Tensor ids = random_ids({5, 1, 0, 7, 3}, vocabulary);
    for (const int64_t n : {1, 2, 3}) EXPECT_LT(step_gap(model, ids, State{}, n), 1e-6) << n;
  }
}

TEST(RecurrentLanguageModel, sequences_do_not_touch_each_other) {
  const auto model = make();
  const Tensor ids = random_ids({5, 1, 0, 7, 3}, vocabulary);
  const auto run = [&](const auto& which) {
    State s;
    return model(pick(ids, which), s);
  };
  EXPECT_LT(batch_gap(run, ids.sequences()), 1e-6);
}

TEST(RecurrentLanguageModel, gradients_are_those_of_finite_differences) {
  Config tied{.embedding = 6, .width = 6, .dropout = 0.3f, .tie = "output"}, plain = tied;
  plain.tie = "none";
  for (const Config& config : {plain, tied, awd}) {
    auto model = make(config);
    const Tensor ids = random_ids({4, 2}, vocabulary, 2), next = random_ids({6}, vocabulary, 3);
    check_gradients(params(model), [&] {
      Random rng{3};
      const Training on(rng);
      State s;
      const Reading r = model.run(model.embedded(ids), s);
      const Tensor loss = cross_entropy(r.hidden, model.output.W, model.output.b, next).total;
      return r.penalty ? loss + r.penalty : loss;
    });
  }
}

// The masks are drawn in the order of the model, so the same stream gives them to the equations.
TEST(RecurrentLanguageModel, awd_is_that_of_the_paper) {
  const auto model = make(awd);
  const Tensor ids = random_ids({4, 2}, vocabulary, 2);
  Random rng{3}, again{3};
  Reading found;
  {
    const Training on(rng);
    State s;
    found = model.run(model.embedded(ids), s);
  }
  const Training on(again);
  const auto mask = [](int64_t rows, int64_t cols, float p) { return dropout(Tensor::full(rows, cols, 1), p); };
  const auto locked = [&](const Tensor& x, float p) {
    return x * gather(mask(2, x.cols(), p), {0, 0, 0, 0, 1, 1}, x.splits());
  };
  Tensor x = model.embed(ids) * embedding(mask(vocabulary, 1, 0.2f), ids);
  x = locked(x, 0.6f);
  for (size_t i = 0; i < 2; ++i) {
    if (i) x = locked(x, 0.3f);
    const auto& layer = model.layers[i];
    x = lstm(layer.W(x), layer.U.w * mask(layer.U.w.rows(), layer.U.w.cols(), 0.5f)).y;
  }
  const Tensor dropped = locked(x, 0.4f);
  EXPECT_LT(gap(found.hidden, dropped), 1e-6);
  // alpha mean(dropped^2) + beta mean((h_t - h_{t+1})^2), a mean over all elements, for each of 6 rows.
  double square = 0, step = 0;
  for (int64_t i = 0; i < 24; ++i) square += double(dropped.data()[i]) * double(dropped.data()[i]);
  for (const int64_t i : {0, 1, 2, 4})
    for (int64_t j = 0; j < 4; ++j) {
      const double d = double(x.data()[i * 4 + j]) - double(x.data()[(i + 1) * 4 + j]);
      step += d * d;
    }
  EXPECT_NEAR(found.penalty.item(), 6 * (2 * square / 24 + step / 16), 1e-4);
}

TEST(RecurrentLanguageModel, outside_training_nothing_is_dropped_or_punished) {
  const auto model = make(awd);
  Config bare = awd;
  bare.dropout = bare.input_dropout = bare.hidden_dropout = bare.embedding_dropout = bare.weight_dropout = 0;
  const auto plain = make(bare);
  const Tensor ids = random_ids({4, 2}, vocabulary, 2);
  State a, b;
  const Reading r = model.run(model.embedded(ids), a);
  EXPECT_FALSE(bool(r.penalty));
  EXPECT_EQ(gap(r.hidden, plain(ids, b)), 0);
}

TEST(RecurrentLanguageModel, a_text_goes_on_with_the_same_values_and_gradients_end_where_it_was_cut) {
  for (const Cell cell : {Cell::rnn, Cell::lstm, Cell::gru}) {
    auto model = make("none", 0, cell);
    const Tensor first = random_ids({3, 3}, vocabulary, 4), second = random_ids({3, 3}, vocabulary, 5);
    State s;
    model(first, s);
    State cut = s.detached(), whole = s, handed_on = model.start(model.carried(s));
    const Tensor wanted = model(second, whole);
    EXPECT_EQ(gap(model(second, cut), wanted), 0);
    EXPECT_EQ(gap(model(second, handed_on), wanted), 0);
    EXPECT_EQ(model.carried(s).size(), model.carried_widths().size());
    State again = model.start(model.carried(s));
    backward(sum(model(second, again)));
    std::set<int32_t> seen;
    for (int64_t i = 0; i < second.rows(); ++i) seen.insert(second.data<int32_t>()[i]);
    const Tensor g = grad(model.embed.E);
    for (int32_t id = 0; id < vocabulary; ++id) {  // words of the first part alone have no share
      const Tensor row = g.row_view(id, 1);
      EXPECT_EQ(gap(row, Tensor::zeros(1, row.cols())) > 0, seen.contains(id)) << id;
    }
  }
}

TEST(RecurrentLanguageModel, refuses_what_cannot_be) {
  const auto refuses = [](const Config& c) { EXPECT_THROW(RecurrentLanguageModel(Cell::gru, c, vocabulary), Error); };
  refuses({.tie = "both"});
  refuses({.layers = 0});
  refuses({.dropout = 1});
  refuses({.weight_dropout = 1});
  refuses({.temporal_penalty = -1});
}

}  // namespace
}  // namespace stemma
