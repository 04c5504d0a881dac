// The demo's parallel text: Chinese-English pairs from a small grammar, the same for the same seed on every machine.
// One abstract clause has two linear forms (Ranta 2004, "Grammatical Framework"), so every Chinese sentence has exactly
// one translation: 了, 没, 过 and the time word decide the tense, the verb's object decides between "read" and "watch".
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stemma {

struct DemoCorpus {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Pairs train;      // 8,000 pairs of at most 24 Chinese characters
  Pairs valid;      // 300 more of the same kind
  Pairs test;       // 400, each with at least one combination of words that is in no training pair
  Pairs test_long;  // 200 of 25 to 45 Chinese characters: longer than any training pair
  Pairs held_out;   // the Chinese word pairs kept for the test: verb and object, subject and time, adjective and noun
};

DemoCorpus demo_corpus(uint64_t seed = 1);

}  // namespace stemma
