// The character n-grams of a word, hashed into buckets (Bojanowski et al. 2017), exactly as fastText's files number
// them: n-grams of "<word>", letters in UTF-8, a lone < or > left out.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

inline constexpr std::string_view sentence_end = "</s>";  // has no n-grams
inline constexpr std::string_view label_prefix = "__label__";

struct SubwordOptions {
  int32_t shortest = 0, longest = 0;  // letters of an n-gram; longest 0: none
  int32_t buckets = 0;
};
// In the order of their begins, then lengths; numbers in [0, buckets).
std::vector<int32_t> subwords(std::string_view word, const SubwordOptions& options);
// Hashes of all n-grams of words, 2 <= n <= longest, in fastText's order: over the words' signed 32-bit hashes;
// f(bucket).
template <class F>
void each_word_ngram(std::span<const int32_t> word_hashes, int32_t longest, int32_t buckets, F&& f) {
  for (size_t i = 0; buckets > 0 && i < word_hashes.size(); ++i) {
    auto h = uint64_t(int64_t{word_hashes[i]});
    for (size_t j = i + 1; j < std::min(word_hashes.size(), i + size_t(longest)); ++j) {
      h = h * 116049371 + uint64_t(int64_t{word_hashes[j]});
      f(int32_t(h % uint64_t(buckets)));
    }
  }
}
std::vector<std::string> subword_texts(std::string_view word, const SubwordOptions& options);

}  // namespace stemma
