// Unicode text as the metrics read it: code points, white space, categories, lower case, each as Python's `str` and
// `regex` have them. Ill-formed bytes become U+FFFD. Knows nothing of metrics.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

std::u32string to_code_points(std::string_view utf8);
// Full case mapping: İ becomes two code points, Σ knows word ends.
std::u32string to_lower_code_points(std::string_view utf8);
std::string to_utf8(std::u32string_view text);

bool is_white_space(char32_t c);
bool is_letter(char32_t c);       // \p{L}
bool is_number(char32_t c);       // \p{N}
bool is_punctuation(char32_t c);  // \p{P}
bool is_symbol(char32_t c);       // \p{S}

// The words between white space, as views into `text`.
std::vector<std::u32string_view> split_words(std::u32string_view text);
std::u32string_view strip_right(std::u32string_view text);
std::u32string_view strip(std::u32string_view text);

}  // namespace stemma
