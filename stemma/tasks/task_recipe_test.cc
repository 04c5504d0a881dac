#include "stemma/tasks/task_recipe.h"

#include <gtest/gtest.h>

namespace stemma {
namespace {

TEST(ExampleOptions, SmallSetsHaveSmallBatches) {
  const auto fitted = [](int64_t n) { return ExampleOptions{}.fitted(n).examples; };
  EXPECT_EQ(fitted(1), 8);
  EXPECT_EQ(fitted(1'350), 8);
  EXPECT_EQ(fitted(2'399), 8);
  EXPECT_EQ(fitted(2'400), 16);
  EXPECT_EQ(fitted(4'800), 32);
  EXPECT_EQ(fitted(10'000'000), 32);
  EXPECT_EQ(ExampleOptions{.examples = 5}.fitted(10'000).examples, 5);
}

}  // namespace
}  // namespace stemma
