// Where the time of a training step goes.
#pragma once
#include "stemma/bench/bench.h"

namespace stemma {

// The Transformer of the preset transformer-small on made-up sentences. Rows: each path of profile.h with its own time,
// matrix products by size, the whole.
BenchRows bench_step(const BenchOptions& options);

}  // namespace stemma
