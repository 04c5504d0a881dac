// Words that keep company become one: one pass of word2phrase over the numbered text.
#include <unordered_map>

#include "stemma/base/check.h"
#include "stemma/vectors/corpus.h"

namespace stemma {

namespace {

constexpr size_t most_bigrams = 50'000'000;  // held while counting; beyond, the rarest are forgotten

using Bigrams = std::unordered_map<uint64_t, int64_t>;
uint64_t bigram(int32_t a, int32_t b) { return uint64_t(uint32_t(a)) << 32 | uint32_t(b); }

// f(a, b) for neighbours in a sentence.
template <class F>
void each_bigram(const std::vector<int32_t>& numbers, F&& f) {
  for (size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i - 1] >= 0 && numbers[i] >= 0) f(numbers[i - 1], numbers[i]);
}

void drop_rare(Bigrams& bigrams) {
  for (int64_t least = 2; bigrams.size() > most_bigrams / 2; ++least)
    std::erase_if(bigrams, [&](const auto& entry) { return entry.second < least; });
}

}  // namespace

int64_t Corpus::join_phrases(double threshold, int64_t min_count) {
  Bigrams joined;
  for (int64_t i = 0; i < chunks(); ++i) {
    each_bigram(raw_chunk(i), [&](int32_t a, int32_t b) {
      if (counts_[size_t(a)] >= min_count && counts_[size_t(b)] >= min_count) ++joined[bigram(a, b)];
    });
    if (joined.size() > most_bigrams) drop_rare(joined);
  }
  std::erase_if(joined, [&](const auto& entry) {
    const double a = double(counts_[entry.first >> 32]), b = double(counts_[uint32_t(entry.first)]);
    return double(entry.second - min_count) / a / b * double(running_words_) <= threshold;
  });

  NumberFile file(scratch_);
  std::vector<int64_t> begins{0}, counts(counts_.size());
  Bigrams numbers;  // of the phrases that come to be
  running_words_ = 0;
  for (int64_t c = 0; c < chunks(); ++c) {
    const auto text = raw_chunk(c);
    for (size_t i = 0; i < text.size(); ++i) {
      int32_t number = text[i];
      const auto next = i + 1 < text.size() && number >= 0 ? text[i + 1] : lost;
      if (next >= 0 && joined.contains(bigram(number, next))) {
        auto& known = numbers[bigram(number, next)];
        if (known == 0) known = 1 + table_.add(str(table_.text(number), "_", table_.text(next)));
        number = int32_t(known - 1), ++i;
      }
      file.append(number);
      if (number < 0) continue;
      counts.resize(std::max(counts.size(), size_t(number) + 1));
      ++counts[size_t(number)], ++running_words_;
    }
    begins.push_back(file.size());
  }
  file.flush();
  counts.resize(size_t(table_.size()));
  file_ = std::move(file), begins_ = std::move(begins), counts_ = std::move(counts);
  return int64_t(numbers.size());
}

}  // namespace stemma
