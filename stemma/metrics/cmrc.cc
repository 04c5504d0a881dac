// The score of CMRC 2018: text is cut into Chinese characters and other words, and what counts is the longest run that
// prediction and answer share.
#include <algorithm>

#include "stemma/metrics/answers.h"
#include "stemma/metrics/treebank.h"
#include "stemma/metrics/unicode.h"

namespace stemma {

namespace {

bool punctuation(char32_t c) {
  return std::u32string_view(U"-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』").find(c) !=
         std::u32string_view::npos;
}
bool chinese(char32_t c) { return c >= 0x4E00 && c <= 0x9FA5; }

std::u32string lower(std::string_view text) {
  const std::u32string all = to_lower_code_points(text);
  return std::u32string(strip(all));
}

std::vector<std::u32string> pieces_of(std::string_view text) {
  std::vector<std::u32string> out;
  std::u32string other;
  const auto close = [&] {
    for (auto& word : treebank_words(other)) out.push_back(std::move(word));
    other.clear();
  };
  for (const char32_t c : lower(text)) {
    if (punctuation(c)) continue;
    if (chinese(c))
      close(), out.emplace_back(1, c);
    else
      other += c;
  }
  close();
  return out;
}

std::u32string without_punctuation(std::string_view text) {
  std::u32string out = lower(text);
  out.erase(std::remove_if(out.begin(), out.end(), punctuation), out.end());
  return out;
}

template <class Sequence>
int64_t longest_common_run(const Sequence& a, const Sequence& b) {
  std::vector<int64_t> run(b.size() + 1);  // that ends at a[i] and b[j - 1]
  int64_t longest = 0;
  for (const auto& x : a)
    for (size_t j = b.size(); j > 0; --j) {
      run[j] = x == b[j - 1] ? run[j - 1] + 1 : 0;
      longest = std::max(longest, run[j]);
    }
  return longest;
}

}  // namespace

double cmrc_exact(std::string_view prediction, std::string_view answer) {
  return without_punctuation(prediction) == without_punctuation(answer);
}

double cmrc_f1(std::string_view prediction, std::string_view answer) {
  const auto a = pieces_of(prediction), b = pieces_of(answer);
  return f1_of_shared(double(longest_common_run(a, b)), double(a.size()), double(b.size()));
}

AnswerScore cmrc_score(const std::vector<Answered>& questions) {
  return best_of_answers(questions, cmrc_exact, cmrc_f1);
}

}  // namespace stemma
