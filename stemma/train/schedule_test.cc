#include "stemma/train/schedule.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "stemma/base/check.h"

namespace stemma {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

void expect_rates(const ScheduleOptions& options, const std::vector<std::pair<int64_t, double>>& expected) {
  for (const auto& [step, rate] : expected)
    EXPECT_NEAR(learning_rate(options, step), rate, 1e-6 * rate) << options.name << " at step " << step;
}

TEST(Schedule, Noam) {
  expect_rates({.name = "noam", .rate = 1, .warmup = 4000, .width = 512},
               {{1, 1.7469281e-7}, {1000, 1.7469281e-4}, {4000, 6.9877124e-4}, {16000, 3.4938562e-4}});
  expect_rates({.name = "noam", .rate = 2, .warmup = 4, .width = 4}, {{1, 0.125}, {4, 0.5}, {16, 0.25}});
}

TEST(Schedule, InverseSquareRoot) {
  expect_rates({.name = "inverse_sqrt", .rate = 0.1, .warmup = 100}, {{1, 0.001}, {50, 0.05}, {100, 0.1}, {400, 0.05}});
}

TEST(Schedule, Cosine) {
  expect_rates({.name = "cosine", .rate = 1, .warmup = 10, .steps = 110, .floor = 0.2},
               {{5, 0.5}, {10, 1}, {35, 0.6 + 0.4 * std::sqrt(0.5)}, {60, 0.6}, {110, 0.2}, {1000, 0.2}});
}

TEST(Schedule, Linear) {
  expect_rates({.name = "linear", .rate = 1, .warmup = 10, .steps = 110, .floor = 0.2},
               {{1, 0.1}, {10, 1}, {60, 0.6}, {110, 0.2}, {1000, 0.2}});
}

TEST(Schedule, ConstantAndNoWarmup) {
  expect_rates({.name = "constant", .rate = 0.3, .warmup = 3}, {{1, 0.1}, {2, 0.2}, {3, 0.3}, {99, 0.3}});
  for (const auto* name : {"constant", "cosine", "linear", "plateau", "inverse_sqrt"})
    expect_rates({.name = name, .rate = 0.3, .warmup = 0, .steps = 1'000'000'000}, {{1, 0.3}});
}

TEST(Schedule, PlateauHalvesWhenValidationStopsImproving) {
  const ScheduleOptions o = {.name = "plateau", .rate = 1, .warmup = 0, .floor = 0.3, .factor = 0.5, .patience = 1};
  Plateau p;
  std::vector<double> rates;
  const double inf = std::numeric_limits<double>::infinity();
  for (const double score : {4.0, 3.0, 3.0, 2.0, inf, 2.0, 1.9999, 1.0, 1.0, 1.0, 1.0, 1.0}) {
    p = after_validation(o, p, score);
    rates.push_back(learning_rate(o, 7, p));
  }
  EXPECT_EQ(rates, (std::vector<double>{1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3}));
}

TEST(Schedule, ScoresMayBeNegative) {  // BLEU with its sign turned
  const ScheduleOptions o = {.name = "plateau", .rate = 1, .warmup = 0, .patience = 0};
  Plateau p = after_validation(o, {}, -20);
  EXPECT_EQ(after_validation(o, p, -21).multiplier, 1);
  EXPECT_EQ(after_validation(o, p, -19).multiplier, 0.5);
}

TEST(Schedule, DecayHoldsAndThenDividesEachEpoch) {
  const ScheduleOptions o = {.name = "decay", .rate = 1, .warmup = 0, .hold = 2, .factor = 0.5};
  std::vector<double> rates;
  for (int64_t epoch = 0; epoch < 5; ++epoch) rates.push_back(learning_rate(o, 7, {}, epoch));
  EXPECT_EQ(rates, (std::vector<double>{1, 1, 0.5, 0.25, 0.125}));
}

TEST(Schedule, BadOptionsAreNamed) {
  const auto error = [](const ScheduleOptions& o, const char* text) {
    EXPECT_THAT([&] { check_schedule(o); }, ThrowsMessage<Error>(HasSubstr(text)));
  };
  error({.name = "cosin"}, "unknown 'cosin' (did you mean 'cosine'?)");
  error({.name = "linear", .warmup = 10, .steps = 10}, "schedule.steps = 10: must be above schedule.warmup (10)");
  error({.rate = 0}, "schedule.rate = 0");
  error({.rate = 1, .floor = 2}, "schedule.floor = 2");
  error({.warmup = -1}, "schedule.warmup = -1");
  error({.factor = 1.5}, "schedule.factor = 1.5");
}

}  // namespace
}  // namespace stemma
