// The tree of pages against plain lists of rows.
#include "stemma/nn/pages.h"

#include <gmock/gmock.h>

#include <numeric>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

// What each sequence holds, from a memory whose rows are numbers that are never used twice.
std::vector<std::vector<int64_t>> read(const Pages& pages, const std::vector<int64_t>& memory) {
  std::vector<std::vector<int64_t>> out;
  const RowRuns runs = pages.runs();
  for (int64_t i = 0; i < runs.sequences(); ++i) {
    out.emplace_back();
    for (const RowRun& run : runs[i])
      for (int64_t r = 0; r < run.rows; ++r) out.back().push_back(memory.at(size_t(run.begin + r)));
    EXPECT_EQ(int64_t(out.back().size()), pages.length(i));
  }
  return out;
}

TEST(Pages, hold_what_plain_lists_hold_whoever_lives_and_dies) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random rng{seed};
    const auto below = [&](int64_t n) { return int64_t(rng.uniform() * float(n)); };
    const Tensor first = random_rows({3, 0, 12, 1}, 1, seed);
    Pages pages(first);
    std::vector<int64_t> memory;
    std::vector<std::vector<int64_t>> lists(4);
    for (int64_t b = 0; b < 4; ++b)
      for (int64_t i = first.begin(b); i < first.end(b); ++i) lists[size_t(b)].push_back(i), memory.push_back(i);
    for (int64_t step = 0, next = 1000; step < 60; ++step) {
      std::vector<int64_t> parents, lengths;
      for (int64_t i = 1 + below(6); i > 0; --i)
        parents.push_back(below(pages.sequences())), lengths.push_back(below(3));
      pages.reorder(parents);
      std::vector<std::vector<int64_t>> moved;
      for (const int64_t p : parents) moved.push_back(lists[size_t(p)]);
      lists = moved;
      const Tensor x = random_rows(lengths, 1, seed);
      const auto at = pages.append(x);
      memory.resize(size_t(pages.rows()), -1);
      for (int64_t b = 0; b < x.sequences(); ++b)
        for (int64_t i = x.begin(b); i < x.end(b); ++i)
          lists[size_t(b)].push_back(memory.at(size_t(at.at(size_t(i)))) = next++);
      ASSERT_EQ(read(pages, memory), lists) << "seed " << seed << ", step " << step;
    }
  }
}

TEST(Pages, rows_of_the_dead_are_used_again) {
  Pages pages(random_rows({1, 1, 1, 1}, 1));
  for (int64_t step = 0; step < 2000; ++step) {
    pages.reorder({0, 0, 0, 0});  // three of four die
    pages.append(random_rows({1, 1, 1, 1}, 1));
  }
  // One list of 2001 rows, in each of whose pages others may have begun, and the four pages of now.
  EXPECT_LE(pages.rows(), 2001 + 6 * Pages::page_rows);
  Pages ending(random_rows(std::vector<int64_t>(100, 1), 1));
  for (int64_t step = 0; step < 100; ++step) {  // one ends at each step: half of the rows, at most, are held at once
    ending.append(random_rows(std::vector<int64_t>(size_t(100 - step), 1), 1));
    std::vector<int64_t> parents(size_t(99 - step));
    std::iota(parents.begin(), parents.end(), 1);
    ending.reorder(parents);
  }
  EXPECT_LE(ending.rows(), 100 * 100 / 2);
}

TEST(Pages, a_step_of_one_sequence_is_one_run) {
  Pages pages(random_rows({5}, 1));
  for (int64_t step = 0; step < 20; ++step) pages.append(random_rows({1}, 1));
  EXPECT_EQ(pages.runs()[0].size(), 1);
  EXPECT_EQ(pages.runs().rows(0), 25);
}

TEST(Pages, who_continues_must_be_there) {
  Pages pages(random_rows({2, 1}, 1));
  EXPECT_THAT(error_of([&] { pages.append(random_rows({1}, 1)); }), testing::HasSubstr("1 sequences continue 2"));
}

}  // namespace
}  // namespace stemma
