#include "stemma/text/unicode.h"

#include <gtest/gtest.h>

#include <vector>

#include "stemma/base/check.h"

namespace stemma {
namespace {

TEST(Unicode, CharactersBeforeBytes) {
  EXPECT_EQ(characters_before("aé京b"), (std::vector<int64_t>{0, 1, 1, 2, 2, 2, 3, 4}));
  EXPECT_EQ(characters_before(""), std::vector<int64_t>{0});
}

TEST(Unicode, InvalidBytesAreFound) {
  const auto npos = std::string_view::npos;
  EXPECT_EQ(invalid_utf8(""), npos);
  EXPECT_EQ(invalid_utf8("plain, 我是学生, \U0001F600, \uFFFD"), npos);
  EXPECT_EQ(invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(invalid_utf8("我\x80"), 3u);            // a continuation alone
  EXPECT_EQ(invalid_utf8("a\xE6\x88"), 1u);         // cut short
  EXPECT_EQ(invalid_utf8("\xC0\x80"), 0u);          // overlong
  EXPECT_EQ(invalid_utf8("\xED\xA0\x80"), 0u);      // surrogate
  EXPECT_EQ(invalid_utf8("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(invalid_utf8(std::string_view("a\0b", 3)), npos);
  try {
    check_utf8("ab\xFF", "x.txt:7");
    FAIL();
  } catch (const Error& e) { EXPECT_STREQ(e.what(), "x.txt:7: not valid UTF-8 at byte 3; convert the text to UTF-8"); }
}

TEST(Unicode, CodePoints) {
  const std::string_view text = "aé我\U0001F600\xFFz";
  std::vector<char32_t> values;
  size_t bytes = 0;
  for (const auto [c, begin, size] : code_points(text)) {
    EXPECT_EQ(begin, bytes);
    values.push_back(c);
    bytes += size;
  }
  EXPECT_EQ(values, (std::vector<char32_t>{'a', U'é', U'我', 0x1F600, 0xFFFD, 'z'}));
  EXPECT_EQ(bytes, text.size());
  EXPECT_EQ(count_code_points("aé我"), 3);
  for (const auto point : code_points("")) FAIL() << point.begin;
  std::string copy;
  for (const auto [c, begin, size] : code_points("aé我\U0001F600")) append_utf8(copy, c);
  EXPECT_EQ(copy, "aé我\U0001F600");
}

TEST(Unicode, NormalForms) {
  EXPECT_EQ(nfc("e\u0301"), "é");
  EXPECT_EQ(nfkc("ｱﬁ①　，"), "アfi1 ,");
  EXPECT_EQ(nfc("ﬁ，"), "ﬁ，");
  EXPECT_EQ(nfkc("\u1E9B\u0323"), "\u1E69");  // the example of Unicode annex 15
  EXPECT_EQ(nfkc(""), "");
  EXPECT_THROW(nfkc("\xFF"), Error);
}

TEST(Unicode, Case) {
  EXPECT_EQ(lower_case("ÄÖÜ ΣΩ Привет ABC 我"), "äöü σω привет abc 我");
  EXPECT_EQ(lower_case("straße"), "straße");
}

TEST(Unicode, Classes) {
  for (const char32_t c : {U'我', U'〇', U'㐀', U'𠀀', U'豈'}) EXPECT_TRUE(is_chinese(c)) << int(c);
  for (const char32_t c : {U'a', U'あ', U'ア', U'한', U'，', U'。', U'1'}) EXPECT_FALSE(is_chinese(c)) << int(c);
  for (const char32_t c : {U'，', U'。', U'「', U'！', U'、'}) EXPECT_TRUE(is_chinese_punctuation(c)) << int(c);
  for (const char32_t c : {U',', U'我', U'〇', U'\u3000'}) EXPECT_FALSE(is_chinese_punctuation(c)) << int(c);
  for (const char32_t c : {U' ', U'\t', U'\n', U'\u00A0', U'\u3000', U'\u2028'}) EXPECT_TRUE(is_space(c)) << int(c);
  for (const char32_t c : {U'a', U'\u200B', U'\0', U'_'}) EXPECT_FALSE(is_space(c)) << int(c);
  EXPECT_EQ(collapse_spaces(" \ta\u00A0 \u3000我  b\n"), "a 我 b");
  EXPECT_EQ(collapse_spaces("  "), "");
}

TEST(Unicode, Widths) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("我是A"), 5);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("\t\x01"), 0);
  EXPECT_EQ(fit_width("我是", 6), "我是  ");
  EXPECT_EQ(fit_width("我是学生", 6), "我是… ");
  EXPECT_EQ(fit_width("abcdef", 4), "abc…");
  EXPECT_EQ(fit_width("abcd", 4), "abcd");
  EXPECT_EQ(fit_width("abcd", 0), "");
  for (int columns = 0; columns < 12; ++columns) EXPECT_EQ(display_width(fit_width("我a是b学c生", columns)), columns);
}

}  // namespace
}  // namespace stemma
