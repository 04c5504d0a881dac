#include "stemma/data/parallel_text.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "stemma/base/check.h"
#include "stemma/base/json.h"

namespace stemma {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string error_of(auto&& call) {
  try {
    call();
  } catch (const Error& e) {
    EXPECT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos);
    return e.what();
  }
  return "no error";
}

struct ParallelTextTest : testing::Test {
  // Named after the test, so that tests may run side by side.
  std::string directory =
      testing::TempDir() + "parallel_text_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  ParallelTextTest() { make_directories(directory); }

  std::string file(const std::string& name, std::string_view text) {
    const auto path = join_path(directory, name);
    write_file(path, text);
    return path;
  }
  static std::string all(const ParallelFiles& files) {
    ParallelReader reader(files);
    std::string out;
    for (TextPair pair; reader.next(pair);) out += pair.source + " = " + pair.target + "|";
    return out;
  }
};

TEST_F(ParallelTextTest, TwoFiles) {
  EXPECT_EQ(all({file("a", "one\n\nthree"), file("b", "一\n二\n三\n")}), "one = 一| = 二|three = 三|");
}

TEST_F(ParallelTextTest, ByteOrderMarkAndCrLf) {
  EXPECT_EQ(all({file("a", "\xEF\xBB\xBFone\r\ntwo\r\n"), file("b", "eins\nzwei\r")}), "one = eins|two = zwei|");
}

TEST_F(ParallelTextTest, Tsv) {
  const auto path = file("t.tsv", "one\teins\tby me\ntwo\tzwei\tby you\n");
  EXPECT_EQ(all({.source = path, .target = ""}), "one = eins|two = zwei|");
  EXPECT_EQ(all({.source = path, .target = "", .source_column = 3, .target_column = 1}), "by me = one|by you = two|");
  EXPECT_THAT(error_of([&] { all({.source = file("u.tsv", "a\tb\nc\n"), .target = ""}); }),
              HasSubstr("u.tsv:2: only 1 columns, expected 2"));
  EXPECT_THAT(error_of([&] { all({.source = path, .target = "", .source_column = 0}); }),
              HasSubstr("columns are counted from 1"));
}

TEST_F(ParallelTextTest, Gzip) {
  const auto path = join_path(directory, "a.gz");
  gzFile out = gzopen(path.c_str(), "wb");
  gzputs(out, "one\ntwo\n");
  gzclose(out);
  EXPECT_EQ(all({path, file("b", "eins\nzwei\n")}), "one = eins|two = zwei|");
  const auto whole = read_file(path);
  EXPECT_THAT(error_of([&] {
                all({file("cut.gz", whole.substr(0, whole.size() - 9)), file("b", "1\n2\n")});
              }),
              HasSubstr("cut.gz"));
}

TEST_F(ParallelTextTest, UnequalLineCounts) {
  const auto a = file("train.de", "1\n2\n3\n4\n5\n"), b = file("train.en", "1\n2\n");
  EXPECT_THAT(error_of([&] { all({a, b}); }), HasSubstr("train.de has 5 lines, "));
  EXPECT_THAT(error_of([&] { all({a, b}); }), HasSubstr("train.en 2;"));
  EXPECT_THAT(error_of([&] { all({b, a}); }), HasSubstr("train.en has 2 lines, "));
  EXPECT_THAT(error_of([&] { all({b, a}); }), HasSubstr("train.de 5;"));
}

TEST_F(ParallelTextTest, InvalidUtf8NamesFileLineAndByte) {
  const auto good = file("good", "a\nb\nc\n"), bad = file("bad", "a\nb我\xFF\nc\n");
  const auto expected = bad + ":2: not valid UTF-8 at byte 5; convert the text to UTF-8";
  EXPECT_EQ(error_of([&] { all({good, bad}); }), expected);
  EXPECT_EQ(error_of([&] { all({bad, good}); }), expected);
  EXPECT_THAT(error_of([&] { all({.source = file("t.tsv", "ab\tc\xE6\x88\n"), .target = ""}); }),
              HasSubstr("t.tsv:1: not valid UTF-8 at byte 5"));
}

