#include "stemma/metrics/tokenize.h"

#include <algorithm>
#include <span>
#include <vector>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"
#include "stemma/metrics/unicode.h"

namespace stemma {
namespace {

using Class = bool (*)(char32_t);

struct Range {
  char32_t first, last;
};
bool within(std::span<const Range> ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range r) { return r.first <= c && c <= r.last; });
}

bool digit(char32_t c) { return c >= '0' && c <= '9'; }
bool not_digit(char32_t c) { return !digit(c); }
bool point(char32_t c) { return c == '.' || c == ','; }
bool dash(char32_t c) { return c == '-'; }
bool not_number(char32_t c) { return !is_number(c); }
// ASCII punctuation but ' , - . and with the space, as mteval-v13a lists it.
bool western_punctuation(char32_t c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}
// sacreBLEU's list. It begins at U+2001, so that dashes, curly quotes, arrows and mathematics count as Chinese, and it
// leaves out the planes above the first: its ranges 20000-2A6D6 and 2F800-2FA1D are written with four-digit escapes.
bool chinese(char32_t c) {
  static constexpr Range ranges[] = {{0x2001, 0x2A6D}, {0x2E80, 0x2FDF}, {0x2FF0, 0x303F}, {0x3100, 0x312F},
                                     {0x31A0, 0x31BF}, {0x31C0, 0x31EF}, {0x3200, 0x4DB5}, {0x4E00, 0x9FBB},
                                     {0xF900, 0xFA2D}, {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9}, {0xFE10, 0xFE1F},
                                     {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}};
  return within(ranges, c);
}
// Characters that tercom's `asian_support` sets apart.
bool tercom_ideograph(char32_t c) {
  static constexpr Range ranges[] = {{0x2E80, 0x2EFF}, {0x31C0, 0x31EF}, {0x3200, 0x4DBF},
                                     {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}};
  return within(ranges, c);
}
bool tercom_asian_punctuation(char32_t c) {
  static constexpr Range ranges[] = {{0x3001, 0x3002}, {0x3008, 0x3011}, {0x3014, 0x301F}, {0x30FB, 0x30FB},
                                     {0xFF01, 0xFF02}, {0xFF08, 0xFF09}, {0xFF0C, 0xFF0C}, {0xFF0E, 0xFF0E},
                                     {0xFF1A, 0xFF1B}, {0xFF1F, 0xFF1F}, {0xFF61, 0xFF65}};
  return within(ranges, c);
}
bool tercom_punctuation(char32_t c) {
  return c < 0x80 && std::string_view(".,?:;!\"()").find(char(c)) != std::string_view::npos;
}

std::u32string space_around(std::u32string_view text, Class apart) {
  std::u32string out;
  out.reserve(text.size() * 2);
  for (char32_t c : text) {
    if (apart(c)) {
      out += U' ', out += c, out += U' ';
    } else {
      out += c;
    }
  }
  return out;
}

// Where a character of class `first` meets one of class `second`, writes `pattern` with them for 1 and 2. As with a
// regular expression, what was matched is not looked at again: "..." is one match of two points, and a rest.
struct PairRule {
  Class first, second;
  std::u32string_view pattern;
};
std::u32string apply(std::u32string_view text, const PairRule& rule) {
  std::u32string out;
  out.reserve(text.size() + text.size() / 4);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && rule.second(text[i + 1]) && rule.first(text[i])) {
      for (char32_t c : rule.pattern) out += c == '1' ? text[i] : c == '2' ? text[i + 1] : c;
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::u32string split_points_and_dashes(std::u32string_view text) {
  std::u32string out = apply(text, {not_digit, point, U"1 2 "});
  out = apply(out, {point, not_digit, U" 1 2"});
  return apply(out, {digit, dash, U"1 2 "});
}

void replace_all(std::u32string& text, std::u32string_view from, std::u32string_view to) {
  size_t at = text.find(from), done = 0;
  if (at == text.npos) return;
  std::u32string out;
  for (; at != text.npos; at = text.find(from, done)) {
    out.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = out.append(text, done);
}
void replace_entities(std::u32string& text) {
  replace_all(text, U"&quot;", U"\"");
  replace_all(text, U"&amp;", U"&");
  replace_all(text, U"&lt;", U"<");
  replace_all(text, U"&gt;", U">");
}
std::u32string collapsed(std::u32string_view text) {
  std::u32string out;
  for (std::u32string_view word : split_words(text)) {
    if (!out.empty()) out += U' ';
    out += word;
  }
  return out;
}
std::u32string padded(std::u32string_view text) { return U' ' + std::u32string(text) + U' '; }

std::u32string tokenize_13a(std::u32string_view line) {
  std::u32string text(line);
  replace_all(text, U"<skipped>", U"");
  replace_all(text, U"-\n", U"");
  replace_all(text, U"\n", U" ");
  replace_entities(text);
  return split_points_and_dashes(space_around(padded(text), western_punctuation));
}
// Unlike 13a, without the spaces at both ends: a point after a final digit stays with it.
std::u32string tokenize_zh(std::u32string_view line) {
  return split_points_and_dashes(space_around(space_around(strip(line), chinese), western_punctuation));
}
std::u32string tokenize_intl(std::u32string_view line) {
  std::u32string out = apply(strip_right(line), {not_number, is_punctuation, U"1 2 "});
  out = apply(out, {is_punctuation, not_number, U" 1 2"});
  return space_around(out, is_symbol);
}
std::u32string tokenize_char(std::u32string_view line) {
  return space_around(line, [](char32_t) { return true; });
}
std::u32string tokenize_none(std::u32string_view line) { return std::u32string(line); }

}  // namespace

ScoreTokenizer find_score_tokenizer(std::string_view name) {
  static constexpr std::pair<std::string_view, ScoreTokenizer> known[] = {{"13a", tokenize_13a},
                                                                          {"zh", tokenize_zh},
                                                                          {"char", tokenize_char},
                                                                          {"intl", tokenize_intl},
                                                                          {"none", tokenize_none}};
  std::vector<std::string> names;
  for (const auto& [known_name, tokenizer] : known) {
    if (known_name == name) return tokenizer;
    names.emplace_back(known_name);
  }
  fail("no tokenizer '", name, "'", suggestion(name, names));
}

std::string tokenize(std::string_view line, std::string_view tokenizer) {
  return to_utf8(collapsed(find_score_tokenizer(tokenizer)(strip_right(to_code_points(line)))));
}

// Tercom's rules for lines of nothing but kana are left out: they come after the spaces at both ends and never match.
std::u32string tercom(std::u32string_view line, const TercomOptions& options) {
  std::u32string text(strip_right(line));
  if (text.empty()) return text;
  if (options.normalized) {
    replace_all(text, U"\n-", U"");
    replace_all(text, U"\n", U" ");
    replace_entities(text);
    text = space_around(padded(text), western_punctuation);
    replace_all(text, U"'s ", U" 's ");
    text = split_points_and_dashes(text);
    if (options.asian_support) {
      text = space_around(text, [](char32_t c) { return tercom_ideograph(c) || tercom_asian_punctuation(c); });
    }
  }
  if (options.no_punct) {
    std::erase_if(text, tercom_punctuation);
    if (options.asian_support) std::erase_if(text, tercom_asian_punctuation);
  }
  return collapsed(text);
}

}  // namespace stemma
