#include "stemma/bench/step.h"

#include <algorithm>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/base/profile.h"
#include "stemma/bench/machine.h"
#include "stemma/ops/product.h"
#include "stemma/tasks/translate_training.h"

namespace stemma {

Step::Step(const StepShape& shape)
    : shape_(shape),
      recipe_(RecipeBuilder("", shape.preset).build()),
      model_(make_model(recipe_.model, recipe_.architecture, {shape.vocabulary, shape.vocabulary}, 1)),
      optimizer_(model_->params(), recipe_.train.optimizer),
      random_(Random{1}.stream(1)) {
  std::vector<int64_t> source, target;
  const auto draw = [&] {
    return shape.shortest + int64_t(random_.below(uint64_t(shape.longest - shape.shortest + 1)));
  };
  int64_t tokens = 0;
  do {
    source.push_back(draw()), target.push_back(draw());
    tokens += target.back();
  } while (tokens + (shape.shortest + shape.longest) / 2 <= shape.tokens);
  source_ = sentences(source), inputs_ = sentences(target), outputs_ = sentences(target);
}

Tensor Step::sentences(const std::vector<int64_t>& lengths) {
  const Splits splits = splits_of_lengths(lengths);
  std::vector<int32_t> ids(size_t(splits->back()));
  for (auto& id : ids) id = int32_t(random_.below(uint64_t(shape_.vocabulary)));
  return Tensor::ids(ids, splits);
}

void Step::run() {
  const Profiled here("step");
  const Training on(random_);
  profiled("clear gradients", [&] { optimizer_.clear_gradients(); });
  const Tensor loss = profiled("forward", [&] {
    const auto state = model_->start(source_);
    const Tensor h = model_->decode(inputs_, *state);
    return cross_entropy(h, model_->output_W(), model_->output_b(), outputs_, recipe_.train.label_smoothing).total;
  });
  backward(loss);
  const double norm = profiled("gradient norm", [&] { return optimizer_.gradient_norm(); });
  profiled("update", [&] { optimizer_.step({.rate = 1e-4, .scale = 1 / std::max(norm, 1.0), .time = ++time_}); });
}

namespace {

Json row_of(const ProfileLine& line, double steps, double whole) {
  Json row = Json::object({{"where", line.path},
                           {"calls", double(line.calls) / steps},
                           {"ms", 1e3 * line.own / steps},
                           {"share %", 100 * line.own / whole}});
  row["GFLOP/s"] = line.cost.flops > 0 ? Json(1e-9 * line.cost.flops / line.own) : Json("");
  row["GB/s"] = line.cost.bytes > 0 ? Json(1e-9 * line.cost.bytes / line.own) : Json("");
  return row;
}

bool longer(const ProfileLine& a, const ProfileLine& b) { return a.own > b.own; }

void add_lines(BenchRows& out, const std::vector<ProfileEvent>& events, double steps) {
  auto lines = summary(events);
  const double whole = lines.front().seconds;
  std::sort(lines.begin(), lines.end(), longer);
  for (const auto& line : lines)
    if (line.own > 0.001 * whole) out.push_back(row_of(line, steps, whole));
}

// Matrix products apart by their sizes; returns their floating-point operations in a step.
double add_products(BenchRows& out, const std::vector<ProfileEvent>& events, double steps, double best) {
  auto lines = summary(events, Sizes::apart);
  std::sort(lines.begin(), lines.end(), longer);
  double flops = 0;
  for (const auto& line : lines) {
    if (line.cost.flops == 0) continue;
    flops += line.cost.flops / steps;
    const double rate = 1e-9 * line.cost.flops / line.own;
    out.push_back(Json::object({{"product", line.path},
                                {"calls", double(line.calls) / steps},
                                {"ms", 1e3 * line.own / steps},
                                {"GFLOP/s", rate},
                                {"% of best", 100 * rate / best}}));
  }
  return flops;
}

}  // namespace

BenchRows bench_step(const BenchOptions& options) {
  const Precision products(resolve_precision(options.precision));
  const double best = best_library_rate(precision(), options.rounds);
  Step step({});
  step.run();
  const Timing timing = time_of(options.rounds, [&] { step.run(); });

  BenchRows out;
  const Profile profile;
  for (int64_t i = 0; i < options.rounds; ++i) step.run();
  const auto events = profile.events();
  if (!options.trace.empty()) write_file(options.trace, chrome_trace(events));
  add_lines(out, events, double(options.rounds));
  const double flops = add_products(out, events, double(options.rounds), best);
  const double limit = 1e-9 * flops / best;
  out.push_back(Json::object({{"precision", name_of(precision())},
                              {"threads", threads()},
                              {"best ms", 1e3 * timing.best},
                              {"median ms", 1e3 * timing.median},
                              {"target tokens/s", double(step.tokens()) / timing.best},
                              {"GFLOP of products", 1e-9 * flops},
                              {"best GFLOP/s", best},
                              {"product limit ms", 1e3 * limit},
                              {"% of limit", 100 * limit / timing.best}}));
  return out;
}

}  // namespace stemma
