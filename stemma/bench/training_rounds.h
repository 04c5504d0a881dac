// Steps of a Trainer, counted into rounds; and, when asked, where their time went.
#pragma once
#include <atomic>
#include <memory>

#include "stemma/base/profile.h"
#include "stemma/bench/rounds.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

class TrainingRounds {
 public:
  // `first_loss`: of the first batch, for a peer to compare. A round has so many steps.
  TrainingRounds(const char* what, const BenchOptions& options, Type precision, int64_t steps, double first_loss);
  // For the Trainer, which makes one step more than are counted.
  const std::atomic<bool>& stop() const { return stop_; }
  void step_done(double tokens, double flops);
  BenchRows rows() const;

 private:
  const char* what_;
  const BenchOptions& options_;
  Type precision_;
  int64_t steps_, done_ = 0;
  double rate_, peak_ = 0;
  Rounds rounds_;
  std::atomic<bool> stop_;
  Stopwatch watch_;
  Measured now_;
  std::unique_ptr<Profile> profile_;  // of all rounds but the first
  std::vector<ProfileEvent> events_;
};

}  // namespace stemma
