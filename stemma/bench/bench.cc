#include "stemma/bench/bench.h"

namespace stemma {

const std::vector<Bench>& benches() {
  static const std::vector<Bench> list = {};
  return list;
}

const Bench& find_bench(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& bench : benches()) {
    if (name == bench.name) return bench;
    known.emplace_back(bench.name);
  }
  fail("unknown bench '", name, "'", suggestion(name, known));
}

}  // namespace stemma
