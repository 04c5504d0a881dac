#include "stemma/metrics/unicode.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "stemma/base/check.h"

namespace stemma {
namespace {

icu::UnicodeString from_utf8(std::string_view text) {
  check(text.size() <= INT32_MAX / 4, "a line of ", text.size(), " bytes is too long to be scored");
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
}

std::u32string utf32(const icu::UnicodeString& text) {
  std::u32string out(size_t(text.countChar32()), U'\0');
  UErrorCode status = U_ZERO_ERROR;
  text.toUTF32(reinterpret_cast<UChar32*>(out.data()), int32_t(out.size()), status);
  check(U_SUCCESS(status), "UTF-32: ", u_errorName(status));
  return out;
}

bool in_category(char32_t c, uint32_t mask) { return (U_GET_GC_MASK(UChar32(c)) & mask) != 0; }

}  // namespace

std::u32string to_code_points(std::string_view utf8) { return utf32(from_utf8(utf8)); }
std::u32string to_lower_code_points(std::string_view utf8) {
  return utf32(from_utf8(utf8).toLower(icu::Locale::getRoot()));
}
std::string to_utf8(std::u32string_view text) {
  std::string out;
  return icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()), int32_t(text.size()))
      .toUTF8String(out);
}

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || in_category(c, U_GC_Z_MASK);
}
bool is_letter(char32_t c) { return in_category(c, U_GC_L_MASK); }
bool is_number(char32_t c) { return in_category(c, U_GC_N_MASK); }
bool is_punctuation(char32_t c) { return in_category(c, U_GC_P_MASK); }
bool is_symbol(char32_t c) { return in_category(c, U_GC_S_MASK); }

std::vector<std::u32string_view> split_words(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_white_space(text[end])) ++end;
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::u32string_view strip_right(std::u32string_view text) {
  while (!text.empty() && is_white_space(text.back())) text.remove_suffix(1);
  return text;
}
std::u32string_view strip(std::u32string_view text) {
  while (!text.empty() && is_white_space(text.front())) text.remove_prefix(1);
  return strip_right(text);
}

}  // namespace stemma
