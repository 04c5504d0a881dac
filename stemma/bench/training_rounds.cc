#include "stemma/bench/training_rounds.h"

#include <algorithm>
#include <utility>

#include "stemma/bench/breakdown.h"
#include "stemma/bench/process.h"
#include "stemma/bench/products.h"

namespace stemma {

TrainingRounds::TrainingRounds(const char* what, const BenchOptions& options, Type precision, int64_t steps,
                               double first_loss)
    : what_(what),
      options_(options),
      precision_(precision),
      steps_(steps),
      rate_(best_product_rate(precision)),
      rounds_(options, Json::object({{"loss", first_loss}, {"precision", name_of(precision)}, {"steps", steps}})),
      stop_(!rounds_.another()),
      watch_(options),
      now_{what} {}

void TrainingRounds::step_done(double tokens, double flops) {
  if (stop_) return;
  now_.tokens += tokens, now_.flops += flops;
  if (++done_ % steps_) return;
  now_.seconds = watch_.seconds();
  rounds_.add(std::exchange(now_, {what_}));
  peak_ = peak_mebibytes();
  stop_ = !rounds_.another();
  if (stop_ && profile_) events_ = profile_->events(), profile_.reset();
  if (!stop_ && !profile_ && (options_.profile || !options_.trace.empty())) profile_ = std::make_unique<Profile>();
  watch_ = Stopwatch(options_);
}

BenchRows TrainingRounds::rows() const {
  const double rate = std::max(rate_, best_product_rate(precision_));
  BenchRows out;
  if (!events_.empty()) out = break_down(events_, double(done_ - steps_), rate, options_).rows;
  for (auto& row : rounds_.rows(rate)) {
    row["precision"] = name_of(precision_), row["peak MiB"] = peak_;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace stemma
