// The character n-grams of a word, hashed into buckets (Bojanowski et al. 2017), exactly as fastText's files number
// them: n-grams of "<word>", letters in UTF-8, a lone < or > left out.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

inline constexpr std::string_view sentence_end = "</s>";  // has no n-grams

struct SubwordOptions {
  int32_t shortest = 0, longest = 0;  // letters of an n-gram; longest 0: none
  int32_t buckets = 0;
};
// In the order of their begins, then lengths; numbers in [0, buckets).
std::vector<int32_t> subwords(std::string_view word, const SubwordOptions& options);
std::vector<std::string> subword_texts(std::string_view word, const SubwordOptions& options);

}  // namespace stemma
