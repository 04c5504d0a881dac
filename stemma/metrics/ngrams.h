// Counting n-grams of all orders at once, for BLEU (of words) and chrF (of characters and of words).
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

constexpr int64_t ngram_count(size_t length, int64_t n) { return std::max<int64_t>(0, int64_t(length) - n + 1); }

// For n = 1 .. orders: how many n-grams sentences[0] shares with the others, each counted at most as often as in that
// one of the others which has it most (the clipped counts of Papineni et al. 2002, section 2.1).
// All positions are sorted by the `orders` symbols from there on; then for every n equal n-grams lie side by side.
template <class Symbol>
std::vector<int64_t> clipped_matches(const std::vector<std::span<const Symbol>>& sentences, int64_t orders) {
  struct Place {
    std::span<const Symbol> ahead;
    size_t sentence;
  };
  std::vector<Place> places;
  for (size_t s = 0; s < sentences.size(); ++s) {
    for (size_t i = 0; i < sentences[s].size(); ++i) {
      places.push_back({sentences[s].subspan(i, std::min(size_t(orders), sentences[s].size() - i)), s});
    }
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::lexicographical_compare(a.ahead.begin(), a.ahead.end(), b.ahead.begin(), b.ahead.end());
  });
  std::vector<size_t> shared(places.size() + 1, 0);  // shared[i]: symbols that places i - 1 and i begin with alike
  for (size_t i = 1; i < places.size(); ++i) {
    const auto a = places[i - 1].ahead, b = places[i].ahead;
    shared[i] = size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }
  std::vector<int64_t> matches(size_t(orders), 0), times(sentences.size(), 0);
  for (size_t n = 1; n <= matches.size(); ++n) {
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i].ahead.size() >= n) ++times[places[i].sentence];
      if (shared[i + 1] >= n) continue;
      matches[n - 1] += std::min(times[0], *std::max_element(times.begin() + 1, times.end()));
      std::fill(times.begin(), times.end(), 0);
    }
  }
  return matches;
}

}  // namespace stemma
