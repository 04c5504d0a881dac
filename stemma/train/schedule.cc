#include "stemma/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "stemma/base/check.h"

namespace stemma {

namespace {

// What the rate depends on beside the step.
struct Course {
  const Plateau& plateau;
  double epoch;
};
using Formula = double (*)(const ScheduleOptions& o, double t, double warmup, const Course& course);

double rise(double t, double warmup) { return std::min(1.0, t / warmup); }

// How much of the way from the end of the warm-up to `steps` is done.
double part(const ScheduleOptions& o, double t) {
  const auto warmup = double(o.warmup), length = double(o.steps) - warmup;
  return std::clamp((t - warmup) / length, 0.0, 1.0);
}

struct Row {
  std::string name;
  Formula rate;
};
const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {"constant", [](auto& o, double t, double warmup, auto&) { return o.rate * rise(t, warmup); }},
      {"noam",
       [](auto& o, double t, double warmup, auto&) {
         return o.rate * std::pow(double(o.width), -0.5) * std::min(std::pow(t, -0.5), t * std::pow(warmup, -1.5));
       }},
      {"inverse_sqrt",
       [](auto& o, double t, double warmup, auto&) { return o.rate * std::min(t / warmup, std::sqrt(warmup / t)); }},
      {"cosine",
       [](auto& o, double t, double warmup, auto&) {
         const double wave = (1 + std::cos(std::numbers::pi * part(o, t))) / 2;
         return (o.floor + (o.rate - o.floor) * wave) * rise(t, warmup);
       }},
      {"linear", [](auto& o, double t, double warmup,
                    auto&) { return (o.rate + (o.floor - o.rate) * part(o, t)) * rise(t, warmup); }},
      {"plateau", [](auto& o, double t, double warmup,
                     auto& course) { return std::max(o.floor, o.rate * course.plateau.multiplier) * rise(t, warmup); }},
      {"decay", [](auto& o, double t, double warmup, auto& course) {
         return o.rate * std::pow(o.factor, std::max(0.0, course.epoch + 1 - double(o.hold))) * rise(t, warmup);
       }}};
  return rows;
}

const Row& row_of(const ScheduleOptions& options) {
  std::vector<std::string> names;
  for (const auto& row : table()) {
    if (row.name == options.name) return row;
    names.push_back(row.name);
  }
  fail("schedule.name: unknown '", options.name, "'", suggestion(options.name, names));
}

}  // namespace

void check_schedule(const ScheduleOptions& o) {
  row_of(o);
  const auto range = [](bool ok, std::string_view name, auto value, std::string_view wanted) {
    check(ok, "schedule.", name, " = ", value, ": must be ", wanted);
  };
  range(o.rate > 0 && std::isfinite(o.rate), "rate", o.rate, "above 0");
  range(o.warmup >= 0, "warmup", o.warmup, "at least 0");
  range(o.width > 0, "width", o.width, "above 0");
  range(o.floor >= 0 && o.floor <= o.rate, "floor", o.floor, "between 0 and schedule.rate");
  range(o.factor > 0 && o.factor <= 1, "factor", o.factor, "above 0 and at most 1");
  range(o.hold >= 0, "hold", o.hold, "at least 0");
  range(o.patience >= 0, "patience", o.patience, "at least 0");
  if (o.name == "cosine" || o.name == "linear")
    range(o.steps > o.warmup, "steps", o.steps, str("above schedule.warmup (", o.warmup, ") for ", o.name));
}

Plateau after_validation(const ScheduleOptions& o, Plateau p, double score) {
  const bool better = p.validations == 0 || score < p.best - o.threshold * std::abs(p.best);
  if (!std::isfinite(score)) return p;
  ++p.validations;
  if (better)
    p.best = score, p.waited = 0;
  else if (++p.waited > o.patience)
    p.multiplier *= o.factor, p.waited = 0;
  return p;
}

double learning_rate(const ScheduleOptions& options, int64_t step, const Plateau& plateau, int64_t epoch) {
  const auto warmup = double(std::max<int64_t>(options.warmup, 1));
  return row_of(options).rate(options, double(std::max<int64_t>(step, 1)), warmup, {plateau, double(epoch)});
}

}  // namespace stemma
