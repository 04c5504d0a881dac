#include "stemma/text/vocabulary.h"

#include <gmock/gmock.h>

#include "stemma/base/check.h"
#include "stemma/base/files.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::HasSubstr;

StringMap<int64_t> counts() { return {{"the", 9}, {"我", 4}, {"cat", 4}, {"a", 4}, {"rare", 1}, {"<s>", 50}}; }

TEST(Vocabulary, ByCountThenBytes) {
  const auto v = Vocabulary::build(counts(), {});
  ASSERT_EQ(v.size(), 8);
  const char* expected[] = {"<unk>", "<s>", "</s>", "the", "a", "cat", "我", "rare"};
  for (int32_t i = 0; i < 8; ++i) EXPECT_EQ(v.token(i), expected[i]);
  EXPECT_EQ(v.id("我"), 6);
  EXPECT_EQ(v.count(6), 4);
  EXPECT_EQ(v.id("dog"), unk_id);
  EXPECT_EQ(v.id("</s>"), eos_id);
}

TEST(Vocabulary, Limits) {
  EXPECT_EQ(Vocabulary::build(counts(), {.min_count = 4}).size(), 7);
  const auto small = Vocabulary::build(counts(), {.max_size = 5});
  EXPECT_EQ(small.size(), 5);
  EXPECT_EQ(small.token(4), "a");
  EXPECT_THROW(Vocabulary::build(counts(), {.max_size = 3}), Error);
  EXPECT_THAT(error_of([&] { small.token(5); }), HasSubstr("id 5 is not below 5"));
  EXPECT_THAT(error_of([&] { small.token(-1); }), HasSubstr("id -1"));
}

TEST(Vocabulary, RoundTrip) {
  const auto path = testing::TempDir() + "vocabulary_round.vocab";
  const auto v = Vocabulary::build(counts(), {});
  v.save(path);
  const auto again = Vocabulary::load(path);
  EXPECT_EQ(again.text(), v.text());
  EXPECT_EQ(again.id("cat"), v.id("cat"));
  remove_file(path);
  EXPECT_THAT(error_of([] { Vocabulary::build({{"a\tb", 1}}, {}).text(); }), HasSubstr("holds a tab"));
}

TEST(Vocabulary, DamagedFilesNameTheLine) {
  const auto path = testing::TempDir() + "vocabulary_bad.vocab";
  const std::string head = "<unk>\t0\n<s>\t0\n</s>\t0\n";
  const auto load_error = [&](const std::string& text) {
    write_file(path, text);
    return error_of([&] { Vocabulary::load(path); });
  };
  EXPECT_EQ(load_error(head + "a\t3\nb 2\n"), path + ":5: expected \"token<TAB>count\"");
  EXPECT_EQ(load_error(head + "a\tx\n"), path + ":4: the count is not a whole number");
  EXPECT_EQ(load_error(head + "a\t1\na\t1\n"), path + ":5: 'a' appears twice");
  EXPECT_EQ(load_error("<unk>\t0\n</s>\t0\n"), path + ":2: expected <s>, found </s>");
  EXPECT_EQ(load_error("<unk>\t0\n"), path + ": the vocabulary is cut short");
  EXPECT_THAT(load_error(head + "\xFF\t1\n"), HasSubstr(path + ":4: not valid UTF-8 at byte 1"));
  remove_file(path);
  EXPECT_THAT(error_of([&] { Vocabulary::load(path); }), HasSubstr("cannot read"));
}

}  // namespace
}  // namespace stemma
