#include "stemma/text/segment.h"

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"
#include "stemma/text/unicode.h"

namespace stemma {

struct Segmenter::Breaker {
  std::unique_ptr<icu::BreakIterator> words;
  UText* text = nullptr;

  Breaker() {
    UErrorCode status = U_ZERO_ERROR;
    words.reset(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    check(U_SUCCESS(status), "ICU has no word boundaries: ", u_errorName(status));
  }
  ~Breaker() { utext_close(text); }
};

Segmenter::Segmenter(const std::string& kind) {
  if (kind == "spaces")
    kind_ = Kind::spaces;
  else if (kind == "dictionary")
    kind_ = Kind::dictionary, breaker_ = std::make_unique<Breaker>();
  else if (kind == "characters")
    kind_ = Kind::characters;
  else
    fail("words: there is no '", kind, "'", suggestion(kind, {"spaces", "dictionary", "characters"}));
}
Segmenter::~Segmenter() = default;
Segmenter::Segmenter(Segmenter&&) noexcept = default;

namespace {

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

template <class F>
void at_spaces(std::string_view text, F&& f) {
  size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && is_ascii_space(text[i])) ++i;
    const size_t begin = i;
    while (i < text.size() && !is_ascii_space(text[i])) ++i;
    if (i > begin) f(text.substr(begin, i - begin));
  }
}

template <class F>
void at_characters(std::string_view text, F&& f) {
  size_t open = 0;
  for (const auto [c, begin, size] : code_points(text)) {
    const bool space = is_space(c) || c == 0;
    if (!space && !is_chinese(c) && !is_chinese_punctuation(c)) continue;
    if (begin > open) f(text.substr(open, begin - open));
    if (!space) f(text.substr(begin, size));
    open = begin + size;
  }
  if (open < text.size()) f(text.substr(open));
}

}  // namespace

const std::vector<std::string_view>& Segmenter::split(std::string_view text) {
  words_.clear();
  const auto add = [&](std::string_view word) { words_.push_back(word); };
  if (kind_ == Kind::spaces) at_spaces(text, add);
  if (kind_ == Kind::characters) at_characters(text, add);
  if (kind_ != Kind::dictionary) return words_;
  UErrorCode status = U_ZERO_ERROR;
  breaker_->text = utext_openUTF8(breaker_->text, text.data(), int64_t(text.size()), &status);
  breaker_->words->setText(breaker_->text, status);
  check(U_SUCCESS(status), "ICU cannot read a line: ", u_errorName(status));
  int32_t begin = breaker_->words->first();
  for (int32_t end; (end = breaker_->words->next()) != icu::BreakIterator::DONE; begin = end)
    if (breaker_->words->getRuleStatus() >= UBRK_WORD_NONE_LIMIT) add(text.substr(size_t(begin), size_t(end - begin)));
  return words_;
}

}  // namespace stemma
