#include "stemma/data/batches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "stemma/base/check.h"
#include "stemma/base/json.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Pair i: lengths 1..20; its first ids say i.
TokenPairs some_pairs(int64_t n) {
  Random random{3};
  Ragged source, target;
  for (int64_t i = 0; i < n; ++i) {
    source.push_back(std::vector<int32_t>(1 + random.below(20), int32_t(10 + i)));
    target.push_back(std::vector<int32_t>(1 + random.below(20), int32_t(10 + i)));
  }
  return {source, target};
}

const BatchOptions small{.tokens = 60, .window = 100};

// All the batches of the epoch under the cursor.
std::vector<ParallelBatch> epoch_of(Batches& batches) {
  std::vector<ParallelBatch> out;
  for (int64_t pairs = 0; pairs < batches.epoch_pairs(); pairs += int64_t(out.back().index.size()))
    out.push_back(batches.next());
  return out;
}
std::vector<int64_t> order_of(const std::vector<ParallelBatch>& batches) {
  std::vector<int64_t> order;
  for (const auto& batch : batches) order.insert(order.end(), batch.index.begin(), batch.index.end());
  return order;
}

TEST(Batches, EachPairOnceAnEpoch) {
  for (const int64_t n : {1, 99, 100, 101, 250}) {
    const auto pairs = some_pairs(n);
    Batches batches(pairs, small, 1);
    std::vector<int64_t> last;
    for (int epoch = 0; epoch < 3; ++epoch) {
      int64_t tokens = 0;
      const auto all = epoch_of(batches);
      for (const auto& batch : all) {
        ASSERT_EQ(batch.source.size(), int64_t(batch.index.size()));
        ASSERT_EQ(batch.target.size(), int64_t(batch.index.size()));
        const int64_t budget = int64_t(batch.target.ids.size()) + batch.target.size();
        EXPECT_LE(budget, small.tokens);
        tokens += budget;
        for (int64_t k = 0; k < batch.target.size(); ++k) {
          EXPECT_TRUE(std::ranges::equal(batch.target[k], pairs.target(batch.index[size_t(k)])));
          EXPECT_EQ(batch.source[k].back(), 2);
          EXPECT_TRUE(std::ranges::equal(batch.source[k].first(batch.source[k].size() - 1),
                                         pairs.source(batch.index[size_t(k)])));
        }
      }
      EXPECT_EQ(tokens, batches.epoch_tokens());
      auto order = order_of(all);
      EXPECT_EQ(int64_t(order.size()), n);
      EXPECT_EQ(int64_t(std::set(order.begin(), order.end()).size()), n);
      EXPECT_TRUE(n < 50 || order != last);
      last = order;
    }
  }
}

TEST(Batches, LengthsWithinABatchAreNear) {
  Batches batches(some_pairs(1000), {.tokens = 100, .window = 1000}, 1);
  int64_t spread = 0, count = 0;
  std::vector<int64_t> first_lengths;
  for (const auto& batch : epoch_of(batches)) {
    std::vector<int64_t> lengths;
    for (int64_t k = 0; k < batch.target.size(); ++k) lengths.push_back(int64_t(batch.target[k].size()));
    const auto [low, high] = std::minmax_element(lengths.begin(), lengths.end());
    spread += *high - *low, ++count;
    first_lengths.push_back(*low);
  }
  EXPECT_LT(double(spread) / double(count), 1.0);
  EXPECT_FALSE(std::is_sorted(first_lengths.begin(), first_lengths.end()));  // the batches themselves are shuffled
}

TEST(Batches, AFunctionOfSeedAndEpoch) {
  const auto pairs = some_pairs(300);
  Batches a(pairs, small, 7), b(pairs, small, 7), c(pairs, small, 8);
  const auto first = order_of(epoch_of(a));
  EXPECT_EQ(first, order_of(epoch_of(b)));
  EXPECT_NE(first, order_of(epoch_of(c)));
  b.seek({});
  EXPECT_EQ(first, order_of(epoch_of(b)));
}

TEST(Batches, ResumesAtEveryCursor) {
  const auto pairs = some_pairs(130);
  Batches whole(pairs, {.tokens = 60, .window = 50}, 5);
  std::vector<Cursor> cursors;
  std::vector<std::vector<int64_t>> orders;
  for (int i = 0; i < 150; ++i) {
    cursors.push_back(whole.cursor());
    orders.push_back(whole.next().index);
  }
  EXPECT_GT(cursors.back().epoch, 1);
  for (size_t i = 0; i < cursors.size(); ++i) {
    const auto saved = Json::parse(to_json(cursors[i]).dump());
    Batches resumed(pairs, {.tokens = 60, .window = 50}, 5);
    resumed.seek(from_json<Cursor>(saved));
    for (size_t k = i; k < std::min(i + 4, cursors.size()); ++k) EXPECT_EQ(resumed.next().index, orders[k]) << i;
  }
}

TEST(Batches, CursorOfOtherDataIsRefused) {
  Batches batches(some_pairs(100), small, 1);
  EXPECT_THAT(error_of([&] { batches.seek({.epoch = 0, .window = 9, .batch = 0}); }), HasSubstr("have changed"));
  EXPECT_THAT(error_of([&] { batches.seek({.epoch = 0, .window = 0, .batch = 999}); }), HasSubstr("have changed"));
  EXPECT_THAT(error_of([&] { batches.seek({.epoch = -1, .window = 0, .batch = 0}); }), HasSubstr("cannot resume"));
}

