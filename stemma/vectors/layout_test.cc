#include "stemma/vectors/layout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"

namespace stemma {
namespace {

// `groups` far heaps of `each` points around them.
std::vector<float> heaps(int groups, int each, int width) {
  Random rng{3};
  std::vector<float> out;
  for (int g = 0; g < groups; ++g)
    for (int i = 0; i < each; ++i)
      for (int j = 0; j < width; ++j) out.push_back(float(j % groups == g ? 10 : 0) + 0.3f * rng.normal());
  return out;
}

TEST(Layout, PrincipalComponentsAreTheDirectionsOfGreatestVariance) {
  Random rng{1};
  std::vector<float> data;
  for (int i = 0; i < 500; ++i) {
    const float a = 5 * rng.normal(), b = 2 * rng.normal(), c = 0.1f * rng.normal();
    data.insert(data.end(), {a * 0.6f - b * 0.8f + 7, a * 0.8f + b * 0.6f - 3, c});
  }
  const auto y = principal_components(data, 3);
  double xx = 0, yy = 0, xy = 0;
  for (const auto& p : y) xx += p.x * p.x / 500, yy += p.y * p.y / 500, xy += p.x * p.y / 500;
  EXPECT_NEAR(std::sqrt(xx), 5, 0.4);
  EXPECT_NEAR(std::sqrt(yy), 2, 0.2);
  EXPECT_NEAR(xy, 0, 1e-6);  // uncorrelated
}

TEST(Layout, TsneKeepsHeapsTogether) {
  const auto y = tsne(heaps(3, 30, 9), 9, {.perplexity = 10, .steps = 300});
  ASSERT_EQ(y.size(), 90u);
  const auto far = [&](size_t i, size_t j) { return std::hypot(y[i].x - y[j].x, y[i].y - y[j].y); };
  double within = 0, across = 1e9;
  for (size_t i = 0; i < 90; ++i)
    for (size_t j = 0; j < 90; ++j)
      i / 30 == j / 30 ? within = std::max(within, far(i, j)) : across = std::min(across, far(i, j));
  EXPECT_LT(within, 3 * across);
  int near_own = 0;
  for (size_t i = 0; i < 90; ++i) {
    size_t best = i ? 0 : 1;
    for (size_t j = 0; j < 90; ++j)
      if (j != i && far(i, j) < far(i, best)) best = j;
    near_own += best / 30 == i / 30;
  }
  EXPECT_EQ(near_own, 90);
}

TEST(Layout, ThreadsDoNotChangeIt) {
  const int before = threads();
  const auto data = heaps(2, 20, 5);
  set_threads(1);
  const auto one = tsne(data, 5, {.steps = 50});
  set_threads(3);
  const auto three = tsne(data, 5, {.steps = 50});
  set_threads(before);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].x, three[i].x);
    EXPECT_EQ(one[i].y, three[i].y);
  }
}

TEST(Layout, FewOrEqualPoints) {
  EXPECT_EQ(tsne({1, 2, 3, 4}, 2).size(), 2u);
  for (const auto& p : tsne(std::vector<float>(60, 1.0f), 3)) EXPECT_TRUE(std::isfinite(p.x) && std::isfinite(p.y));
}

}  // namespace
}  // namespace stemma
