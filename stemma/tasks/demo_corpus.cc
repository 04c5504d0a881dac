#include "stemma/tasks/demo_corpus.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "stemma/base/random.h"
#include "stemma/tasks/demo_grammar.h"
#include "stemma/text/unicode.h"

namespace stemma {
namespace {
constexpr int64_t train_pairs = 8000, valid_pairs = 300, test_pairs = 400, long_pairs = 200;
constexpr int64_t longest_in_training = 24, longest = 45, seen_enough = 5, held_out_percent = 8;

// A fixed part of all word pairs, chosen by a hash (FNV-1a, then Philox) of the words and the seed.
bool is_held_out(const std::pair<std::string, std::string>& combination, uint64_t seed) {
  uint64_t hash = 0xCBF29CE484222325;
  for (char c : combination.first + '+' + combination.second) hash = (hash ^ uint8_t(c)) * 0x100000001B3;
  return philox(seed, hash)[0] % 100 < held_out_percent;
}

// The words of a pair: Chinese characters and English words, which never look alike.
std::vector<std::string> units(const std::pair<std::string, std::string>& pair) {
  std::vector<std::string> out;
  for (char c : pair.first) {
    if ((uint8_t(c) & 0xC0) != 0x80) out.emplace_back();
    out.back() += c;
  }
  std::istringstream in(pair.second);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// The first n candidates whose words all occur often enough in training.
DemoCorpus::Pairs familiar(const DemoCorpus::Pairs& candidates, const DemoCorpus::Pairs& train, int64_t n) {
  std::map<std::string, int64_t> counts;
  for (const auto& pair : train)
    for (const auto& unit : units(pair)) ++counts[unit];
  DemoCorpus::Pairs out;
  for (const auto& pair : candidates) {
    const auto all = units(pair);
    const bool known = std::all_of(all.begin(), all.end(), [&](const auto& u) { return counts[u] >= seen_enough; });
    if (known && int64_t(out.size()) < n) out.push_back(pair);
  }
  return out;
}
}  // namespace

DemoCorpus demo_corpus(uint64_t seed) {
  demo::Grammar grammar(seed);
  Random rng = Random{seed}.stream(1);
  DemoCorpus corpus;
  DemoCorpus::Pairs novel, long_ones;  // candidates for the tests, twice as many as needed
  std::set<std::string> seen;
  std::set<std::pair<std::string, std::string>> held_out;
  const auto full = [](const DemoCorpus::Pairs& pairs, size_t n) { return pairs.size() >= n; };
  while (!full(corpus.train, train_pairs) || !full(corpus.valid, valid_pairs) || !full(novel, 2 * test_pairs) ||
         !full(long_ones, 2 * long_pairs)) {
    auto [chinese, english, combinations] = grammar.sentence(rng.below(100) < 70 ? 1 : 2 + int(rng.below(3)));
    std::erase_if(combinations, [&](const auto& pair) { return !is_held_out(pair, seed); });
    const int64_t length = count_code_points(chinese);
    const bool is_long = length > longest_in_training, is_novel = !combinations.empty();
    if (length > longest || (is_long && is_novel) || !seen.insert(chinese).second) continue;
    const bool for_valid = rng.below(train_pairs + valid_pairs) < valid_pairs && !full(corpus.valid, valid_pairs);
    DemoCorpus::Pairs& split = is_long ? long_ones : is_novel ? novel : for_valid ? corpus.valid : corpus.train;
    if (&split == &corpus.train && full(corpus.train, train_pairs)) continue;
    split.emplace_back(std::move(chinese), std::move(english));
    held_out.insert(combinations.begin(), combinations.end());
  }
  corpus.test = familiar(novel, corpus.train, test_pairs);
  corpus.test_long = familiar(long_ones, corpus.train, long_pairs);
  corpus.held_out.assign(held_out.begin(), held_out.end());
  return corpus;
}

}  // namespace stemma
