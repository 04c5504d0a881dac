#include "stemma/tensor/kept.h"

#include <gtest/gtest.h>

#include "stemma/tensor/memory.h"

namespace stemma {
namespace {

constexpr int64_t size = 1 << 18, bytes = 4 * size;

Tensor scalar(float v) { return Tensor::full(1, 1, v); }
Tensor plus(const Tensor& a, const Tensor& b) {
  return record(scalar(a.item() + b.item()), {a, b}, [](const Tensor& dy) { return Grads{dy, dy}; });
}
// One of the elements, squared.
Tensor square(const Tensor& h) {
  return record(scalar(h.data()[5] * h.data()[5]), {h}, [h = Kept(h)](const Tensor& dy) {
    EXPECT_EQ(h.handle().cols(), size);
    return Grads{Tensor::full(1, size, 2 * h.value().data()[5] * dy.item())};
  });
}

// Two read it: it is made once, and gone before the op that made it first gives its own gradient.
TEST(Kept, WhatCanBeMadeAgainLeavesItsMemory) {
  const auto x = parameter(Tensor::full(1, size, 2));
  int64_t made = 0, at_the_end = 0;
  const int64_t before = memory_use().now;
  Tensor h = Tensor::full(1, size, 6);
  const auto back = [&](const Tensor& dy) {
    at_the_end = memory_use().now - before;
    return Grads{Tensor::full(1, size, 3 * dy.data()[5])};
  };
  record_all({&h}, {x}, Remakable(back, [&] { return ++made, Tensor::full(1, size, 6); }));
  const auto y = plus(square(h), square(h));
  EXPECT_EQ(y.item(), 72);
  EXPECT_GE(memory_use().now - before, bytes);
  h = {};
  EXPECT_LT(memory_use().now - before, bytes);
  backward(y);
  EXPECT_EQ(made, 1);
  EXPECT_LT(at_the_end, 2 * bytes) << "the gradient alone";
  EXPECT_EQ(grad(x).data()[7], 3 * 2 * 2 * 6);
}

TEST(Kept, OtherwiseTheMemoryStays) {
  const auto x = parameter(Tensor::full(1, size, 2));
  EXPECT_EQ(Kept(x).value().raw(), x.raw());
  const Tensor constant = scalar(3);
  EXPECT_EQ(Kept(constant).value().raw(), constant.raw());
}

TEST(Kept, AHandleHasShapeSplitsAndGradient) {
  const auto x = parameter(Tensor::full(3, 2, 1)).with_splits(make_splits({0, 1, 3}));
  const Tensor handle = without_memory(x);
  EXPECT_FALSE(handle);
  EXPECT_TRUE(handle.same_shape(x));
  EXPECT_EQ(handle.splits(), x.splits());
  const auto to = gradient_of(handle);
  EXPECT_TRUE(to.fresh);
  EXPECT_EQ(to.grad.raw(), grad(x).raw());
}

TEST(Kept, ASecondBackwardIsAnError) {
  const auto x = parameter(Tensor::full(1, size, 2));
  Tensor h = Tensor::full(1, size, 6);
  record_all({&h}, {x}, Remakable([](const Tensor& dy) { return Grads{dy}; }, [] { return Tensor::full(1, size, 6); }));
  const auto y = square(h), z = square(h);
  backward(y);
  EXPECT_THROW(backward(z), Error);
}

}  // namespace
}  // namespace stemma
