// The workloads: what users do, by the very calls that they use. Beside other programs they are run by bench/run.
#pragma once
#include "stemma/bench/bench.h"

namespace stemma {

BenchRows train_small(const BenchOptions& options);
BenchRows train_base(const BenchOptions& options);
BenchRows train_rnn(const BenchOptions& options);
BenchRows train_lm(const BenchOptions& options);
BenchRows decode_many(const BenchOptions& options);
BenchRows latency(const BenchOptions& options);
BenchRows start(const BenchOptions& options);
BenchRows memory(const BenchOptions& options);
BenchRows classify(const BenchOptions& options);  // beside others by bench/classify

}  // namespace stemma
