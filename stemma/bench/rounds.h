// The clock of a workload: the same kinds of work round after round, the first as a warm-up. Paced, each round waits
// for a line of standard input and is answered by one, so that two programs can take turns on one machine.
#pragma once
#include <vector>

#include "stemma/bench/bench.h"

namespace stemma {

struct Measured {
  std::string what;  // which part of the round: "greedy", ...
  double seconds = 0;
  double tokens = 0, flops = 0;     // done in this time; flops: of its matrix products alone
  std::vector<double> latencies{};  // of each request, when they were made one by one
};

// Seconds since it was made, of the wall or of this process's threads.
class Stopwatch {
 public:
  explicit Stopwatch(const BenchOptions& options) : processor_(options.processor_time), begun_(now()) {}
  double seconds() const { return now() - begun_; }

 private:
  double now() const;
  bool processor_;
  double begun_;
};

class Rounds {
 public:
  // `about` is answered before the first round when paced.
  Rounds(const BenchOptions& options, const Json& about);
  bool another();  // ends a round and begins the next; false: all are done
  void add(Measured part);
  // Runs f and adds what it took.
  template <class F>
  void measure(Measured part, F&& f) {
    const Stopwatch watch(options_);
    f();
    part.seconds = watch.seconds();
    add(std::move(part));
  }
  int64_t begun() const { return begun_; }
  // A row for each part: tokens/s (median and best), share of the time that products alone would take at `rate`
  // GFLOP/s.
  BenchRows rows(double rate) const;

 private:
  const BenchOptions& options_;
  int64_t begun_ = 0;
  std::vector<Measured> now_;
  std::vector<std::vector<Measured>> done_;  // after the warm-up
};

double quantile(std::vector<double> values, double q);  // of a list that is not empty; 0.5: the median

}  // namespace stemma
