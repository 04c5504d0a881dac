#include "stemma/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "stemma/base/check.h"

namespace stemma {

namespace {

const auto* bytes_of(std::string_view text) { return reinterpret_cast<const utf8proc_uint8_t*>(text.data()); }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x80; });
}

std::string mapped(std::string_view text, int options) {
  if (is_ascii(text)) return std::string(text);  // ASCII is its own normal form
  check_utf8(text, "text");
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(bytes_of(text), utf8proc_ssize_t(text.size()), &raw, utf8proc_option_t(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  check(size >= 0, "text: cannot normalise: ", utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(raw), size_t(size)};
}

bool between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

}  // namespace

CodePoint code_point_at(std::string_view text, size_t begin) {
  if (begin >= text.size()) return {0, text.size(), 0};
  if (uint8_t(text[begin]) < 0x80) return {char32_t(text[begin]), begin, 1};
  utf8proc_int32_t value = -1;
  const auto size = utf8proc_iterate(bytes_of(text) + begin, utf8proc_ssize_t(text.size() - begin), &value);
  if (size <= 0) return {0xFFFD, begin, 1};
  return {char32_t(value), begin, size_t(size)};
}

code_points::iterator& code_points::iterator::operator++() {
  now = code_point_at(text, now.begin + now.size);
  return *this;
}
code_points::iterator code_points::begin() const { return {text_, code_point_at(text_, 0)}; }

size_t invalid_utf8(std::string_view text) {
  for (const auto [c, begin, size] : code_points(text))
    if (c == 0xFFFD && size == 1) return begin;  // U+FFFD itself takes three bytes
  return std::string_view::npos;
}

void check_utf8(std::string_view text, std::string_view where) {
  const size_t bad = invalid_utf8(text);
  check(bad == text.npos, where, ": not valid UTF-8 at byte ", bad + 1, "; convert the text to UTF-8");
}

void append_utf8(std::string& out, char32_t c) {
  utf8proc_uint8_t buffer[4];
  const auto size = utf8proc_encode_char(utf8proc_int32_t(c), buffer);
  out.append(reinterpret_cast<const char*>(buffer), size_t(size));
}

int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; });
}

std::vector<int64_t> characters_before(std::string_view text) {
  std::vector<int64_t> out(1);
  for (const char c : text) out.push_back(out.back() + ((uint8_t(c) & 0xC0) != 0x80));
  for (size_t i = 0; i < text.size(); ++i) out[i] -= (uint8_t(text[i]) & 0xC0) == 0x80;  // within a character: its own
  return out;
}

std::string nfc(std::string_view text) { return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE); }
std::string nfkc(std::string_view text) { return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT); }

std::string lower_case(std::string_view text) {
  check_utf8(text, "text");
  std::string out;
  out.reserve(text.size());
  for (const auto [c, begin, size] : code_points(text)) append_utf8(out, lower_case(c));
  return out;
}
char32_t lower_case(char32_t c) { return char32_t(utf8proc_tolower(int32_t(c))); }

bool is_word_character(char32_t c) {
  if (c < 0x80) return between(c, 'a', 'z') || between(c, 'A', 'Z') || between(c, '0', '9') || c == '_';
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || between(c, '\t', '\r');
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return c == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

bool is_chinese(char32_t c) {
  return c == 0x3007 ||                 // 〇
         between(c, 0x4E00, 0x9FFF) ||  // CJK unified ideographs, then extension A, compatibility, B and later
         between(c, 0x3400, 0x4DBF) || between(c, 0xF900, 0xFAFF) || between(c, 0x20000, 0x323AF);
}
bool is_chinese_punctuation(char32_t c) {
  return !is_chinese(c) && (between(c, 0x3001, 0x303F) || between(c, 0xFE30, 0xFE4F) || between(c, 0xFF01, 0xFF65));
}

std::string collapse_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending = false;
  for (const auto [c, begin, size] : code_points(text)) {
    if (is_space(c)) {
      pending = !out.empty();
      continue;
    }
    if (pending) out += ' ';
    pending = false;
    out += text.substr(begin, size);
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  size_t begin = text.size(), end = 0;
  for (const auto [c, at, size] : code_points(text)) {
    if (is_space(c)) continue;
    begin = std::min(begin, at), end = at + size;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

int display_width(char32_t c) {
  if (c < 0x80) return c >= 0x20 && c < 0x7F;
  return std::max(0, utf8proc_charwidth(utf8proc_int32_t(c)));
}
int64_t display_width(std::string_view text) {
  int64_t width = 0;
  for (const auto [c, begin, size] : code_points(text)) width += display_width(c);
  return width;
}

std::string fit_width(std::string_view text, int64_t columns) {
  std::string out;
  int64_t width = display_width(text);
  if (width <= columns) {
    out = text;
  } else {
    width = 0;
    for (const auto [c, begin, size] : code_points(text)) {
      if (width + display_width(c) > columns - 1) break;
      width += display_width(c);
      out += text.substr(begin, size);
    }
    if (columns > 0) out += "…", ++width;
  }
  return out.append(size_t(std::max<int64_t>(0, columns - width)), ' ');
}

}  // namespace stemma
