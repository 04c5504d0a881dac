// The Huffman tree is optimal, the noise has the right frequencies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <queue>

#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/vectors/huffman.h"
#include "stemma/vectors/noise.h"

namespace stemma {
namespace {

using testing::HasSubstr;

std::vector<int64_t> zipf(int n) {
  std::vector<int64_t> out;
  for (int i = 0; i < n; ++i) out.push_back(1 + 100'000 / (i + 1));
  return out;
}

// The cost of an optimal prefix code: the sum of all merged weights, by a heap.
int64_t optimal_cost(const std::vector<int64_t>& counts) {
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> heap(counts.begin(), counts.end());
  int64_t cost = 0;
  while (heap.size() > 1) {
    const int64_t a = heap.top();
    heap.pop();
    const int64_t b = heap.top();
    heap.pop();
    cost += a + b, heap.push(a + b);
  }
  return cost;
}

std::vector<uint32_t> path(const HuffmanTree& tree, int32_t leaf) {
  std::vector<uint32_t> turns;
  tree.climb(leaf, [&](uint32_t turn) { turns.push_back(turn); });
  return turns;
}

TEST(Huffman, CodesAreOptimal) {
  for (const int n : {2, 3, 10, 1000}) {
    const auto counts = zipf(n);
    const HuffmanTree tree(counts);
    EXPECT_EQ(tree.inner_nodes(), n - 1);
    int64_t cost = 0;
    for (int32_t i = 0; i < n; ++i) cost += counts[size_t(i)] * int64_t(path(tree, i).size());
    EXPECT_EQ(cost, optimal_cost(counts)) << n;
  }
}

TEST(Huffman, PathsLeadFromTheRootToTheLeaf) {
  const auto counts = zipf(57);
  const HuffmanTree tree(counts);
  for (int32_t leaf = 0; leaf < 57; ++leaf) {
    int32_t node = tree.root();
    const auto turns = path(tree, leaf);
    for (size_t i = turns.size(); i-- > 0;) {
      ASSERT_EQ(int32_t(turns[i] >> 1), node - tree.leaves());
      const auto children = tree.children(node);
      node = turns[i] & 1 ? children.right : children.left;
    }
    ASSERT_EQ(node, leaf);
  }
}

TEST(Huffman, Edges) {
  EXPECT_EQ(HuffmanTree().inner_nodes(), 0);
  const std::vector<int64_t> one{5}, rising{1, 2};
  EXPECT_TRUE(path(HuffmanTree(one), 0).empty());
  EXPECT_THAT(error_of([&] { HuffmanTree{rising}; }), HasSubstr("must fall"));
}

TEST(Noise, FrequenciesFollowThePower) {
  const std::vector<int64_t> counts{10'000, 1000, 100, 10, 1, 0};
  const Noise noise(counts, 0.75);
  FastRandom random{philox(7, 0)[0]};
  constexpr int draws = 4'000'000;
  std::vector<double> seen(counts.size());
  for (int i = 0; i < draws; ++i) ++seen[size_t(noise.draw(random()))];
  double sum = 0;
  for (const auto c : counts) sum += std::pow(double(c), 0.75);
  for (size_t i = 0; i < counts.size(); ++i) {
    const double p = counts[i] ? std::pow(double(counts[i]), 0.75) / sum : 0;
    EXPECT_NEAR(seen[i], p * draws, 5 * std::sqrt(p * draws) + 0.5) << i;  // five standard deviations
  }
}

TEST(Noise, Edges) {
  EXPECT_EQ(Noise(std::vector<int64_t>{3}).draw(~uint64_t{0}), 0);
  EXPECT_THAT(error_of([] { Noise(std::vector<int64_t>{0, 0}); }), HasSubstr("no word has a count"));
  EXPECT_THAT(error_of([] { Noise(std::vector<int64_t>{}); }), HasSubstr("no word has a count"));
}

}  // namespace
}  // namespace stemma
