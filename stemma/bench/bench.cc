#include "stemma/bench/bench.h"

#include "stemma/bench/step.h"

namespace stemma {

const std::vector<Bench>& benches() {
  static const std::vector<Bench> list = {
      {"step", "where the time of a training step goes", bench_step, true},
  };
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
