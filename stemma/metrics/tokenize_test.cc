#include "stemma/metrics/tokenize.h"

#include <gtest/gtest.h>

#include "stemma/metrics/golden_test.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

TEST(Tokenize, Tokens) {
  for (const Json& it : golden()["tokens"].array()) {
    const std::string& line = it["line"].text();
    for (const char* name : {"13a", "zh", "char", "intl", "none"})
      EXPECT_EQ(tokenize(line, name), it[name].text()) << name;
    for (size_t flags = 2; flags < 8; ++flags) {
      const std::u32string text =
          tercom(to_code_points(line),
                 {.normalized = flags >= 4, .no_punct = flags / 2 % 2 == 1, .asian_support = flags % 2 == 1});
      EXPECT_EQ(tokenize(to_utf8(text), "none"), it["tercom"].array()[flags - 2].text()) << line << " " << flags;
    }
  }
}

// Every code point that Unicode 14 assigns below U+20000, between letters and between digits.
TEST(Tokenize, EveryCharacter) {
  const Json& characters = golden()["characters"];
  for (const char* name : {"13a", "zh", "char", "intl", "none"}) {
    const ScoreTokenizer tokenizer = find_score_tokenizer(name);
    const auto& runs = characters["runs"][name].array();
    size_t run = 0;
    for (const Json& known : characters["known"].array()) {
      for (int64_t c = known.array()[0].integer(); c <= known.array()[1].integer(); ++c) {
        while (runs[run].array()[1].integer() < c) ++run;
        const auto pieces = [&](char32_t before, char32_t after) {
          return int64_t(split_words(tokenizer(std::u32string{before, char32_t(c), after})).size());
        };
        ASSERT_EQ(pieces('a', 'b'), runs[run].array()[2].integer()) << name << " U+" << std::hex << c;
        ASSERT_EQ(pieces('1', '2'), runs[run].array()[3].integer()) << name << " U+" << std::hex << c;
      }
    }
  }
}

TEST(Tokenize, LowerCase) {
  EXPECT_EQ(to_utf8(to_lower_code_points(golden()["upper"].text())), golden()["lower"].text());
}

TEST(Tokenize, TakesTimeInProportionToTheLine) {
  std::string line;
  for (int i = 0; i < 200'000; ++i) line += "&amp;lt;";
  EXPECT_EQ(tokenize(line, "13a").size(), 200'000u * 2 - 1);  // "< < <"
}

}  // namespace
}  // namespace stemma
