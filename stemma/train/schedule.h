// The learning rate as a pure function of the step (and, for plateau, of what validation said).
// Each begins with a linear warm-up. Knows nothing of optimisers.
#pragma once
#include <cstdint>
#include <string>

#include "stemma/base/fields.h"

namespace stemma {

struct ScheduleOptions {
  std::string name = "noam";  // constant | noam | inverse_sqrt | cosine | linear | plateau | decay
  double rate = 1;            // the greatest rate; for noam the factor before d^-0.5
  int64_t warmup = 4000;      // steps; 0: none
  int64_t width = 512;        // noam: d_model
  int64_t steps = 0;          // cosine, linear: where `floor` is reached
  double floor = 0;           // cosine, linear, plateau: the least rate
  int64_t hold = 4;           // decay: epochs at the full rate
  double factor = 0.5;        // decay: of each epoch after them; plateau: what the rate is multiplied by ...
  int64_t patience = 2;       // ... after this many validations in a row without ...
  double threshold = 1e-4;    // ... a score better by this share
  FIELDS(name, rate, warmup, width, steps, floor, hold, factor, patience, threshold)
};
// Error for an unknown name or numbers out of range.
void check_schedule(const ScheduleOptions& options);

// What plateau remembers.
struct Plateau {
  double best = 0, multiplier = 1;
  int64_t validations = 0, waited = 0;
  FIELDS(best, multiplier, validations, waited)
};
// After a validation; `score`: the lower the better.
Plateau after_validation(const ScheduleOptions& options, Plateau state, double score);

// The rate of step `step`, from 1, which begins when `epoch` epochs are complete.
//   noam           rate d^-0.5 min(t^-0.5, t warmup^-1.5)                  Vaswani et al. 2017, eq. 3
//   inverse_sqrt   rate min(t / warmup, sqrt(warmup / t))
//   cosine         floor + (rate - floor) (1 + cos(pi p)) / 2              Loshchilov & Hutter 2017, eq. 5, one period
//   linear         rate + (floor - rate) p,   p = (t - warmup) / (steps - warmup) cut to [0, 1]
//   plateau        max(floor, rate multiplier)
//   decay          rate factor^max(0, epoch + 1 - hold)                    Zaremba et al. 2014, section 4.1
//   constant       rate;   the last five times min(1, t / warmup)
double learning_rate(const ScheduleOptions& options, int64_t step, const Plateau& plateau = {}, int64_t epoch = 0);

}  // namespace stemma
