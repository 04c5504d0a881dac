#include "stemma/models/lstm_language_model.h"

#include <set>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 11;

LstmLanguageModel make(const std::string& tie, float dropout = 0) {
  return randomised(
      LstmLanguageModel({.embedding = 6, .width = 6, .layers = 2, .dropout = dropout, .tie = tie}, vocabulary));
}

TEST(LstmLanguageModel, steps_equal_the_whole_sequence) {
  const auto model = make("none");
  const Tensor ids = random_ids({5, 1, 0, 7, 3}, vocabulary);
  for (const int64_t n : {1, 2, 3}) EXPECT_LT(step_gap(model, ids, LstmLanguageModel::State{}, n), 1e-6) << n;
}

TEST(LstmLanguageModel, sequences_do_not_touch_each_other) {
  const auto model = make("none");
  const Tensor ids = random_ids({5, 1, 0, 7, 3}, vocabulary);
  const auto run = [&](const auto& which) {
    LstmLanguageModel::State s;
    return model(pick(ids, which), s);
  };
  EXPECT_LT(batch_gap(run, ids.sequences()), 1e-6);
}

TEST(LstmLanguageModel, gradients_are_those_of_finite_differences) {
  for (const std::string tie : {"none", "output"}) {
    auto model = make(tie, 0.3f);
    const Tensor ids = random_ids({4, 2}, vocabulary, 2), next = random_ids({6}, vocabulary, 3);
    check_gradients(params(model), [&] {
      Random rng{3};
      const Training on(rng);
      LstmLanguageModel::State s;
      return cross_entropy(model(ids, s), model.output.W, model.output.b, next).total;
    });
  }
}

TEST(LstmLanguageModel, a_text_goes_on_with_the_same_values_and_gradients_end_where_it_was_cut) {
  auto model = make("none");
  const Tensor first = random_ids({3, 3}, vocabulary, 4), second = random_ids({3, 3}, vocabulary, 5);
  LstmLanguageModel::State s;
  model(first, s);
  LstmLanguageModel::State cut = s.detached(), whole = s;
  EXPECT_EQ(gap(model(second, cut), model(second, whole)), 0);
  LstmLanguageModel::State again = s.detached();
  backward(sum(model(second, again)));
  std::set<int32_t> seen;
  for (int64_t i = 0; i < second.rows(); ++i) seen.insert(second.data<int32_t>()[i]);
  const Tensor g = grad(model.embed.E);
  for (int32_t id = 0; id < vocabulary; ++id) {  // words of the first part alone have no share
    const Tensor row = g.row_view(id, 1);
    EXPECT_EQ(gap(row, Tensor::zeros(1, row.cols())) > 0, seen.contains(id)) << id;
  }
}

TEST(LstmLanguageModel, refuses_what_cannot_be) {
  EXPECT_THROW(LstmLanguageModel({.embedding = 4, .width = 6, .tie = "output"}, vocabulary), Error);
  EXPECT_THROW(LstmLanguageModel({.tie = "both"}, vocabulary), Error);
  EXPECT_THROW(LstmLanguageModel({.layers = 0}, vocabulary), Error);
  EXPECT_THROW(LstmLanguageModel({.dropout = 1}, vocabulary), Error);
}

}  // namespace
}  // namespace stemma
