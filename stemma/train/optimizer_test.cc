#include "stemma/train/optimizer.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace stemma {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct Model {
  Param W{5, 7}, b{1, 7};
  FIELDS(W, b)
  Model() {
    Random rng{3};
    for (const auto& p : params(*this))
      for (int64_t i = 0; i < p.w.size(); ++i) p.w.data()[i] = rng.normal();
  }
};

void give_gradients(const Params& all) {
  for (const auto& p : all) set_grad(p.w, Tensor::zeros(p.w.rows(), p.w.cols()));
}
// The gradient of update `t` times 10, to be used with scale 0.1.
void set_gradients(const Params& all, int64_t t) {
  Random rng{uint64_t(t)};
  give_gradients(all);
  for (const auto& p : all)
    for (int64_t i = 0; i < p.w.size(); ++i) grad(p.w).data()[i] = 10 * rng.normal();
}

// The rules as their papers state them, for one parameter in double.
struct Reference {
  OptimizerOptions o;
  double decay;
  std::vector<double> w, m, v;
  Reference(const OptimizerOptions& options, const Tensor& x)
      : o(options), decay(x.rows() > 1 || o.decay_vectors ? o.weight_decay : 0), m(size_t(x.size())), v(m) {
    for (const float value : x.values()) w.push_back(value);
  }
  void step(const Tensor& gradient, double rate, int64_t t) {
    for (size_t i = 0; i < w.size(); ++i) {
      double g = gradient.data()[i] * 0.1;
      if (o.name == "sgd") {
        g += decay * w[i];
        m[i] = o.momentum * m[i] + g;
        w[i] -= rate * (o.momentum == 0 ? g : o.nesterov ? g + o.momentum * m[i] : m[i]);
        continue;
      }
      if (o.name == "adamw") w[i] -= rate * decay * w[i];
      if (o.name == "adam") g += decay * w[i];
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(o.beta1, t)), v_hat = v[i] / (1 - std::pow(o.beta2, t));
      w[i] -= rate * m_hat / (std::sqrt(v_hat) + o.epsilon);
    }
  }
};

TEST(Optimizer, TenStepsOfEachRuleAsWritten) {
  std::vector<OptimizerOptions> cases(7);
  cases[0].name = "sgd";
  cases[1] = {.name = "sgd", .momentum = 0.9, .weight_decay = 0.1};
  cases[2] = {.name = "sgd", .momentum = 0.9, .nesterov = true};
  cases[4] = {.name = "adam", .weight_decay = 0.1};
  cases[5] = {.name = "adamw", .beta2 = 0.999, .epsilon = 1e-6, .weight_decay = 0.1};
  cases[6] = {.name = "adamw", .weight_decay = 0.1, .decay_vectors = true};
  for (const auto& options : cases) {
    Model model;
    const Params all = params(model);
    Optimizer optimizer(all, options);
    std::vector<Reference> expected;
    for (const auto& p : all) expected.emplace_back(options, p.w);
    for (int64_t t = 1; t <= 10; ++t) {
      const double rate = 0.01 * double(t);
      set_gradients(all, t);
      for (size_t i = 0; i < all.size(); ++i) expected[i].step(grad(all[i].w), rate, t);
      optimizer.step({.rate = rate, .scale = 0.1, .time = t});
    }
    for (size_t i = 0; i < all.size(); ++i)
      for (int64_t j = 0; j < all[i].w.size(); ++j)
        EXPECT_NEAR(all[i].w.data()[j], expected[i].w[size_t(j)], 1e-5) << options.name << " " << all[i].name;
  }
}

TEST(Optimizer, EveryRuleFindsTheLeastOfAQuadratic) {
  for (const auto& [name, rate] : {std::pair{"sgd", 0.1}, {"adam", 0.05}, {"adamw", 0.05}, {"adafactor", 0.05}}) {
    Model model;
    const Params all = params(model);
    Optimizer optimizer(all, {.name = name});
    give_gradients(all);
    for (int64_t t = 1; t <= 2000; ++t) {  // sum (w - 3)^2
      for (const auto& p : all)
        for (int64_t i = 0; i < p.w.size(); ++i) grad(p.w).data()[i] = 2 * (p.w.data()[i] - 3);
      optimizer.step({.rate = rate / (1 + double(t) / 200), .time = t});
    }
    for (const auto& p : all)
      for (const float w : p.w.values()) EXPECT_NEAR(w, 3, 0.05) << name;
  }
}

TEST(Optimizer, GradientsAreAddedUpUntilTheyAreCleared) {
  Model model;
  const Params all = params(model);
  {
    Optimizer optimizer(all, {});
    EXPECT_EQ(optimizer.gradient_norm(), 0);
    const Tensor x = Tensor::full(5, 7, 2);
    for (int i = 0; i < 2; ++i)  // an op without an in-place gradient: the tape adds
      backward(record(Tensor::full(1, 1, 0), {model.W}, [&](const Tensor&) { return Grads{x}; }));
    EXPECT_EQ(x.values(), Tensor::full(5, 7, 2).values()) << "is not the gradient itself";
    set_grad(model.b, Tensor::zeros(1, 7));
    grad(model.b).data()[6] = 4;
    EXPECT_NEAR(optimizer.gradient_norm(), std::sqrt(35 * 16.0 + 16), 1e-4);
    grad(model.b).data()[0] = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(std::isfinite(optimizer.gradient_norm()));
    grad(model.b).data()[0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(std::isfinite(optimizer.gradient_norm()));
    optimizer.clear_gradients();
    EXPECT_EQ(optimizer.gradient_norm(), 0);
    optimizer.step({.rate = 1, .time = 1});
    EXPECT_EQ(grad(model.W).values(), Tensor::zeros(5, 7).values()) << "no loss has reached it";
  }
  EXPECT_FALSE(grad(model.W));
}

TEST(Optimizer, StateIsNamedAndShaped) {
  Model model;
  const auto names = [&](const OptimizerOptions& options) {
    const Optimizer optimizer(params(model), options);
    std::string out;
    for (const auto& p : optimizer.state()) out += str(p.name, " ", p.w, "; ");
    return out;
  };
  EXPECT_EQ(names({.name = "sgd"}), "");
  EXPECT_EQ(names({.name = "sgd", .momentum = 0.9}), "sgd.momentum.W [5, 7]; sgd.momentum.b [1, 7]; ");
  EXPECT_EQ(names({}), "adam.m.W [5, 7]; adam.v.W [5, 7]; adam.m.b [1, 7]; adam.v.b [1, 7]; ");
  EXPECT_EQ(names({.name = "adafactor"}), "adafactor.row.W [5, 1]; adafactor.col.W [1, 7]; adafactor.col.b [1, 7]; ");
}

TEST(Optimizer, UnknownNameAndWrongTypeAreNamed) {
  Model model;
  EXPECT_THAT([&] { Optimizer(params(model), {.name = "adm"}); },
              ThrowsMessage<Error>(HasSubstr("unknown 'adm' (did you mean 'adam'?)")));
  EXPECT_THAT(
      [] {
        Optimizer({{"half", parameter(Tensor(2, 2, Type::bf16))}}, {});
      },
      ThrowsMessage<Error>(HasSubstr("'half'")));
}

}  // namespace
}  // namespace stemma
