#include "stemma/text/segment.h"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

// Boundaries that ICU finds in UTF-8.
struct Boundaries {
  using Make = icu::BreakIterator* (*)(const icu::Locale&, UErrorCode&);
  std::unique_ptr<icu::BreakIterator> found;
  UText* text = nullptr;

  explicit Boundaries(Make make) {
    UErrorCode status = U_ZERO_ERROR;
    found.reset(make(icu::Locale::getRoot(), status));
    check(U_SUCCESS(status), "ICU has no boundaries: ", u_errorName(status));
  }
  ~Boundaries() { utext_close(text); }
  Boundaries(const Boundaries&) = delete;
  Boundaries& operator=(const Boundaries&) = delete;
  void open(std::string_view of) {
    UErrorCode status = U_ZERO_ERROR;
    text = utext_openUTF8(text, of.data(), int64_t(of.size()), &status);
    found->setText(text, status);
    check(U_SUCCESS(status), "ICU cannot read a line: ", u_errorName(status));
  }
};

}  // namespace

struct Segmenter::Breaker : Boundaries {
  Breaker() : Boundaries(icu::BreakIterator::createWordInstance) {}
};

Segmenter::Segmenter(const std::string& kind) {
  if (kind == "spaces")
    kind_ = Kind::spaces;
  else if (kind == "dictionary")
    kind_ = Kind::dictionary, breaker_ = std::make_unique<Breaker>();
  else if (kind == "characters")
    kind_ = Kind::characters;
  else if (kind == "words")
    kind_ = Kind::words;
  else if (kind == "penn")
    kind_ = Kind::penn;
  else
    fail("words: there is no '", kind, "'", suggestion(kind, {"spaces", "dictionary", "characters", "words", "penn"}));
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

enum class Sort { space, letter, digit, mark, alone };

Sort sort_of(char32_t c) {
  if (c < 0x80) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return Sort::letter;
    if (c >= '0' && c <= '9') return Sort::digit;
    return is_space(c) || c == 0 ? Sort::space : Sort::mark;
  }
  if (is_space(c)) return Sort::space;
  if (is_chinese(c)) return Sort::alone;
  if (u_isdigit(UChar32(c))) return Sort::digit;
  const bool combining = (U_GET_GC_MASK(UChar32(c)) & U_GC_M_MASK) != 0;
  return combining || u_hasBinaryProperty(UChar32(c), UCHAR_ALPHABETIC) ? Sort::letter : Sort::mark;
}

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019; }

// A run of letters and digits from `begin` on, with what may stand within it; its end.
size_t end_of_run(std::string_view text, size_t begin) {
  size_t i = begin;
  for (Sort before = Sort::mark; i < text.size();) {
    const auto here = code_point_at(text, i);
    const Sort now = sort_of(here.value);
    if (now != Sort::letter && now != Sort::digit) {
      const Sort next = sort_of(code_point_at(text, i + here.size).value);
      const bool number = (here.value == '.' || here.value == ',') && before == Sort::digit && next == Sort::digit;
      const bool apostrophe = is_apostrophe(here.value) && next == Sort::letter;
      if (before == Sort::mark || !(number || apostrophe)) break;
    }
    before = now;
    i += here.size;
  }
  return i;
}

// Bytes at the end of a run that are a word by themselves: 's, and where contractions part, n't, 'll, ...
size_t clitic(std::string_view run, bool contractions) {
  const auto apostrophe = std::max(run.rfind('\'') + 1, run.rfind("\u2019") + 1);
  if (apostrophe == 0) return 0;
  const size_t mark = apostrophe - 1, behind = mark + (run[mark] == '\'' ? 1 : 3);
  std::string letters(run.substr(behind));
  for (char& c : letters) c = c >= 'A' && c <= 'Z' ? char(c | 0x20) : c;
  if (letters == "s") return run.size() - mark;
  if (!contractions) return 0;
  if (letters == "t") return mark > 1 && (run[mark - 1] | 0x20) == 'n' ? run.size() - mark + 1 : 0;
  const bool short_verb = letters == "ll" || letters == "re" || letters == "ve" || letters == "d" || letters == "m";
  return short_verb ? run.size() - mark : 0;
}

template <class F>
void at_marks(std::string_view text, bool contractions, F&& f) {
  for (size_t i = 0; i < text.size();) {
    const auto here = code_point_at(text, i);
    const Sort sort = sort_of(here.value);
    const bool run = sort == Sort::letter || sort == Sort::digit;
    const size_t end = run ? end_of_run(text, i) : i + here.size;
    const size_t behind = run ? clitic(text.substr(i, end - i), contractions) : 0;
    if (sort != Sort::space) f(text.substr(i, end - i - behind));
    if (behind) f(text.substr(end - behind, behind));
    i = end;
  }
}

}  // namespace

const std::vector<std::string_view>& Segmenter::split(std::string_view text) {
  words_.clear();
  const auto add = [&](std::string_view word) { words_.push_back(word); };
  if (kind_ == Kind::spaces) at_spaces(text, add);
  if (kind_ == Kind::characters) at_characters(text, add);
  if (kind_ == Kind::words || kind_ == Kind::penn) at_marks(text, kind_ == Kind::penn, add);
  if (kind_ != Kind::dictionary) return words_;
  breaker_->open(text);
  auto& at = *breaker_->found;
  int32_t begin = at.first();
  for (int32_t end; (end = at.next()) != icu::BreakIterator::DONE; begin = end)
    if (at.getRuleStatus() >= UBRK_WORD_NONE_LIMIT) add(text.substr(size_t(begin), size_t(end - begin)));
  return words_;
}

// A text without any capital with one, of as many bytes, for every small letter; another as it is.
static std::string without_small_letters(std::string_view text) {
  static constexpr const char* capitals[] = {"", "A", "\u00C0", "\u1E00", "\U00010400"};
  std::string out(text);
  for (const auto [c, begin, size] : code_points(text)) {
    if (u_isUUppercase(UChar32(c))) return std::string(text);
    if (u_isULowercase(UChar32(c))) out.replace(begin, size, capitals[size]);
  }
  return out;
}

std::vector<int64_t> sentence_ends(std::string_view text) {
  thread_local Boundaries sentences(icu::BreakIterator::createSentenceInstance);
  const std::string shown = without_small_letters(text);
  sentences.open(shown);
  std::vector<int64_t> ends;
  for (int32_t end; (end = sentences.found->next()) != icu::BreakIterator::DONE;) ends.push_back(end);
  return ends;
}

}  // namespace stemma
