#include "stemma/bench/bench.h"

#include "stemma/bench/machine.h"
#include "stemma/bench/ops.h"
#include "stemma/bench/step.h"

namespace stemma {

const std::vector<Bench>& benches() {
  static const std::vector<Bench> list = {
      {"machine", "products and memory at their best, with one thread and with all", bench_machine, true},
      {"ops", "each op at the sizes of training and decoding, as a share of its limit", bench_ops, true},
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
