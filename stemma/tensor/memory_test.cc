#include "stemma/tensor/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "stemma/base/check.h"

namespace stemma {
namespace {

TEST(Memory, BlocksAreAlignedAndLargeEnough) {
  for (size_t bytes = 0; bytes < 5000; bytes += 37) {
    const auto block = allocate(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.get()) % 64, 0u);
    std::memset(block.get(), 1, bytes);
  }
  for (size_t bytes = 5000; bytes < size_t{1} << 24; bytes = bytes * 3 / 2) {
    const int64_t before = memory_use().now;
    const auto block = allocate(bytes);
    static_cast<char*>(block.get())[bytes - 1] = 1;
    EXPECT_GE(memory_use().now - before, int64_t(bytes));
    EXPECT_LE(memory_use().now - before, int64_t(bytes + bytes / 8 + 8)) << "at most an eighth is wasted";
  }
}

TEST(Memory, ASecondRoundTakesNothingFromTheSystem) {
  const auto round = [] {
    std::vector<std::shared_ptr<void>> blocks;
    for (size_t i = 1; i < 100; ++i) blocks.push_back(allocate(i * 1000));
  };
  round();
  const auto before = memory_use();
  round();
  EXPECT_EQ(memory_use().reserved, before.reserved);
  EXPECT_EQ(memory_use().now, before.now);
}

TEST(Memory, WhatIsLeftOfOneShapeServesAnother) {
  release_free_memory();
  const auto step = [](size_t rows) {
    std::vector<std::shared_ptr<void>> blocks;
    for (size_t layer = 0; layer < 6; ++layer)
      for (const size_t width : {512, 2048, 512}) blocks.push_back(allocate(rows * width));
    for (size_t i = 0; i < blocks.size(); i += 2) blocks[i].reset();  // in any order
  };
  step(1000);
  const auto before = memory_use();
  for (const size_t rows : {990, 613, 871, 777, 1000}) step(rows);
  EXPECT_EQ(memory_use().reserved, before.reserved);
  EXPECT_EQ(memory_use().now, before.now);
  release_free_memory();
  EXPECT_LT(memory_use().reserved, before.reserved);
}

TEST(Memory, CountsNowPeakAndReserved) {
  release_free_memory();
  const auto start = memory_use();
  reset_memory_peak();
  {
    const auto a = allocate(1 << 20);
    EXPECT_EQ(memory_use().now - start.now, 1 << 20);
    const auto b = allocate(1 << 20);
  }
  EXPECT_EQ(memory_use().now, start.now);
  EXPECT_EQ(memory_use().peak - start.now, 2 << 20);
  EXPECT_GE(memory_use().reserved - start.reserved, 2 << 20);
  release_free_memory();
  EXPECT_EQ(memory_use().reserved, start.reserved);
}

TEST(Memory, KeptBlocksOfOtherSizesMakeRoom) {
  release_free_memory();
  set_memory_limit(memory_use().reserved + (3 << 20));
  allocate(2 << 20);  // kept for reuse
  EXPECT_NO_THROW(allocate(3 << 20));
  set_memory_limit(0);
  release_free_memory();
}

TEST(Memory, ALimitIsAnErrorAndNoMore) {
  release_free_memory();
  set_memory_limit(memory_use().reserved + (1 << 20));
  const int64_t before = memory_use().now;
  EXPECT_THROW(allocate(2 << 20), Error);
  EXPECT_EQ(memory_use().now, before);
  EXPECT_NO_THROW(allocate(1 << 19));
  set_memory_limit(0);
  EXPECT_NO_THROW(allocate(2 << 20));
}

TEST(Memory, ManyThreads) {
  const int64_t before = memory_use().now;
  std::vector<std::thread> workers;
  for (int t = 0; t < 4; ++t)
    workers.emplace_back([] {
      for (size_t i = 0; i < 2000; ++i) {
        const auto block = allocate(i % 50 * 300);
        std::memset(block.get(), int(i), i % 50 * 300);
      }
    });
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(memory_use().now, before);
}

TEST(Memory, TheSystemHasSome) { EXPECT_GT(system_memory_available(), 1 << 20); }

}  // namespace
}  // namespace stemma
