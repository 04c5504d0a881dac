// Each op at the sizes of training and decoding, beside what the machine could do.
#pragma once
#include "stemma/bench/bench.h"

namespace stemma {

// Rows: op, pass, shape, time, and the share of its limit: the rate of products, or a plain move of the same bytes
// where the data lies.
BenchRows bench_ops(const BenchOptions& options);

}  // namespace stemma
