#include "stemma/tasks/gradient_flow.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/testing.h"
#include "stemma/nn/recurrent.h"

namespace stemma {
namespace {

// h_t = a h_{t-1} + x_t has d h_t / d x_{t-k} = a^k.
FlowRequest linear_recurrence(float a, int64_t length) {
  const auto last = [a](const Tensor& x) {
    Tensor h = rows(x, 0, 1);
    for (int64_t t = 1; t < x.rows(); ++t) h = a * h + rows(x, t, 1);
    return h;
  };
  return {.windows = 3, .distance = length - 1, .gradient = [=](int64_t i) {
            return gradient_at(Tensor::full(length + i, 1, float(i + 1)), last);  // a longer window counts from its end
          }};
}

TEST(GradientFlow, of_a_linear_recurrence_is_a_power) {
  for (const float a : {0.5f, 1.0f, 1.5f}) {
    const GradientFlow flow = gradient_flow(linear_recurrence(a, 8));
    for (size_t k = 0; k < 8; ++k) EXPECT_NEAR(flow.norm[k], std::pow(double(a), double(k)), 1e-4) << a << " " << k;
    EXPECT_NEAR(flow.per_step, a, 1e-5);
    EXPECT_EQ(flow.clipped, flow.norm);
  }
}

TEST(GradientFlow, clipping_scales_each_window_by_its_own_update) {
  const Tensor w = parameter(Tensor::full(1, 1, 2));
  FlowRequest request{.windows = 2, .distance = 0};
  request.gradient = [&](int64_t i) {  // d/dw = x, d/dx = 2
    return gradient_at(Tensor::full(1, 1, i ? 3 : 1), [&](const Tensor& x) { return x * w; });
  };
  request.parameters = {{"w", w}}, request.clip = 1.5;
  const GradientFlow flow = gradient_flow(request);
  EXPECT_NEAR(flow.norm[0], 2, 1e-6);
  EXPECT_NEAR(flow.clipped[0], (2 + 2 * 1.5 / 3) / 2, 1e-6);  // the second alone is cut
  EXPECT_NEAR(flow.clipped_share, 0.5, 1e-12);
  EXPECT_FALSE(bool(grad(w)));
}

TEST(GradientFlow, an_elman_network_of_small_weights_forgets) {
  Recurrent layer(Cell::rnn, 2, 2);
  walk("", layer, [](const std::string&, Param& p) { std::fill_n(p.w.data(), p.w.size(), 0.2f); });
  FlowRequest request{.windows = 1, .distance = 11};
  request.gradient = [&](int64_t) {
    return gradient_at(Tensor::full(12, 2, 0.1f), [&](const Tensor& x) {
      RecurrentState s;
      return sum(rows(layer(x, s), x.rows() - 1, 1));
    });
  };
  EXPECT_LT(gradient_flow(request).per_step, 0.45);  // at most |U| = 0.4
}

TEST(GradientFlow, without_windows_says_so) {
  EXPECT_NE(error_of([] { gradient_flow({}); }).find("shorter than one window"), std::string::npos);
}

}  // namespace
}  // namespace stemma
