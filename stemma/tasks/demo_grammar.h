// Draws sentences of the demo's little language at random, in Chinese and English, and says which words each combines.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stemma/base/random.h"
#include "stemma/tasks/demo_clause.h"

namespace stemma::demo {

using Combinations = std::vector<std::pair<std::string, std::string>>;

struct Sentence {
  std::string chinese, english;
  Combinations combinations;
};

// "apples", "new books", "cups of tea"
std::string many(const Noun& noun, Text adjective);

class Grammar {
 public:
  explicit Grammar(uint64_t seed) : rng_(Random{seed}.stream(0)) {}

  Sentence sentence(int clauses);

 private:
  enum class Role { subject, object };

  bool chance(int percent) { return int(rng_.below(100)) < percent; }
  template <class Row, size_t n>
  const Row& pick(const Row (&table)[n]) {
    return table[rng_.below(n)];
  }
  template <class Row, size_t n, class F>
  const Row& pick(const Row (&table)[n], F&& fits) {
    for (;;)
      if (const Row& row = pick(table); fits(row)) return row;
  }
  void combine(Text a, Text b) { combinations_.emplace_back(a, b); }

  const Noun& noun_of(uint32_t kinds);
  Phrase counted(const Noun& noun);
  Phrase definite(const Noun& noun);
  Phrase noun_phrase(const Noun& noun);
  Phrase person_phrase(Role role);
  Phrase object_of(const Verb& verb);
  Phrase relative_object(const Phrase& subject, const Noun& noun);
  Phrase relative_subject();
  void set_time(Clause& clause, Tense tense);
  void set_place(Clause& clause);
  void set_tense(Clause& clause);
  void ask(Clause& clause);

  Clause action();
  Clause state();
  Clause identity();
  Clause quality();
  Clause comparison();
  Clause how_done();
  Clause disposal();
  Clause passive();
  Clause existence();
  Clause clause();

  Random rng_;
  Combinations combinations_;
};

}  // namespace stemma::demo
