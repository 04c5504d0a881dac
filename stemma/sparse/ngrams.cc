#include "stemma/sparse/ngrams.h"

#include <algorithm>
#include <array>

#include "stemma/base/check.h"
#include "stemma/base/choice.h"
#include "stemma/base/fields.h"
#include "stemma/text/unicode.h"
#include "stemma/text/word_table.h"

namespace stemma {

namespace {

constexpr std::array<bool, 128> ascii_word = [] {
  std::array<bool, 128> is{};
  for (int c = 0; c < 128; ++c)
    is[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  return is;
}();
bool is_ascii(char c) { return uint8_t(c) < 0x80; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
bool is_python_space(char32_t c) { return is_space(c) || (c >= 0x1C && c <= 0x1F); }

bool letter_before(std::string_view text, size_t i) {
  while (i > 0 && (uint8_t(text[i - 1]) & 0xC0) == 0x80) --i;
  return i > 0 && is_word_character(code_point_at(text, i - 1).value);
}

// One code point as Python's str.lower has it: dotted capital I becomes two, a sigma that ends a word its final form.
void append_lower(std::string& out, std::string_view text, const CodePoint& point) {
  constexpr char32_t dotted_I = 0x130, dot = 0x307, Sigma = 0x3A3, final_sigma = 0x3C2;
  const auto [c, begin, size] = point;
  if (c == dotted_I) {
    out += 'i', append_utf8(out, dot);
  } else if (c == Sigma && letter_before(text, begin) && !is_word_character(code_point_at(text, begin + size).value)) {
    append_utf8(out, final_sigma);
  } else if (c == 0xFFFD && size == 1) {
    out += ' ';  // ill-formed
  } else {
    append_utf8(out, lower_case(c));
  }
}

}  // namespace

NgramReader::NgramReader(const NgramOptions& options) : options_(options) {
  check_choice("unit", options.unit, {"words", "characters", "inside_words"});
  check(options.shortest >= 1 && options.longest >= options.shortest && options.longest <= 100, "n-grams of ",
        options.unit, ": ", options.shortest, " to ", options.longest, " is no range within 1 to 100");
  if (options.words == "pattern") return;
  check_choice("words", options.words, {"pattern", "spaces", "dictionary", "characters"});
  segmenter_ = std::make_unique<Segmenter>(options.words);
}

const std::vector<Ngram>& NgramReader::read(std::string_view text) {
  kept_.clear(), words_.clear(), ngrams_.clear();
  if (options_.unit == "words") {
    segmenter_ ? keep_words(text) : keep_pattern(text);
    add_words();
  } else if (options_.unit == "characters") {
    keep_characters(text);
    add_characters(0, kept_.size());
  } else {
    keep_inside_words(text);
    add_inside_words();
  }
  return ngrams_;
}

// Appends the code point at `begin`; returns where the next begins.
size_t NgramReader::keep(std::string_view text, size_t begin) {
  if (is_ascii(text[begin])) {
    kept_ += options_.lower_case ? ascii_lower(text[begin]) : text[begin];
    return begin + 1;
  }
  const CodePoint point = code_point_at(text, begin);
  if (options_.lower_case)
    append_lower(kept_, text, point);
  else
    append_utf8(kept_, point.value);
  return begin + point.size;
}

// (?u)\b\w\w+\b: every run of two or more word characters.
void NgramReader::keep_pattern(std::string_view text) {
  size_t begin = 0, length = 0;  // of the run that is open, in bytes of kept_ and code points
  const auto close = [&] {
    if (length >= 2) {
      words_.push_back(kept_.size());
      kept_ += ' ';
      begin = kept_.size();
    }
    kept_.resize(begin), length = 0;
  };
  for (size_t i = 0; i < text.size();) {
    if (is_ascii(text[i])) {
      if (ascii_word[size_t(text[i])])
        kept_ += options_.lower_case ? ascii_lower(text[i]) : text[i], ++length;
      else
        close();
      ++i;
      continue;
    }
    const size_t before = kept_.size();
    i = keep(text, i);
    const CodePoint first = code_point_at(kept_, before);  // of what case made of it
    const bool two = first.size < kept_.size() - before;
    if (is_word_character(first.value)) {
      ++length;
      if (two) kept_.resize(before + first.size), close();  // i and a mark, which is no word character
    } else {
      kept_.resize(before), close();
    }
  }
  close();
}

void NgramReader::keep_words(std::string_view text) {
  for (size_t i = 0; i < text.size();) i = keep(text, i);
  const std::string lower = std::move(kept_);
  kept_.clear();
  for (const std::string_view word : segmenter_->split(lower)) {
    kept_ += word;
    words_.push_back(kept_.size());
    kept_ += ' ';
  }
}

void NgramReader::add_words() {
  for (int64_t first = 0, n = int64_t(words_.size()); first < n; ++first) {
    const size_t begin = first == 0 ? 0 : words_[size_t(first) - 1] + 1;
    uint32_t hash = word_hash("");
    for (size_t from = begin, last = size_t(first); last < words_.size() && int(last) - first < options_.longest;
         ++last) {
      hash = word_hash(std::string_view(kept_).substr(from, words_[last] - from), hash);
      from = words_[last];  // the next part begins with the space between
      if (int64_t(last) - first + 1 >= options_.shortest)
        ngrams_.push_back({std::string_view(kept_).substr(begin, from - begin), hash});
    }
  }
}

// Two or more white spaces count as one space, as in scikit-learn; a single one stays what it is.
void NgramReader::keep_characters(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_python_space(code_point_at(text, end).value)) end += code_point_at(text, end).size;
    if (end == i || end == i + code_point_at(text, i).size)
      i = keep(text, i);
    else
      kept_ += ' ', i = end;
  }
}

void NgramReader::add_characters(size_t begin, size_t end) {
  const auto part = std::string_view(kept_).substr(0, end);
  marks_.clear();
  for (size_t i = begin; i < end; i += code_point_at(part, i).size) marks_.push_back(i);
  marks_.push_back(end);
  const size_t characters = marks_.size() - 1;
  for (size_t first = 0; first < characters; ++first) {
    uint32_t hash = word_hash("");
    for (size_t n = 1; n <= size_t(options_.longest) && first + n <= characters; ++n) {
      const size_t from = marks_[first + n - 1], to = marks_[first + n];
      hash = word_hash(part.substr(from, to - from), hash);
      if (n >= size_t(options_.shortest)) ngrams_.push_back({part.substr(marks_[first], to - marks_[first]), hash});
    }
  }
}

// " word word ": each word with a space on both sides.
void NgramReader::keep_inside_words(std::string_view text) {
  kept_ = " ";
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (!is_python_space(point.value)) {
      i = keep(text, i);
      continue;
    }
    if (kept_.back() != ' ') words_.push_back(kept_.size()), kept_ += ' ';
    i += point.size;
  }
  if (kept_.back() != ' ') words_.push_back(kept_.size()), kept_ += ' ';
}

// A word shorter than n, with its spaces, stands once for all n it is too short for.
void NgramReader::add_inside_words() {
  size_t begin = 0;
  for (const size_t end : words_) {
    add_characters(begin, end + 1);
    const auto padded = std::string_view(kept_).substr(begin, end + 1 - begin);
    const auto characters = int64_t(marks_.size()) - 1;
    if (characters < options_.shortest) ngrams_.push_back({padded, word_hash(padded)});
    begin = end;
  }
}

}  // namespace stemma
