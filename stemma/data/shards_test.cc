#include "stemma/data/shards.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void overwrite(const std::string& path, const std::string& bytes) {  // write_file waits for the disk each time
  std::ofstream(path, std::ios::binary) << bytes;
}

struct ShardTest : testing::Test {
  std::string directory =
      testing::TempDir() + "shards_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string path = join_path(directory, "train.tokens");
  ShardRequest request;

  ShardTest() {
    make_directories(directory);
    remove_file(path);
    write_file(directory + "/a", "the cat sat\n\nwe read books\nthe books\n");
    write_file(directory + "/b", "我们 看 书\n猫\n\n书\n");
    const ParallelFiles files{directory + "/a", directory + "/b"};
    const TokenizerOptions options{.kind = "word", .chinese_characters = true};
    request = {.files = files,
               .source = Tokenizer::train(options, lines_of(files, Side::source)),
               .target = Tokenizer::train(options, lines_of(files, Side::target))};
  }
  void expect_content(const TokenPairs& pairs) const {
    ParallelReader reader(request.files);
    int64_t i = 0;
    for (TextPair text; reader.next(text); ++i) {
      const auto source = request.source.encode(text.source), target = request.target.encode(text.target);
      EXPECT_TRUE(std::ranges::equal(pairs.source(i), source)) << i;
      EXPECT_TRUE(std::ranges::equal(pairs.target(i), target)) << i;
      EXPECT_EQ(pairs.source_length(i), int64_t(source.size()));
      EXPECT_EQ(pairs.target_length(i), int64_t(target.size()));
    }
    EXPECT_EQ(pairs.size(), i);
  }
};

TEST_F(ShardTest, BuiltOnceAndReused) {
  int built = 0;
  request.progress = [&](int64_t) { ++built; };
  expect_content(open_or_build_shard(path, request));
  EXPECT_FALSE(exists(path + ".lengths.tmp"));
  EXPECT_FALSE(exists(path + ".tmp"));
  // Marked by its bytes: a second opening must not write.
  const auto bytes = read_file(path);
  const auto again = open_or_build_shard(path, request);
  expect_content(again);
  EXPECT_EQ(again.fingerprint(), fingerprint(request));
  EXPECT_EQ(read_file(path), bytes);
  const auto held = again;  // a copy outlives the file
  remove_file(path);
  expect_content(held);
}

TEST_F(ShardTest, OtherInputsBuildAnew) {
  const auto before = open_or_build_shard(path, request).fingerprint();
  write_file(request.files.source, "the cat sat\n\nwe read\nthe cat\n");
  expect_content(open_or_build_shard(path, request));
  EXPECT_NE(TokenPairs::open(path).fingerprint(), before);
  request.target = Tokenizer::train({.kind = "char"}, lines_of(request.files, Side::target));
  expect_content(open_or_build_shard(path, request));
  std::swap(request.files.source, request.files.target);
  expect_content(open_or_build_shard(path, request));
}

TEST_F(ShardTest, ProgressAndManyBlocks) {
  std::string a, b;
  for (int i = 0; i < 25'000; ++i) a += i % 3 ? "the cat\n" : "we\n", b += i % 5 ? "书\n" : "看 书\n";
  write_file(request.files.source, a);
  write_file(request.files.target, b);
  std::vector<int64_t> seen;
  request.progress = [&](int64_t pairs) { seen.push_back(pairs); };
  expect_content(open_or_build_shard(path, request));
  EXPECT_THAT(seen, ElementsAre(10'000, 20'000));
  expect_content(read_pairs(request.files, request.source, request.target));
}

TEST_F(ShardTest, EveryFlippedByteIsFound) {
  open_or_build_shard(path, request);
  const auto bytes = read_file(path);
  const auto bad = join_path(directory, "bad.tokens");
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = char(damaged[i] ^ 0x10);
    overwrite(bad, damaged);
    EXPECT_THAT(error_of([&] { TokenPairs::open(bad); }), HasSubstr("bad.tokens: ")) << "byte " << i;
  }
}

// All hashes right, but the second sequence ends before it begins.
TEST_F(ShardTest, OffsetsThatFallAreFound) {
  const auto pairs = open_or_build_shard(path, request);
  auto bytes = read_file(path);
  const size_t footer = bytes.size() - 56, second = footer - size_t(2 * pairs.size() + 1) * 8 + 16;
  const int64_t offset = 1;
  std::memcpy(&bytes[second], &offset, sizeof offset);
  uint64_t content = 0x5354454D4D41;
  for (size_t at = 0; at < footer; at += 4) {
    uint32_t word;
    std::memcpy(&word, &bytes[at], 4);
    content = std::rotl((content ^ word) * 0x9E3779B97F4A7C15, 29);
  }
  std::memcpy(&bytes[footer + 8], &content, 8);
  std::memset(&bytes[footer + 32], 0, 8);
  const uint64_t hash = hash64(std::string_view(bytes).substr(footer));
  std::memcpy(&bytes[footer + 32], &hash, 8);
  overwrite(path, bytes);
  EXPECT_THAT(error_of([&] { TokenPairs::open(path); }), HasSubstr("do not lie end to end"));
}

TEST_F(ShardTest, EveryTruncationIsFound) {
  open_or_build_shard(path, request);
  const auto bytes = read_file(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    overwrite(path, bytes.substr(0, size));
    EXPECT_THAT(error_of([&] { open_or_build_shard(path, request); }), HasSubstr("train.tokens: ")) << size;
  }
  request.rebuild = true;  // asked for, it heals
  expect_content(open_or_build_shard(path, request));
}

TEST_F(ShardTest, FailedBuildLeavesTheOldOne) {
  open_or_build_shard(path, request);
  const auto bytes = read_file(path);
  write_file(request.files.target, "too\nshort\n");
  EXPECT_THAT(error_of([&] { open_or_build_shard(path, request); }), HasSubstr("has 4 lines"));
  EXPECT_EQ(read_file(path), bytes);
  EXPECT_FALSE(exists(path + ".tmp"));
  remove_file(request.files.target);
  EXPECT_THAT(error_of([&] { open_or_build_shard(path, request); }), HasSubstr("cannot read"));
}

TEST(TokenPairs, InMemory) {
  Ragged source, target;
  source.push_back(std::vector<int32_t>{5, 6});
  source.push_back({});
  target.push_back(std::vector<int32_t>{7});
  EXPECT_THAT(error_of([&] { TokenPairs(source, target); }), HasSubstr("2 sources and 1 targets"));
  target.push_back(std::vector<int32_t>{8, 9});
  const TokenPairs pairs(source, target);
  EXPECT_EQ(pairs.size(), 2);
  EXPECT_THAT(pairs.source(0), ElementsAre(5, 6));
  EXPECT_EQ(pairs.source_length(1), 0);
  EXPECT_THAT(pairs.target(1), ElementsAre(8, 9));
  EXPECT_EQ(TokenPairs().size(), 0);
}

}  // namespace
}  // namespace stemma
