// Every fused op equals its definition in plain ops: values and gradients, at every level of SIMD.
#include "stemma/ops/definitions.h"

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

using Tensors = std::vector<Tensor>;
using Op = std::function<Tensors(const Tensors&)>;

// The outputs of f, then the gradients of sum over the outputs of (weights * output).
Tensors outputs_and_gradients(const Op& f, const std::vector<Matrix>& inputs) {
  Tensors x;
  for (const auto& input : inputs) x.push_back(parameter(to_tensor(input)));
  Tensors all = f(x);
  Tensor loss = Tensor::zeros(1, 1);
  for (size_t i = 0; i < all.size(); ++i)
    loss = loss + sum(all[i] * to_tensor(random_matrix(all[i].rows(), all[i].cols(), 90 + i)));
  backward(loss);
  for (const auto& input : x) all.push_back(grad(input));
  return all;
}
void expect_same(const Op& op, const Op& definition, const std::vector<Matrix>& inputs, double tolerance = 1e-5) {
  at_each_level([&] {
    const auto found = outputs_and_gradients(op, inputs), wanted = outputs_and_gradients(definition, inputs);
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_TRUE(bool(wanted[i])) << i;
      Matrix expected(wanted[i].rows(), wanted[i].cols());
      const auto values = wanted[i].values();
      expected.v.assign(values.begin(), values.end());
      expect_near(found[i], expected, tolerance, str("output or gradient ", i));
    }
  });
}

const Splits ragged = splits_of_lengths({3, 0, 1, 5});
// A leaf for each shape; the first `grouped` of them are ragged.
std::vector<Matrix> random_inputs(const std::vector<std::pair<int64_t, int64_t>>& shapes, size_t grouped = 0) {
  std::vector<Matrix> inputs;
  for (const auto& [rows, cols] : shapes)
    inputs.push_back(random_matrix(rows, cols, inputs.size() + 1, 0.7, inputs.size() < grouped ? ragged : Splits()));
  return inputs;
}

TEST(Definitions, linear) {
  for (const auto f : {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu,
                       Activation::tanh, Activation::sigmoid})
    for (const auto& [n, in, out] : {std::array{1, 5, 3}, std::array{9, 17, 33}, std::array{0, 2, 2}}) {
      const auto inputs = random_inputs({{n, in}, {out, in}, {1, out}, {n, out}}, n == 9 ? 1 : 0);
      expect_same(
          [=](auto& x) {
            return Tensors{linear(x[0], x[1], {x[2], x[3], f})};
          },
          [=](auto& x) {
            return Tensors{linear_definition(x[0], x[1], {x[2], x[3], f})};
          },
          inputs);
    }
  expect_same([](auto& x) { return Tensors{linear(x[0], x[1])}; },
              [](auto& x) { return Tensors{linear_definition(x[0], x[1])}; }, random_inputs({{4, 3}, {5, 3}}));
}

TEST(Definitions, softmax_and_norms) {
  for (const auto& [n, d] : {std::pair{1, 1}, {9, 7}, {9, 40}, {130, 18}, {0, 3}}) {
    const auto inputs = random_inputs({{n, d}, {1, d}, {1, d}}, n == 9 ? 1 : 0);
    const auto x = std::vector(inputs.begin(), inputs.begin() + 1),
               xg = std::vector(inputs.begin(), inputs.begin() + 2);
    expect_same(
        [](auto& x) {
          return Tensors{softmax(x[0]), log_softmax(x[0])};
        },
        [](auto& x) {
          return Tensors{softmax_definition(x[0]), log_softmax_definition(x[0])};
        },
        x);
    expect_same([](auto& x) { return Tensors{rms_norm(x[0], x[1])}; },
                [](auto& x) { return Tensors{rms_norm_definition(x[0], x[1])}; }, xg);
    expect_same([](auto& x) { return Tensors{layer_norm(x[0], x[1], x[2])}; },
                [](auto& x) { return Tensors{layer_norm_definition(x[0], x[1], x[2])}; }, inputs);
  }
}

TEST(Definitions, attention) {
  for (const bool causal : {false, true})
    for (const int64_t heads : {1, 2}) {
      const Attention how{.heads = heads, .causal = causal, .dropout = 0.2f};
      auto inputs = random_inputs({{9, 12}, {11, 12}, {11, 8}});
      inputs[0].splits = splits_of_lengths({3, 0, 1, 5});
      inputs[1].splits = inputs[2].splits = splits_of_lengths({4, 2, 0, 5});
      const auto training = [&](auto op) -> Op {
        return [=](const Tensors& x) {
          Random rng{42};
          const Training on(rng);
          return Tensors{op(x[0], x[1], x[2], how)};
        };
      };
      expect_same(training(attention), training(attention_definition), inputs);
    }
}

