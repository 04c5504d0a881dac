// What work costs as it grows.
#pragma once
#include "stemma/bench/bench.h"

namespace stemma {

// Training steps against the length of sequences, the batch, the vocabulary and the threads: tokens/s and memory.
BenchRows bench_scale(const BenchOptions& options);
// Preparing corpora of 10 thousand to 10 million made-up lines: MB/s and memory. They go to options.out, or to
// /tmp, and are removed; the largest, with its shard, takes 4 GB there.
BenchRows bench_corpora(const BenchOptions& options);

}  // namespace stemma
