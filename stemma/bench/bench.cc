#include "stemma/bench/bench.h"

#include "stemma/bench/machine.h"
#include "stemma/bench/ops.h"
#include "stemma/bench/scale.h"
#include "stemma/bench/step.h"
#include "stemma/bench/workloads.h"

namespace stemma {

const std::vector<Bench>& benches() {
  static const std::vector<Bench> list = {
      {"machine", "products and memory at their best, with one thread and with all", bench_machine, true},
      {"ops", "each op at the sizes of training and decoding, as a share of its limit", bench_ops, true},
      {"scale", "training against length, batch, vocabulary and threads: tokens/s and memory", bench_scale},
      {"corpora", "preparing 10 thousand to 10 million lines: MB/s and memory", bench_corpora},
      {"step", "where the time of a training step goes", bench_step, true},
      {"train-small", "training a Transformer of width 256, 3 + 3 layers", train_small},
      {"train-base", "training the base Transformer: width 512, 6 + 6 layers", train_base},
      {"train-rnn", "training a bidirectional LSTM with additive attention", train_rnn},
      {"train-lm", "training an LSTM language model: 2 x 650, 10,000 words", train_lm},
      {"decode", "500 sentences by the base Transformer, greedy and with a beam of 4", decode_many},
      {"latency", "the same, one sentence at a time", latency},
      {"start", "from the start of the program to its first translation", start},
      {"memory", "the most memory that train-base and decode need", memory},
      {"classify", "texts to classes by TF-IDF: --data is a folder with train.tsv and test.tsv", classify},
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
