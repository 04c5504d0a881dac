#include "stemma/ops/uniform.h"

#include <gtest/gtest.h>

#include <vector>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"

namespace stemma {
namespace {

TEST(Uniform, IsPhiloxWhateverTheLengthAndTheThreads) {
  const int before = threads();
  for (const int64_t n : {0, 1, 3, 4, 63, 64, 65, 100, 40'001}) {
    std::vector<float> wanted;
    for (int64_t i = 0; i < n; ++i)
      wanted.push_back((2 * unit_float(philox(7, uint64_t(i / 4))[size_t(i % 4)]) - 1) * 0.01f);
    wanted.push_back(5);  // what comes behind stays
    for (const int count : {1, 2, 3}) {
      set_threads(count);
      std::vector<float> x(size_t(n + 1), 5);
      fill_uniform(x.data(), n, 0.01f, 7);
      EXPECT_EQ(x, wanted) << n << " elements, " << count << " threads";
    }
  }
  set_threads(before);
}

TEST(Uniform, FillsItsRangeEvenly) {
  std::vector<float> x(100'000);
  fill_uniform(x.data(), int64_t(x.size()), 2, uint64_t{1} << 40);
  std::vector<int> counts(10);
  for (const float v : x) {
    ASSERT_TRUE(v >= -2 && v < 2) << v;
    ++counts[size_t((v + 2) * 2.5f)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);  // four standard deviations
}

}  // namespace
}  // namespace stemma