TEST_F(ParallelTextTest, EmptyMissingAndHuge) {
  const auto empty = file("empty", ""), one = file("one", "1\n");
  EXPECT_THAT(error_of([&] { all({empty, empty}); }), EndsWith("empty: the corpus is empty"));
  EXPECT_THAT(error_of([&] { all({.source = empty, .target = ""}); }), EndsWith("empty: the corpus is empty"));
  EXPECT_THAT(error_of([&] { all({one, directory + "/none"}); }), HasSubstr("none: No such file"));
  EXPECT_THAT(error_of([&] { all({one, directory}); }), HasSubstr("it is a directory"));
  const auto huge = file("huge", "fine\n" + std::string(10'000'000, 'x') + "\n");
  EXPECT_THAT(error_of([&] { all({huge, file("two", "1\n2\n")}); }), HasSubstr("huge: line 2 is longer than 1048576"));
}

TEST_F(ParallelTextTest, LinesForTokenizers) {
  const ParallelFiles files{file("a", "one\ntwo\n"), file("b", "eins\nzwei\n")};
  const auto joined = [&](Side side) {
    const auto next = lines_of(files, side);
    std::string out;
    for (std::string line; next(line);) out += line + "|";
    return out;
  };
  EXPECT_EQ(joined(Side::source), "one|two|");
  EXPECT_EQ(joined(Side::target), "eins|zwei|");
  EXPECT_EQ(joined(Side::both), "one|eins|two|zwei|");
}

TEST_F(ParallelTextTest, ReportCountsAndPlaces) {
  const auto words = Tokenizer::train({.kind = "word"}, lines_of_text("a b c d e f g h i j k l"));
  const ParallelFiles files{file("a",
                                 "a b\n"                      // 1
                                 "\n"                         // 2 empty source
                                 "a b\n"                      // 3 again
                                 "c d\n"                      // 4 copy
                                 "a b c d e f g h i j k l\n"  // 5 overlong, mismatched
                                 "z a\n"                      // 6 unknown
                                 "a b\n"),                    // 7 again
                            file("b", "b a\nb\nb a\nc d\na\nb\nb a\n")};
  const auto report = check_corpus(files, words, words, {.max_length = 11});
  EXPECT_EQ(to_json(report).dump(),
            R"({"pairs": 7, "source_tokens": 22, "target_tokens": 11, "longest_source": 12, "longest_target": 2, )"
            R"("empty_source": {"count": 1, "first_line": 2}, "empty_target": {"count": 0, "first_line": 0}, )"
            R"("overlong": {"count": 1, "first_line": 5}, "duplicates": {"count": 2, "first_line": 3}, )"
            R"("copies": {"count": 1, "first_line": 4}, "mismatched": {"count": 1, "first_line": 5}, )"
            R"("unknown_source": {"count": 1, "first_line": 6}, "unknown_target": {"count": 0, "first_line": 0}})");
  EXPECT_EQ(describe(report),
            "7 pairs, 22 source tokens (longest 12), 11 target tokens (longest 2)\n"
            "  empty source             1         14.29 % first in line 2\n"
            "  overlong                 1         14.29 % first in line 5\n"
            "  the same pair again      2         28.57 % first in line 3\n"
            "  source equals target     1         14.29 % first in line 4\n"
            "  lengths far apart        1         14.29 % first in line 5\n"
            "  unknown token in source  1         14.29 % first in line 6\n");
}

TEST_F(ParallelTextTest, ManyDuplicatesAreEstimated) {
  std::string text;  // 60,000 distinct lines, then a sixth of them again: the counter must thin itself
  for (int i = 0; i < 60'000; ++i) put(text, i), text += '\n';
  for (int i = 0; i < 10'000; ++i) put(text, i), text += '\n';
  const auto words = Tokenizer::train({.kind = "word"}, lines_of_text("a"));
  const auto path = file("many", text);
  EXPECT_EQ(check_corpus({path, path}, words, words).duplicates.count, 10'000);
  EXPECT_NEAR(double(check_corpus({path, path}, words, words, {.max_distinct = 20'000}).duplicates.count), 10'000, 700);
}

}  // namespace
}  // namespace stemma
