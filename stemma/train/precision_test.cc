// Training with products in bf16, weights and sums in f32, learns as training in f32 does.
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/models/registry.h"
#include "stemma/train/optimizer.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 20, sentences = 24, length = 6, steps = 240, window = 20;

// Sentences and their reversals, both begun by <s> = 1: what an encoder-decoder must look back for.
struct Pairs {
  Tensor source, inputs, outputs;
};
Pairs draw(Random& random) {
  std::vector<int32_t> source, inputs, outputs;
  for (int64_t s = 0; s < sentences; ++s) {
    std::vector<int32_t> ids(size_t(length), 0);
    for (auto& id : ids) id = 2 + int32_t(random.below(vocabulary - 2));
    source.insert(source.end(), ids.begin(), ids.end());
    outputs.insert(outputs.end(), ids.rbegin(), ids.rend());
    inputs.push_back(1);
    inputs.insert(inputs.end(), ids.rbegin(), ids.rend() - 1);
  }
  const auto splits = splits_of_lengths(std::vector<int64_t>(size_t(sentences), length));
  return {Tensor::ids(source, splits), Tensor::ids(inputs, splits), Tensor::ids(outputs, splits)};
}

// The mean loss of a token in each window of steps.
std::vector<double> loss_curve(const std::string& system, const Json& config, Type type) {
  const auto model = make_model(system, config, {vocabulary, vocabulary}, 1);
  Optimizer optimizer(model->params(), {.name = "adam"});
  Random data{2}, masks{3};
  const Training on(masks);
  const Precision products(type);
  std::vector<double> curve;
  for (int64_t step = 0; step < steps; ++step) {
    const Pairs pairs = draw(data);
    optimizer.clear_gradients();
    const auto state = model->start(pairs.source);
    const Tensor h = model->decode(pairs.inputs, *state);
    const auto loss = cross_entropy(h, model->output_W(), model->output_b(), pairs.outputs, 0.1f);
    backward(loss.total);
    const double tokens = double(pairs.outputs.rows()), norm = optimizer.gradient_norm() / tokens;
    optimizer.step({.rate = 3e-3 * std::min(1.0, double(step + 1) / 40),
                    .scale = 1 / std::max(norm, 1.0) / tokens,
                    .time = step + 1});
    if (step % window == 0) curve.push_back(0);
    curve.back() += loss.nll / tokens / window;
  }
  return curve;
}

// Two runs that differ by rounding alone drift apart; a run in bf16 drifts no further than that.
void check_same_curve(const std::string& system, Json config) {
  for (const auto& [key, value] : config.object())
    if (key == "dropout") config[key] = 0.05;
  const auto f32 = loss_curve(system, config, Type::f32), bf16 = loss_curve(system, config, Type::bf16);
  EXPECT_GT(f32.front(), 2.5) << system;
  EXPECT_LT(f32.back(), 0.6 * f32.front()) << system << " learns";
  bool differs = false;
  for (size_t i = 0; i < f32.size(); ++i) {
    EXPECT_NEAR(bf16[i], f32[i], 0.06 * f32[i] + 0.06) << system << ", window " << i;
    differs |= bf16[i] != f32[i];
  }
  EXPECT_TRUE(differs) << "products were rounded";
}

TEST(TrainingInBf16, HasTheLossCurveOfF32) {
  struct OneThread {  // the products are too small for more
    int before = threads();
    OneThread() { set_threads(1); }
    ~OneThread() { set_threads(before); }
  } const here;
  Json transformer = default_config("transformer");
  for (const auto& [key, value] :
       {std::pair{"width", 32}, {"heads", 2}, {"feed_forward", 64}, {"encoder_layers", 1}, {"decoder_layers", 1}})
    transformer[key] = value;
  check_same_curve("transformer", transformer);
  Json recurrent = default_config("gru");
  for (const auto& [key, value] : {std::pair{"width", 32}, {"embedding", 32}, {"encoder_width", 16}})
    recurrent[key] = value;
  recurrent["attention"] = "additive";
  check_same_curve("gru", recurrent);
}

}  // namespace
}  // namespace stemma
