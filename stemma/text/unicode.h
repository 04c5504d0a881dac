// UTF-8 and Unicode (utf8proc): validation, code points, normal forms, case, Chinese, width in a terminal.
// Knows nothing of tokens.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

// Offset in bytes of the first ill-formed sequence (Unicode 15, table 3-7); npos when the text is valid UTF-8.
size_t invalid_utf8(std::string_view text);
// Throws Error "WHERE: not valid UTF-8 at byte N" with N from 1.
void check_utf8(std::string_view text, std::string_view where);

// One code point, and where its bytes are. An ill-formed byte is U+FFFD of size 1.
struct CodePoint {
  char32_t value;
  size_t begin, size;
};
CodePoint code_point_at(std::string_view text, size_t begin);
// for (const auto [c, begin, size] : code_points(text))
class code_points {
 public:
  explicit code_points(std::string_view text) : text_(text) {}
  struct iterator {
    std::string_view text;
    CodePoint now;
    const CodePoint& operator*() const { return now; }
    iterator& operator++();
    bool operator!=(const iterator& other) const { return now.begin != other.now.begin; }
  };
  iterator begin() const;
  iterator end() const { return {text_, {0, text_.size(), 0}}; }

 private:
  std::string_view text_;
};
void append_utf8(std::string& out, char32_t c);
int64_t count_code_points(std::string_view text);
// How many code points stand before each byte, and before the end: for places that others count in characters.
std::vector<int64_t> characters_before(std::string_view text);

// Each throws Error when the text is not valid UTF-8.
std::string nfc(std::string_view text);
std::string nfkc(std::string_view text);
std::string lower_case(std::string_view text);

bool is_word_character(char32_t c);  // a letter or a number of any kind, or _: what \w means in Python
char32_t lower_case(char32_t c);
bool is_space(char32_t c);                // separators of any kind, tab, newline
bool is_chinese(char32_t c);              // a Han character
bool is_chinese_punctuation(char32_t c);  // CJK symbols and full-width forms: stands without spaces, as Han does
// Runs of white space become one space; none at either end.
std::string collapse_spaces(std::string_view text);
std::string_view trimmed(std::string_view text);  // without white space at both ends

// Columns of a terminal: 2 for Han and other wide characters, 0 for combining marks.
int display_width(char32_t c);
int64_t display_width(std::string_view text);
// Exactly `columns` wide: cut with "…" or filled with spaces on the right.
std::string fit_width(std::string_view text, int64_t columns);

}  // namespace stemma
