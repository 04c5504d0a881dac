#include "stemma/nn/transformer.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"
#include "stemma/tensor/memory.h"

namespace stemma {
namespace {

using testing::HasSubstr;

std::vector<TransformerShape> shapes(int64_t width, int64_t heads) {
  std::vector<TransformerShape> out;
  for (const auto* norm : {"post", "pre"})
    for (const auto* kind : {"layer", "rms"})
      for (const auto* activation : {"relu", "gelu", "swiglu"})
        out.push_back({.width = width,
                       .heads = heads,
                       .feed_forward = 2 * width,
                       .dropout = 0,
                       .norm = norm,
                       .norm_kind = kind,
                       .activation = activation});
  return out;
}
std::string name_of(const TransformerShape& s) { return str(s.norm, " ", s.norm_kind, " ", s.activation); }

// What a model keeps for one layer.
struct LayerState {
  DecoderLayer::State layer;
  Pages own;
  std::vector<int64_t> source;
};
LayerState start(const DecoderLayer& layer, const Tensor& memory) {
  return {{{}, layer.cross.remember(memory)}, {}, one_to_one(memory)};
}
Tensor advance(const DecoderLayer& layer, const Tensor& y, LayerState& s) {
  const RowRuns looks = runs_of(s.layer.memory.K, s.source);
  if (!s.layer.own.K) {
    s.own = Pages(y);
    return layer(y, s.layer, nullptr, &looks);
  }
  const Continuation more(s.own, y);
  return layer(y, s.layer, &more, &looks);
}

TEST(TransformerLayer, steps_equal_the_whole_sequence) {
  const Tensor memory = random_rows({3, 1, 8, 2}, 16, 2), y = random_rows({5, 1, 0, 7}, 16, 3);
  for (const auto& shape : shapes(16, 4)) {
    SCOPED_TRACE(name_of(shape));
    const auto layer = randomised(DecoderLayer(shape));
    const auto step = [&](const Tensor& x, LayerState& s) { return advance(layer, x, s); };
    for (const int64_t n : {1, 2, 3}) {
      EXPECT_LT(step_gap(step, y, start(layer, memory), n), 1e-5) << "recording, by " << n;
      const NoGrad off;
      EXPECT_LT(step_gap(step, y, start(layer, memory), n), 1e-5) << "by " << n;
    }
  }
}

TEST(TransformerLayer, a_recorded_step_follows_steps_without) {
  const auto layer = randomised(DecoderLayer(shapes(16, 4)[0]));
  const Tensor memory = random_rows({3, 2}, 16, 2), y = random_rows({6, 5}, 16, 3);
  auto whole = start(layer, memory), stepped = start(layer, memory);
  const Tensor wanted = advance(layer, y, whole);
  const auto part = [&](int64_t begin, int64_t n) {
    return gather(
        y,
        n == 1 ? std::vector<int64_t>{begin, 6 + begin} : std::vector<int64_t>{begin, begin + 1, 6 + begin, 7 + begin},
        splits_of_lengths({n, n}));
  };
  {
    const NoGrad off;  // three steps: the cache has room for a fourth
    for (int64_t t = 0; t < 3; ++t) advance(layer, part(t, 1), stepped);
  }
  EXPECT_LT(gap(advance(layer, part(3, 2), stepped), gather(wanted, {3, 4, 9, 10})), 1e-5);
}

TEST(TransformerLayer, a_copied_state_lives_its_own_life) {
  const NoGrad off;
  const auto layer = randomised(DecoderLayer(shapes(16, 4)[0]));
  const Tensor memory = random_rows({3}, 16, 2);
  auto one = start(layer, memory);
  for (uint64_t t = 0; t < 3; ++t) advance(layer, random_rows({1}, 16, t), one);
  auto other = one, alone = one;
  advance(layer, random_rows({1}, 16, 10), one);
  advance(layer, random_rows({1}, 16, 20), other);
  const Tensor last = random_rows({1}, 16, 30), y = advance(layer, last, one);
  advance(layer, random_rows({1}, 16, 10), alone);
  EXPECT_EQ(gap(y, advance(layer, last, alone)), 0);
  EXPECT_GT(gap(y, advance(layer, last, other)), 1e-3);
}

TEST(TransformerLayer, hypotheses_look_at_the_source_they_are_told) {
  const auto layer = randomised(DecoderLayer(shapes(16, 4)[0]));
  const Tensor memory = random_rows({3, 1, 4}, 16, 2), y = random_rows({2, 3, 1, 2}, 16, 3);
  const std::vector<int64_t> sources = {2, 0, 2, 1};
  auto listed = start(layer, memory), stacked = start(layer, pick(memory, sources));
  reorder(listed.source, sources);
  const Tensor wanted = advance(layer, y, stacked);
  EXPECT_LT(gap(advance(layer, y, listed), wanted), 1e-5);
  const NoGrad off;
  listed.layer.own = {};
  EXPECT_LT(gap(advance(layer, y, listed), wanted), 1e-5);
}

TEST(TransformerLayer, sequences_do_not_touch_each_other) {
  const Tensor x = random_rows({5, 1, 12, 7, 3}, 32, 2), y = random_rows({4, 9, 2, 1, 6}, 32, 3);
  for (const auto& shape : shapes(32, 4)) {
    SCOPED_TRACE(name_of(shape));
    const auto encoder = randomised(EncoderLayer(shape));
    const auto decoder = randomised(DecoderLayer(shape));
    const auto run = [&](const std::vector<int64_t>& which) {
      auto s = start(decoder, encoder(pick(x, which)));
      return advance(decoder, pick(y, which), s);
    };
    EXPECT_LT(batch_gap(run, 5), 1e-5);
    const Deterministic on;
    EXPECT_EQ(batch_gap(run, 5), 0);
  }
}

TEST(TransformerLayer, gradients) {
  const Tensor x = random_rows({3, 1, 2}, 8, 2), y = random_rows({2, 1, 4}, 8, 3);
  for (auto shape : shapes(8, 2)) {
    SCOPED_TRACE(name_of(shape));
    shape.dropout = shape.attention_dropout = shape.activation_dropout = 0.2f;
    struct Layers {
      EncoderLayer encoder;
      DecoderLayer decoder;
      FIELDS(encoder, decoder)
    } layers{randomised(EncoderLayer(shape), 10), randomised(DecoderLayer(shape), 9)};
    const bool kinks = shape.activation == "relu";
    check_gradients(params(layers),
                    [&] {
                      Random rng{3};
                      const Training on(rng);
                      DecoderLayer::State s{{}, layers.decoder.cross.remember(layers.encoder(x))};
                      return layers.decoder(y, s);
                    },
                    // softmax does not see what all its numbers have in common
                    {.step = kinks ? 3e-4 : 1e-2,
                     .tolerance = kinks ? 2e-2 : 2e-3,
                     .vanishing = {"encoder.attend.K.b", "decoder.attend.K.b", "decoder.cross.K.b"}});
  }
}

// In bf16 backward keeps what products and attention read as they read it: two thirds, with four numbers for each of
// the width in a feed-forward.
TEST(TransformerLayer, in_bf16_keeps_less_for_backward_and_learns_the_same) {
  const Tensor x = random_rows({30, 41, 57}, 64, 2), y = random_rows({20, 30, 40}, 64, 3);
  for (auto shape : shapes(64, 4)) {
    SCOPED_TRACE(name_of(shape));
    shape.feed_forward = 4 * shape.width, shape.activation_dropout = shape.activation == "gelu" ? 0.2f : 0;
    struct Layers {
      EncoderLayer encoder;
      DecoderLayer decoder;
      FIELDS(encoder, decoder)
    } layers{randomised(EncoderLayer(shape), 10), randomised(DecoderLayer(shape), 9)};
    int64_t kept = 0;
    const auto gradients = [&](Type type) {
      const Precision on(type);
      Random rng{3};
      const Training masks(rng);
      const int64_t before = memory_use().now;
      DecoderLayer::State s{{}, layers.decoder.cross.remember(layers.encoder(x))};
      const Tensor out = layers.decoder(y, s);
      s = {};
      kept = memory_use().now - before;
      backward(out, random_rows({20, 30, 40}, 64, 4));
      std::vector<Tensor> all;
      for (const auto& p : params(layers)) all.push_back(grad(p.w)), clear_grad(p.w);
      return all;
    };
    const auto wide = gradients(Type::f32);
    const int64_t before = kept;
    const auto narrow = gradients(Type::bf16);
    EXPECT_LT(double(kept), (shape.activation == "relu" ? 0.72 : 1) * double(before));
    for (size_t i = 0; i < wide.size(); ++i) {
      double apart = 0, size = 0;
      for (int64_t j = 0; j < wide[i].size(); ++j)
        apart += std::pow(wide[i].data()[j] - narrow[i].data()[j], 2), size += std::pow(wide[i].data()[j], 2);
      const auto name = params(layers)[i].name;  // softmax does not see what the numbers of K.b have in common
      EXPECT_LT(apart, name.ends_with("K.b") ? 0.1 : 0.01 * size) << name;
    }
  }
}

TEST(TransformerLayer, in_bf16_steps_follow_whole_sequences) {
  const Precision on(Type::bf16);
  const auto layer = randomised(DecoderLayer(shapes(16, 4)[0]));
  const Tensor memory = random_rows({3, 2}, 16, 2), y = random_rows({4, 4}, 16, 3), next = random_rows({1, 1}, 16, 4);
  auto s = start(layer, memory);
  advance(layer, y, s);
  auto other = s;
  const Tensor wanted = advance(layer, next, s);
  backward(wanted);
  const NoGrad off;
  EXPECT_LT(gap(advance(layer, next, other), wanted), 0.05);
}

TEST(Positions, sinusoids_are_those_of_the_paper) {
  const Positions positions(TransformerShape{.width = 6, .heads = 1});
  const Tensor x = Tensor::zeros(605, 6, Type::f32, splits_of_lengths({2, 600, 0, 3}));
  const auto expect = [&](const Tensor& y, int64_t row, double at) {
    for (int64_t j = 0; j < 6; ++j) {
      const double angle = at / std::pow(10000, double(j / 2 * 2) / 6);
      EXPECT_NEAR(y.data()[row * 6 + j], j % 2 ? std::cos(angle) : std::sin(angle), 1e-6) << row << ", " << j;
    }
  };
  const Tensor first = positions(x), later = positions(x, {5, 0, 7, 3000});
  for (const auto& [row, at] : std::vector<std::pair<int64_t, double>>{{0, 0}, {1, 1}, {2, 0}, {601, 599}, {604, 2}})
    expect(first, row, at);
  for (const auto& [row, at] : std::vector<std::pair<int64_t, double>>{{0, 5}, {1, 6}, {601, 599}, {604, 3002}})
    expect(later, row, at);
}

TEST(Positions, learned_ones_are_rows_of_a_table_and_end_somewhere) {
  auto learned = randomised(Positions({.width = 6, .heads = 1, .positions = "learned", .max_positions = 4}));
  const Tensor x = random_rows({2, 0, 3}, 6);
  EXPECT_LT(gap(learned(x, {2, 0, 1}), x + gather(learned.P, {2, 3, 1, 2, 3})), 1e-6);
  EXPECT_THAT(error_of([&] { learned(x, {3, 0, 0}); }), HasSubstr("a sequence of 5 tokens, but the model has 4"));
  check_gradients(params(learned), [&] { return square(learned(x)); });
}

TEST(TransformerShape, wrong_values_are_named) {
  const auto message = [](const TransformerShape& s) { return error_of([&] { s.validate(); }); };
  EXPECT_EQ(message({}), "no error");
  EXPECT_THAT(message({.width = 10, .heads = 3}), HasSubstr("width 10 does not divide by 3 heads"));
  EXPECT_THAT(message({.width = 9, .heads = 3}), HasSubstr("even width, not 9"));
  EXPECT_THAT(message({.feed_forward = 0}), HasSubstr("feed_forward"));
  EXPECT_THAT(message({.dropout = 1}), HasSubstr("dropout: 1"));
  EXPECT_THAT(message({.norm = "post-norm"}), HasSubstr("norm: unknown value 'post-norm'"));
  EXPECT_THAT(message({.norm_kind = "rsm"}), HasSubstr("did you mean 'rms'"));
  EXPECT_THAT(message({.activation = "swigl"}), HasSubstr("did you mean 'swiglu'"));
  EXPECT_THAT(message({.positions = "sinusoid"}), HasSubstr("did you mean 'sinusoidal'"));
  EXPECT_THAT(message({.max_positions = 0}), HasSubstr("max_positions"));
}

}  // namespace
}  // namespace stemma
