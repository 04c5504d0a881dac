#include "stemma/vectors/neighbour_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/testing.h"
#include "stemma/tensor/scopes.h"
#include "stemma/vectors/neighbours.h"

namespace stemma {
namespace {

// Words with vectors around a hundred centres, as real ones have company.
VectorModel clustered(int32_t words) {
  VectorModel m;
  m.options.dimension = 24;
  std::vector<WordCount> list;
  for (int32_t i = 0; i < words; ++i) list.push_back({str("w", i), 1});
  m.lexicon = Lexicon(list);
  m.input = VectorTable::uniform(words, 24, 1, 5);
  const auto centres = VectorTable::uniform(100, 24, 2, 6);
  for (int32_t i = 0; i < words; ++i) centres.add_row(i % 100, 1, m.input.row(i));
  return m;
}

TEST(NeighbourGraph, FindsNearlyAllOfTheNearest) {
  const auto model = clustered(4000);
  const Neighbours exact(model);
  Neighbours quick(model);
  quick.make_graph();
  ASSERT_TRUE(quick.has_graph());
  int64_t found = 0;
  for (int32_t i = 0; i < 4000; i += 20) {
    const std::string word(model.lexicon.text(i));
    const auto want = exact.nearest(word, 10), got = quick.nearest(word, 10);
    ASSERT_EQ(got.size(), 10);
    for (const auto& n : got) {
      EXPECT_NE(n.id, i);
      for (const auto& w : want)
        if (w.id == n.id && std::abs(w.score - n.score) < 1e-5) ++found;
    }
  }
  EXPECT_GE(double(found), 0.98 * 2000);
}

TEST(NeighbourGraph, IsTheSameForOneThreadAndHoldsFewRows) {
  const Deterministic mode;
  const auto model = clustered(500);
  const NeighbourGraph a(model.input), b(model.input);
  for (int64_t i = 0; i < 500; i += 50) {
    const auto x = a.nearest(model.input.row(i), 5), y = b.nearest(model.input.row(i), 5);
    for (size_t j = 0; j < 5; ++j) EXPECT_EQ(x[j].id, y[j].id);
  }
  EXPECT_EQ(NeighbourGraph(clustered(1).input).nearest(model.input.row(0), 1).size(), 1);
  EXPECT_THAT(error_of([] { NeighbourGraph{VectorTable(0, 4)}; }), testing::HasSubstr("needs rows"));
}

TEST(NeighbourGraph, IsMadeOnlyWhereItPays) {
  const auto model = clustered(500);
  Neighbours n(model);
  n.expect(1'000'000);
  EXPECT_FALSE(n.has_graph());
}

}  // namespace
}  // namespace stemma
