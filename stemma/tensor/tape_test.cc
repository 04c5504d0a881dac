// The tape with the smallest of ops, written here: what these tests need is not what the ops compute.
#include "stemma/tensor/tape.h"

#include <gtest/gtest.h>

#include "stemma/tensor/memory.h"

namespace stemma {
namespace {

Tensor scalar(float v) { return Tensor::full(1, 1, v); }
Tensor times(float c, const Tensor& x) {
  return record(scalar(c * x.item()), {x}, [c](const Tensor& dy) { return Grads{scalar(c * dy.item())}; });
}
// Both inputs get the very same gradient tensor.
Tensor plus(const Tensor& a, const Tensor& b) {
  return record(scalar(a.item() + b.item()), {a, b}, [](const Tensor& dy) { return Grads{dy, dy}; });
}
// Adds to the gradient of x itself.
Tensor times_in_place(float c, const Tensor& x) {
  return record(scalar(c * x.item()), {x}, [c, x](const Tensor& dy) {
    const auto to = gradient_of(x);
    to.grad.data()[0] = (to.fresh ? 0 : to.grad.item()) + c * dy.item();
    return Grads{};
  });
}
// y = x, z = 3 x
std::pair<Tensor, Tensor> two(const Tensor& x) {
  Tensor y = scalar(x.item()), z = scalar(3 * x.item());
  record_all({&y, &z}, {x},
             [](const Grads& d) { return Grads{scalar((d[0] ? d[0].item() : 0) + (d[1] ? 3 * d[1].item() : 0))}; });
  return {y, z};
}

TEST(Tape, GradientsFlowBack) {
  const auto x = parameter(scalar(2));
  backward(plus(times(3, x), times(4, times(5, x))));
  EXPECT_EQ(grad(x).item(), 23);
  backward(times(3, x), scalar(10));
  EXPECT_EQ(grad(x).item(), 53) << "a second run adds";
  clear_grad(x);
  EXPECT_FALSE(grad(x));
  set_grad(x, scalar(1));
  backward(times(3, x));
  EXPECT_EQ(grad(x).item(), 4);
}

TEST(Tape, OneGradientForSeveralInputs) {
  const auto x = parameter(scalar(1)), w = parameter(scalar(1));
  const auto h = times(1, x);
  backward(plus(plus(h, h), plus(h, plus(w, w))));
  EXPECT_EQ(grad(x).item(), 3);
  EXPECT_EQ(grad(w).item(), 2);
}

TEST(Tape, TheSeedIsNotChanged) {
  const auto x = parameter(scalar(1));
  const auto seed = scalar(7);
  const auto h = times(1, x);
  backward(plus(plus(h, x), plus(x, h)), seed);
  EXPECT_EQ(grad(x).item(), 28);
  EXPECT_EQ(seed.item(), 7);
  backward(plus(x, x), seed);
  EXPECT_EQ(seed.item(), 7);
}

TEST(Tape, AParameterOwnsItsGradient) {
  const auto a = parameter(scalar(1)), b = parameter(scalar(1));
  backward(plus(a, b));
  EXPECT_NE(grad(a).raw(), grad(b).raw());
}

TEST(Tape, KernelsMayAddToAGradientThemselves) {
  const auto x = parameter(scalar(1));
  const auto h = times(2, x);
  backward(plus(plus(times_in_place(3, h), times(5, h)), plus(times_in_place(7, h), times_in_place(1, x))));
  EXPECT_EQ(grad(x).item(), 31);
  EXPECT_FALSE(gradient_of(scalar(1)));
}

TEST(Tape, InPlaceAfterAShareLeavesTheOtherAlone) {
  const auto x = parameter(scalar(1)), w = parameter(scalar(1));
  const auto h = times(2, x), g = times(2, w);
  // plus hands one tensor to h and g; then h's is added to in place.
  const auto early = times_in_place(10, h);
  backward(plus(early, plus(h, g)));
  EXPECT_EQ(grad(x).item(), 22);
  EXPECT_EQ(grad(w).item(), 2);
}

TEST(Tape, TwoOutputs) {
  const auto x = parameter(scalar(2));
  auto [y, z] = two(times(1, x));
  EXPECT_EQ(z.item(), 6);
  backward(plus(y, times(10, z)));
  EXPECT_EQ(grad(x).item(), 31);
  clear_grad(x);
  backward(two(x).second);
  EXPECT_EQ(grad(x).item(), 3);
  clear_grad(x);
  backward(two(x).first);
  EXPECT_EQ(grad(x).item(), 1);
}

TEST(Tape, NothingIsRecordedWithoutNeed) {
  const auto x = parameter(scalar(1));
  EXPECT_FALSE(times(2, scalar(1)).tracked());
  {
    const NoGrad off;
    EXPECT_FALSE(times(2, x).tracked());
    const Recording on;
    EXPECT_TRUE(times(2, x).tracked());
  }
  EXPECT_TRUE(times(2, x).tracked());
  EXPECT_FALSE(times(2, x.detach()).tracked());
  EXPECT_THROW(backward(scalar(1)), Error);
}

TEST(Tape, IsConsumed) {
  const auto x = parameter(scalar(1));
  const auto y = times(2, x);
  backward(y);
  EXPECT_THROW(backward(y), Error);
}

TEST(Tape, AWrongGradientIsAnError) {
  const auto x = parameter(scalar(1));
  backward(x);
  EXPECT_EQ(grad(x).item(), 1);
  EXPECT_THROW(backward(record(scalar(1), {x}, [](const Tensor&) { return Grads{Tensor(2, 1)}; })), Error);
  EXPECT_THROW(backward(record(scalar(1), {x}, [](const Tensor& dy) { return Grads{dy, dy}; })), Error);
  EXPECT_THROW(backward(times(2, x), Tensor(1, 2)), Error);
}

TEST(Tape, AViewKeepsTheGradientOfAParameter) {
  const auto x = parameter(Tensor::full(4, 1, 1));
  const auto grouped = x.with_splits(make_splits({0, 1, 4}));
  backward(record(grouped.clone(), {grouped}, [](const Tensor& dy) { return Grads{dy}; }));
  EXPECT_EQ(grad(x).values(), std::vector<float>(4, 1));
}

constexpr int deep = 100000;

TEST(Tape, DeepChainsRunAndFall) {
  const auto x = parameter(scalar(1));
  const int64_t before = memory_use().now;
  Tensor y = x;
  for (int i = 0; i < deep; ++i) y = plus(times(1, y), scalar(0));
  backward(y);
  EXPECT_EQ(grad(x).item(), 1);
  y = {};
  clear_grad(x);
  EXPECT_EQ(memory_use().now, before);
}

TEST(Tape, DeepChainsFallWithoutARun) {
  const auto x = parameter(scalar(1));
  const int64_t before = memory_use().now;
  {
    Tensor y = x, z = x;
    for (int i = 0; i < deep; ++i) y = times_in_place(1, y);  // the lambda holds the input as well
    for (int i = 0; i < deep; ++i) z = plus(z, times(1, z));
    auto [first, second] = two(x);
    for (int i = 0; i < deep; ++i) std::tie(first, second) = two(plus(first, second));
    first = {};
  }
  EXPECT_EQ(memory_use().now, before);
}

TEST(Tape, MemoryReturnsToItsStart) {
  const int64_t before = memory_use().now;
  {
    const auto x = parameter(scalar(1));
    for (int i = 0; i < 3; ++i) {
      const auto h = times_in_place(2, x);
      auto [y, z] = two(plus(h, h));
      backward(plus(y, z));
      clear_grad(x);
    }
    EXPECT_GT(memory_use().now, before);
  }
  EXPECT_EQ(memory_use().now, before);
}

TEST(Tape, GradientsAreFreedOnTheWay) {
  const auto x = parameter(Tensor::full(1, 1 << 18, 1));
  Tensor y = x;
  for (int i = 0; i < 20; ++i)
    y = record(y.reshaped(1, 1 << 18), {y}, [](const Tensor& dy) { return Grads{dy.clone()}; });
  reset_memory_peak();
  const int64_t before = memory_use().now;
  backward(y);
  EXPECT_LE(memory_use().peak - before, 3 * (1 << 20));
}

TEST(Scopes, NestAndEnd) {
  EXPECT_EQ(precision(), Type::f32);
  EXPECT_FALSE(deterministic());
  EXPECT_EQ(training(), nullptr);
  Random rng;
  {
    const Precision half(Type::bf16);
    const Deterministic fixed;
    const Training on(rng);
    EXPECT_EQ(precision(), Type::bf16);
    EXPECT_TRUE(deterministic());
    EXPECT_EQ(training(), &rng);
    {
      const Precision full(Type::f32);
      const Evaluating off;
      EXPECT_EQ(precision(), Type::f32);
      EXPECT_EQ(training(), nullptr);
    }
    EXPECT_EQ(precision(), Type::bf16);
    EXPECT_EQ(training(), &rng);
  }
  EXPECT_EQ(precision(), Type::f32);
  EXPECT_FALSE(deterministic());
  EXPECT_EQ(training(), nullptr);
}

}  // namespace
}  // namespace stemma
