#include "stemma/data/streams.h"

#include <gtest/gtest.h>

#include <numeric>

#include "stemma/base/json.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

TokenStream counting(int64_t n) {
  std::vector<int32_t> ids(static_cast<size_t>(n));
  std::iota(ids.begin(), ids.end(), 0);
  return TokenStream(std::move(ids));
}

TEST(Streams, each_goes_on_where_it_was_and_an_epoch_sees_every_token_once) {
  Streams streams(counting(24), {.streams = 3, .length = 3}, 1, 1);  // parts of 7; tokens 22 and 23 are left
  EXPECT_EQ(streams.part(), 7);
  EXPECT_EQ(streams.left_out(), 2);
  const StreamBatch a = streams.next(), b = streams.next(), c = streams.next(), d = streams.next();
  EXPECT_EQ(a.ids, (std::vector<int32_t>{0, 1, 2, 7, 8, 9, 14, 15, 16}));
  EXPECT_EQ(a.next, (std::vector<int32_t>{1, 2, 3, 8, 9, 10, 15, 16, 17}));
  EXPECT_EQ(b.ids, (std::vector<int32_t>{3, 4, 5, 10, 11, 12, 17, 18, 19}));
  EXPECT_EQ(c.length, 1);
  EXPECT_EQ(c.ids, (std::vector<int32_t>{6, 13, 20}));
  EXPECT_TRUE(a.begins && !b.begins && !c.begins && d.begins);
  EXPECT_EQ(d.ids, a.ids);
  EXPECT_EQ(streams.cursor(), (StreamCursor{1, 3, 0}));
}

TEST(Streams, groups_together_are_one_wide_batch) {
  Streams wide(counting(41), {.streams = 4, .length = 5}, 1, 1),
      narrow(counting(41), {.streams = 2, .length = 5}, 2, 1);
  for (int step = 0; step < 5; ++step) {
    const StreamBatch whole = wide.next(), first = narrow.next(), second = narrow.next();
    auto joined = first.ids;
    joined.insert(joined.end(), second.ids.begin(), second.ids.end());
    EXPECT_EQ(joined, whole.ids);
    EXPECT_EQ(second.group, 1);
  }
}

TEST(Streams, a_cursor_resumes_them) {
  Streams a(counting(500), {.streams = 3, .length = 20, .vary = true}, 2, 7), b = a;
  for (int i = 0; i < 17; ++i) a.next();
  b.seek(a.cursor());
  for (int i = 0; i < 9; ++i) {
    const StreamBatch x = a.next(), y = b.next();
    EXPECT_EQ(x.ids, y.ids);
    EXPECT_EQ(x.begins, y.begins);
  }
  EXPECT_NE(error_of([&] { b.seek({0, 1000, 0}); }), "no error");
}

TEST(Streams, a_text_too_small_says_so) {
  EXPECT_NE(error_of([] { Streams(counting(20), {.streams = 3, .length = 10}, 1, 1); }).find("the text has 20 tokens"),
            std::string::npos);
  EXPECT_NE(error_of([] { Streams(counting(20), {.streams = 0}, 1, 1); }).find("batch.streams = 0"), std::string::npos);
}

Tokenizer characters() {
  return Tokenizer::train({.kind = "char", .vocabulary = 100, .normalize = "nfc"}, lines_of_text("ab c\nde é\n"));
}

TEST(TokenStream, a_file_is_lines_end_to_end_and_its_map_is_the_same) {
  const TemporaryDirectory folder;
  const std::string path = folder.file("text");
  write_file(path, "ab c\n\né?\n");
  const StreamRequest request{{path}, characters()};
  const TokenStream read = read_stream(request), built = open_or_build_stream(folder.file("s"), request),
                    again = open_or_build_stream(folder.file("s"), request);
  EXPECT_EQ(read.size(), 9);
  for (const auto& s : {built, again}) {
    EXPECT_TRUE(std::equal(s.ids().begin(), s.ids().end(), read.ids().begin(), read.ids().end()));
    EXPECT_EQ(to_json(s.counts()), to_json(read.counts()));
  }
  const auto& c = read.counts();
  EXPECT_EQ(c.lines, 3);
  EXPECT_EQ(c.words, 6);
  EXPECT_EQ(c.characters, 9);
  EXPECT_EQ(c.bytes, 10);
  EXPECT_EQ(c.unknown, 1);
  write_file(path, "abc\n");  // another text: built again
  EXPECT_EQ(open_or_build_stream(folder.file("s"), request).size(), 4);
}

TEST(TokenStream, bad_files_are_one_clear_line) {
  const TemporaryDirectory folder;
  write_file(folder.file("empty"), ""), write_file(folder.file("bad"), "ab\na\xff\n"),
      write_file(folder.file("s"), "x");
  const auto refusal = [&](const std::string& path) {
    return error_of([&] { open_or_build_stream(folder.file("out"), {{path}, characters()}); });
  };
  EXPECT_NE(refusal(folder.file("empty")).find("empty: no text"), std::string::npos);
  EXPECT_NE(refusal(folder.file("bad")).find("bad:2"), std::string::npos);
  EXPECT_NE(refusal(folder.file("none")).find("none"), std::string::npos);
  EXPECT_NE(error_of([&] { TokenStream::open(folder.file("s")); }), "no error");
  write_file(folder.file("good"), "abc de\n");
  const std::string stream = folder.file("stream");
  open_or_build_stream(stream, {{folder.file("good")}, characters()});
  const std::string whole = read_file(stream);
  for (size_t n = 0; n < whole.size(); n += 7) {
    write_file(stream, whole.substr(0, n));
    EXPECT_NE(error_of([&] { TokenStream::open(stream); }), "no error") << "cut to " << n;
  }
  std::string other = whole;
  other[other.size() - 2] ^= 1;
  write_file(stream, other);
  EXPECT_NE(error_of([&] { TokenStream::open(stream); }).find("ids"), std::string::npos);  // its checksum
}

}  // namespace
}  // namespace stemma