TEST(Definitions, recurrences) {
  constexpr double tolerance = 5e-5;  // rounding grows along a sequence
  for (const int64_t h : {1, 3, 20}) {
    expect_same(
        [](auto& x) {
          auto r = rnn(x[0], x[1], x[2]);
          return Tensors{r.y, r.h};
        },
        [](auto& x) {
          auto r = rnn_definition(x[0], x[1], x[2]);
          return Tensors{r.y, r.h};
        },
        random_inputs({{9, h}, {h, h}, {4, h}}, 1), tolerance);
    expect_same(
        [](auto& x) {
          auto r = lstm(x[0], x[1], x[2], x[3]);
          return Tensors{r.y, r.h, r.c};
        },
        [](auto& x) {
          auto r = lstm_definition(x[0], x[1], x[2], x[3]);
          return Tensors{r.y, r.h, r.c};
        },
        random_inputs({{9, 4 * h}, {4 * h, h}, {4, h}, {4, h}}, 1), tolerance);
    expect_same(
        [](auto& x) {
          auto r = gru(x[0], x[1], x[2], x[3]);
          return Tensors{r.y, r.h};
        },
        [](auto& x) {
          auto r = gru_definition(x[0], x[1], x[2], x[3]);
          return Tensors{r.y, r.h};
        },
        random_inputs({{9, 3 * h}, {3 * h, h}, {1, 3 * h}, {4, h}}, 1), tolerance);
  }
  expect_same([](auto& x) { return Tensors{lstm(x[0], x[1]).y}; },
              [](auto& x) { return Tensors{lstm_definition(x[0], x[1]).y}; }, random_inputs({{9, 8}, {8, 2}}, 1));
}
TEST(Definitions, additive_attention) {
  for (const auto& [a, m] : {std::pair{1, 1}, {5, 3}, {33, 40}}) {
    auto inputs = random_inputs({{4, a}, {9, a}, {9, m}, {1, a}});
    inputs[2].splits = ragged;
    expect_same([](auto& x) { return Tensors{additive_attention(x[0], x[1], x[2], x[3])}; },
                [](auto& x) { return Tensors{additive_attention_definition(x[0], x[1], x[2], x[3])}; }, inputs);
  }
}
// Inputs: x, U, h0, then what a Look has.
Look look_of(const Tensors& x) { return {.W = x[3], .b = x[4], .v = x[5], .C = x[6], .keys = x[7], .memory = x[8]}; }
TEST(Definitions, recurrences_that_look) {
  for (const int64_t h : {3, 18}) {
    const auto compare = [&](int64_t gates, const Op& op, const Op& definition) {
      auto inputs = random_inputs({{9, gates * h},
                                   {gates * h, h},
                                   {4, h},
                                   {5, h},
                                   {1, 5},
                                   {1, 5},
                                   {gates * h, 7},
                                   {8, 5},
                                   {8, 7},
                                   {1, gates * h}},
                                  1);
      inputs[8].splits = splits_of_lengths({2, 1, 0, 5});
      for (auto& input : inputs)
        for (auto& v : input.v) v *= 0.5;
      expect_same(op, definition, inputs, 5e-5);
    };
    compare(
        1,
        [](auto& x) {
          auto r = rnn(x[0], x[1], x[2], look_of(x));
          return Tensors{r.y, r.h, r.context, x[9]};
        },
        [](auto& x) {
          auto r = rnn_definition(x[0], x[1], x[2], look_of(x));
          return Tensors{r.y, r.h, r.context, x[9]};
        });
    compare(
        4,
        [](auto& x) {
          auto r = lstm(x[0], x[1], x[2], {}, look_of(x));
          return Tensors{r.y, r.c, r.context, x[9]};
        },
        [](auto& x) {
          auto r = lstm_definition(x[0], x[1], x[2], {}, look_of(x));
          return Tensors{r.y, r.c, r.context, x[9]};
        });
    compare(
        3,
        [](auto& x) {
          auto r = gru(x[0], x[1], x[9], x[2], look_of(x));
          return Tensors{r.y, r.h, r.context};
        },
        [](auto& x) {
          auto r = gru_definition(x[0], x[1], x[9], x[2], look_of(x));
          return Tensors{r.y, r.h, r.context};
        });
  }
}
TEST(Definitions, cells) {
  for (const auto& [n, h] : {std::pair{1, 1}, {9, 20}, {0, 2}}) {
    expect_same(
        [](auto& x) {
          const auto [y, c] = lstm_cell(x[0], x[1]);
          return Tensors{y, c};
        },
        [](auto& x) {
          const auto [y, c] = lstm_cell_definition(x[0], x[1]);
          return Tensors{y, c};
        },
        random_inputs({{n, 4 * h}, {n, h}}));
    expect_same([](auto& x) { return Tensors{gru_cell(x[0], x[1], x[2])}; },
                [](auto& x) { return Tensors{gru_cell_definition(x[0], x[1], x[2])}; },
                random_inputs({{n, 3 * h}, {n, 3 * h}, {n, h}}));
  }
}

TEST(Definitions, conv) {
  for (const Convolution how : {Convolution{}, Convolution{.width = 1, .before = 0},
                                Convolution{.width = 4, .before = 3}, Convolution{.width = 2, .before = -1}})
    for (const size_t grouped : {0, 1})
      expect_same([=](auto& x) { return Tensors{conv(x[0], x[1], x[2], how)}; },
                  [=](auto& x) { return Tensors{conv_definition(x[0], x[1], x[2], how)}; },
                  random_inputs({{9, 5}, {6, how.width * 5}, {1, 6}}, grouped));
}

TEST(Definitions, cross_entropy) {
  for (const float smoothing : {0.0f, 0.1f})
    for (const auto& [n, d, V] : {std::array{1, 3, 2}, std::array{9, 5, 40}, std::array{300, 4, 7}}) {
      std::vector<int32_t> ids;
      for (int i = 0; i < n; ++i) ids.push_back(i * 5 % V);
      const Tensor targets = Tensor::ids(ids);
      const auto outputs = [](const CrossEntropy& e) {
        return Tensors{e.total, Tensor::full(1, 1, float(e.nll)), Tensor::full(1, 1, float(e.correct))};
      };
      expect_same([=](auto& x) { return outputs(cross_entropy(x[0], x[1], x[2], targets, smoothing)); },
                  [=](auto& x) { return outputs(cross_entropy_definition(x[0], x[1], x[2], targets, smoothing)); },
                  random_inputs({{n, d}, {V, d}, {1, V}}));
    }
}

}  // namespace
}  // namespace stemma
