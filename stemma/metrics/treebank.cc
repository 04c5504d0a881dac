#include "stemma/metrics/treebank.h"

#include <unicode/regex.h>

#include <memory>

#include "stemma/base/check.h"
#include "stemma/metrics/unicode.h"

namespace stemma {

namespace {

// One after the other, each on what the one before has left; then words are what stands between spaces.
constexpr const char16_t* const steps[][2] = {
    // Quotes that open.
    {uR"(([«“‘„]|`+))", u" $1 "},
    {uR"(^")", u"``"},
    {uR"(``)", u" `` "},
    {uR"(([ (\[{<])("|''))", u"$1 `` "},
    {uR"((?i)(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w))", u"' "},
    // The last full stop, whatever closes behind it; commas and colons unless a digit follows; the rest.
    {uR"(([^.])\.([\])}>"'»”’ ]*+)\s*$)", u"$1 . $2 "},
    {uR"(([:,])([^\d]))", u" $1 $2"},
    {uR"(([:,])$)", u" $1 "},
    {uR"((\.{2,}|[;@#$%&\u2012-\u2015]))", u" $1 "},
    {uR"(([^.])\.([\])}>"']*)\s*$)", u"$1 .$2 "},
    {uR"(([?!]))", u" $1 "},
    {uR"(([^'])' )", u"$1 ' "},
    {uR"(([*\[\](){}<>]|--))", u" $1 "},
    {uR"(^|$)", u" "},
    // Quotes that close, endings, contractions.
    {uR"(([»”’]))", u" $1 "},
    {uR"(''|")", u" '' "},
    {uR"(\s+)", u" "},
    {uR"(([^' ])('[sS]|'[mM]|'[dD]|') )", u"$1 $2 "},
    {uR"(([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) )", u"$1 $2 "},
    {uR"((?i)\b(can)(not)\b)", u" $1 $2 "},
    {uR"((?i)\b(d)('ye)\b)", u" $1 $2 "},
    {uR"((?i)\b(gim|lem)(me)\b)", u" $1 $2 "},
    {uR"((?i)\b(gon)(na)\b)", u" $1 $2 "},
    {uR"((?i)\b(got)(ta)\b)", u" $1 $2 "},
    {uR"((?i)\b(more)('n)\b)", u" $1 $2 "},
    {uR"((?i)\b(wan)(na)(?=\s))", u" $1 $2 "},
    {uR"((?i) ('t)(is|was)\b)", u" $1 $2 "},
};

icu::UnicodeString replaced(const icu::UnicodeString& text, const char16_t* pattern, const char16_t* by) {
  UErrorCode status = U_ZERO_ERROR;
  icu::RegexMatcher matcher(icu::UnicodeString(pattern), text, 0, status);
  icu::UnicodeString out = matcher.replaceAll(icu::UnicodeString(by), status);
  check(U_SUCCESS(status), "words of a sentence: ", u_errorName(status));
  return out;
}

}  // namespace

std::vector<std::u32string> treebank_words(std::u32string_view sentence) {
  auto text =
      icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(sentence.data()), int32_t(sentence.size()));
  for (const auto& [pattern, by] : steps) text = replaced(text, pattern, by);
  std::string utf8;
  const std::u32string cut = to_code_points(text.toUTF8String(utf8));
  std::vector<std::u32string> words;
  for (const auto word : split_words(cut)) words.emplace_back(word);
  return words;
}

}  // namespace stemma
