#include "stemma/base/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

// Leaves the number of threads as it found it.
class Parallel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_threads(GetParam()); }
  void TearDown() override { set_threads(0); }
};
INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 3, 8));

TEST_P(Parallel, CoversEveryIndexOnce) {
  EXPECT_EQ(threads(), GetParam());
  for (const int64_t n : {0, 1, 2, 7, 64, 1000})
    for (const int64_t grain : {0, 1, 3, 100, 5000}) {
      std::vector<std::atomic<int>> seen(n);
      std::atomic<int> pieces = 0;
      parallel_for(n, grain, [&](int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        EXPECT_GE(end - begin, std::min(n, grain));
        ++pieces;
        for (int64_t i = begin; i < end; ++i) ++seen[i];
      });
      for (const auto& times : seen) EXPECT_EQ(times, 1);
      EXPECT_LE(pieces, GetParam());
    }
}

TEST_P(Parallel, UsesItsThreads) {
  std::mutex mutex;
  std::set<std::thread::id> ids;
  parallel_for(GetParam(), 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(int(ids.size()), GetParam());
}

TEST_P(Parallel, PassesAnExceptionOn) {
  const auto error = error_of([] {
    parallel_for(100, 1, [](int64_t begin, int64_t end) { check(end<100, "piece from ", begin> 0 ? "later" : "0"); });
  });
  EXPECT_EQ(error, GetParam() == 1 ? "piece from 0" : "piece from later");
}

TEST(Threads, TooManyAreRefused) {
  const int before = threads();
  EXPECT_EQ(error_of([] { set_threads(1'000'000); }), "threads: 1000000 are more than 1024");
  EXPECT_EQ(threads(), before);
}

TEST_P(Parallel, IsSerialInside) {
  std::atomic<int> calls = 0;
  parallel_for(8, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) parallel_for(10, 1, [&](int64_t b, int64_t e) { calls += int(e - b); });
  });
  EXPECT_EQ(calls, 80);
}

}  // namespace
}  // namespace stemma
