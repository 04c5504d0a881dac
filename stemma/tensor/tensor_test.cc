#include "stemma/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace stemma {
namespace {

std::string message(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "no error";
}

TEST(Tensor, HoldsAMatrix) {
  const auto x = Tensor::from(2, 3, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(x.rows(), 2);
  EXPECT_EQ(x.cols(), 3);
  EXPECT_EQ(x.size(), 6);
  EXPECT_EQ(x.bytes(), 24);
  EXPECT_EQ(x.data()[4], 5);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(x.raw()) % 64, 0u);
  EXPECT_FALSE(Tensor());
  EXPECT_TRUE(x);
  EXPECT_EQ(Tensor::full(1, 1, 7).item(), 7);
  EXPECT_EQ(Tensor::zeros(2, 2).values(), std::vector<float>(4, 0));
  EXPECT_EQ(Tensor::ids({3, 1}).values(), (std::vector<float>{3, 1}));
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  const auto x = Tensor::zeros(2, 2);
  EXPECT_FALSE(x.shares_memory());
  const auto copy = x, own = x.clone();
  EXPECT_TRUE(x.shares_memory());
  x.data()[0] = 1;
  EXPECT_EQ(copy.data()[0], 1);
  EXPECT_EQ(own.data()[0], 0);
}

TEST(Tensor, ViewsShareMemory) {
  const auto x = Tensor::from(3, 2, {1, 2, 3, 4, 5, 6});
  const auto middle = x.row_view(1, 2).row_view(0, 1);
  EXPECT_EQ(middle.values(), (std::vector<float>{3, 4}));
  EXPECT_EQ(x.reshaped(2, 3).data(), x.data());
  EXPECT_EQ(x.row_view(3, 0).rows(), 0);
  EXPECT_THROW(x.row_view(2, 2), Error);
  EXPECT_THROW(x.row_view(-1, 2), Error);
  EXPECT_THROW(x.reshaped(4, 2), Error);
}

TEST(Tensor, SplitsGroupRows) {
  const Tensor x(5, 2, Type::f32, splits_of_lengths({2, 0, 3}));
  EXPECT_EQ(x.sequences(), 3);
  EXPECT_EQ(x.begin(2), 2);
  EXPECT_EQ(x.end(1), 2);
  EXPECT_EQ(Tensor::like(x).splits(), x.splits());
  EXPECT_EQ(x.clone().splits(), x.splits());
  EXPECT_FALSE(x.row_view(0, 2).splits());
  const Tensor one(4, 1);
  EXPECT_EQ(one.sequences(), 1);
  EXPECT_EQ(one.end(0), 4);
  EXPECT_THROW(Tensor(4, 2, Type::f32, x.splits()), Error);
  EXPECT_THROW(one.with_splits(x.splits()), Error);
  EXPECT_THROW(make_splits({}), Error);
  EXPECT_THROW(make_splits({1, 2}), Error);
  EXPECT_THROW(make_splits({0, 3, 2}), Error);
}

TEST(Tensor, ErrorsSayWhichTensor) {
  const Tensor x(3, 4);
  EXPECT_EQ(message([&] { x.data<bf16>(); }), "tensor [3, 4] is not bf16");
  EXPECT_EQ(message([&] { x.item(); }), "item of [3, 4]");
  EXPECT_EQ(message([&] { x.row_view(2, 2); }), "rows 2 to 4 of [3, 4]");
  EXPECT_EQ(str(Tensor(5, 2, Type::bf16, splits_of_lengths({2, 3}))), "[5, 2 | 2 sequences] bf16");
  EXPECT_EQ(str(Tensor()), "[none]");
  EXPECT_THROW(Tensor(-1, 2), Error);
  EXPECT_THROW(Tensor(int64_t{1} << 40, int64_t{1} << 40), Error);
  EXPECT_THROW(Tensor::from(2, 2, {1, 2, 3}), Error);
}

TEST(Tensor, EmptyOnesWork) {
  const Tensor x(0, 5), y(5, 0);
  EXPECT_TRUE(x);
  EXPECT_EQ(x.size(), 0);
  EXPECT_TRUE(x.values().empty());
  EXPECT_EQ(y.clone().rows(), 5);
}

TEST(BrainFloat, RoundsToNearestEven) {
  EXPECT_EQ(float(bf16(1.0f)), 1.0f);
  EXPECT_EQ(float(bf16(1.00390625f)), 1.0f);       // halfway, to the even one below
  EXPECT_EQ(float(bf16(1.01171875f)), 1.015625f);  // halfway, to the even one above
  EXPECT_EQ(float(bf16(1.0040f)), 1.0078125f);
  EXPECT_EQ(float(bf16(std::numeric_limits<float>::max())), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float(bf16(-std::numeric_limits<float>::infinity())), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float(bf16(std::nanf("")))));
  EXPECT_TRUE(std::isnan(float(bf16(std::bit_cast<float>(0x7F800001)))));  // a payload only in the lower half
  EXPECT_TRUE(std::signbit(float(bf16(-0.0f))));
}

}  // namespace
}  // namespace stemma