TEST(Batches, EmptyAndOverlongPairsAreLeftOutOrCut) {
  Ragged source, target;
  const auto add = [&](size_t s, size_t t) {
    source.push_back(std::vector<int32_t>(s, 5));
    target.push_back(std::vector<int32_t>(t, 6));
  };
  add(3, 3), add(0, 3), add(3, 0), add(9, 3), add(3, 9), add(4, 4);
  const TokenPairs pairs(source, target);
  Batches skip(pairs, {.max_length = 4}, 1);
  EXPECT_EQ(skip.empty(), 2);
  EXPECT_EQ(skip.overlong(), 2);
  EXPECT_EQ(skip.epoch_pairs(), 2);
  EXPECT_EQ(skip.epoch_tokens(), 4 + 5);
  Batches cut(pairs, {.max_length = 4, .truncate = true}, 1);
  EXPECT_EQ(cut.overlong(), 2);
  EXPECT_EQ(cut.epoch_pairs(), 4);
  const auto batch = cut.next();
  EXPECT_EQ(batch.index.size(), 4u);
  for (int64_t k = 0; k < 4; ++k) {
    EXPECT_LE(batch.source[k].size(), 5u);
    EXPECT_EQ(batch.source[k].back(), 2);
    EXPECT_LE(batch.target[k].size(), 4u);
  }
  EXPECT_EQ(int64_t(batch.target.ids.size()) + 4, cut.epoch_tokens());
  // A window may hold nothing but pairs that are left out.
  Batches narrow(pairs, {.max_length = 4, .window = 1}, 1);
  std::multiset<int64_t> seen;
  for (int i = 0; i < 6; ++i) seen.insert(narrow.next().index[0]);
  EXPECT_THAT(seen, ElementsAre(0, 0, 0, 5, 5, 5));
  EXPECT_THAT(error_of([&] { Batches(pairs, {.max_length = 2}, 1); }),
              HasSubstr("no pair is left to train on: of 6, 2 have an empty side and 4 are longer than 2"));
}

TEST(Batches, Limits) {
  const auto pairs = some_pairs(100);
  Batches few(pairs, {.max_sentences = 3}, 1);
  for (const auto& batch : epoch_of(few)) EXPECT_LE(batch.index.size(), 3u);
  Batches tight(pairs, {.tokens = 1}, 1);  // a pair over the budget is a batch alone
  for (const auto& batch : epoch_of(tight)) EXPECT_EQ(batch.index.size(), 1u);
  Ragged source, target;
  for (int i = 0; i < 40; ++i) {
    source.push_back(std::vector<int32_t>(49, 5));
    target.push_back(std::vector<int32_t>(1, 5));
  }
  Batches lopsided({source, target}, {.tokens = 100}, 1);
  for (const auto& batch : epoch_of(lopsided)) EXPECT_EQ(batch.index.size(), 4u);  // 4 * 50 = 2 * 100
  EXPECT_THAT(error_of([&] { Batches(pairs, {.tokens = 0}, 1); }), HasSubstr("tokens is 0"));
  EXPECT_THAT(error_of([&] { Batches(pairs, {.window = 0}, 1); }), HasSubstr("window is 0"));
}

TEST(Batches, SourceShape) {
  const std::vector<int32_t> ids = {5, 6, 7};
  EXPECT_THAT(source_ids(ids, {}), ElementsAre(5, 6, 7, 2));
  EXPECT_THAT(source_ids(ids, {.source_eos = false}), ElementsAre(5, 6, 7));
  EXPECT_THAT(source_ids(ids, {.reverse_source = true}), ElementsAre(7, 6, 5, 2));
  EXPECT_THAT(source_ids(ids, {.max_length = 2, .truncate = true, .reverse_source = true}), ElementsAre(6, 5, 2));
  EXPECT_THAT(source_ids(ids, {.max_length = 2}), ElementsAre(5, 6, 7, 2));
  EXPECT_THAT(source_ids({}, {}), ElementsAre(2));
}

TEST(BatchesByLength, EveryIndexOnceLongestFirst) {
  const auto pairs = some_pairs(200);
  const auto batches = batches_by_length(pairs, small);
  std::vector<int64_t> order;
  int64_t last = INT64_MAX;
  for (const auto& batch : batches) {
    int64_t budget = 0;
    for (const auto i : batch) {
      EXPECT_LE(pairs.target_length(i), last);
      last = pairs.target_length(i);
      budget += last + 1;
      order.push_back(i);
    }
    EXPECT_LE(budget, small.tokens);
    EXPECT_EQ(gather(pairs, batch, small).index, batch);
  }
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(order[size_t(i)], i);
  const std::vector<int64_t> lengths = {3, 0, 9, 3};
  EXPECT_THAT(batches_by_length(lengths, {}, {.tokens = 10}), ElementsAre(ElementsAre(2), ElementsAre(0, 3, 1)));
  EXPECT_THAT(error_of([&] { batches_by_length(lengths, std::span(lengths).first(2), {}); }),
              HasSubstr("4 sources and 2 targets"));
  const std::vector<int64_t> beyond = {200};
  EXPECT_THAT(error_of([&] { gather(pairs, beyond, {}); }), HasSubstr("pair 200 is not below 200"));
}

}  // namespace
}  // namespace stemma
