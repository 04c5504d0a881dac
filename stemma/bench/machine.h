// What this machine can do at its best: the limits that everything else is compared with.
#pragma once
#include "stemma/bench/bench.h"
#include "stemma/bench/timing.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

// Rows: products by type and library, memory by level, each with one thread and with all.
BenchRows bench_machine(const BenchOptions& options);

// A place where data lies, and so many bytes that it lies there and nowhere nearer.
struct Level {
  std::string name;   // "L1", "L2", "L3", "memory"
  int64_t holds = 0;  // bytes
  int64_t test = 0;   // bytes for a test of it
};
std::vector<Level> memory_levels();              // the nearest first; of one thread
const Level& level_of(int64_t bytes_of_thread);  // where so many bytes lie that are used again and again

// Moving `reads` tensors in and `writes` out, `elements` f32 of each, and nothing else.
struct Moving {
  int64_t reads = 1, writes = 1, elements = 0;
  double bytes() const { return 4 * double(reads + writes) * double(elements); }
};
// Products C[m, n] = A B^T, in GFLOP/s with as many threads as ops take; 0: not there.
struct ProductShape {
  int64_t m = 0, n = 0, k = 0;
  double flops() const { return 2 * double(m) * double(n) * double(k); }
};
struct ProductRates {
  double ours = 0, onednn = 0, openblas = 0;
  double best() const { return std::max({ours, onednn, openblas}); }
};
ProductRates product_rates(const ProductShape& shape, Type type, int64_t rounds);
double best_library_rate(Type type, int64_t rounds);  // of the best library at the large shapes of the table

Timing time_of_moving(const Moving& moving, int64_t rounds);

}  // namespace stemma
