#include "stemma/bench/step.h"

#include <algorithm>

#include "stemma/base/parallel.h"
#include "stemma/base/profile.h"
#include "stemma/bench/breakdown.h"
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

BenchRows bench_step(const BenchOptions& options) {
  const Precision products(resolve_precision(options.precision));
  const double best = best_library_rate(precision(), options.rounds);
  Step step({});
  step.run();
  const Timing timing = time_of(options.rounds, [&] { step.run(); });

  const Profile profile;
  for (int64_t i = 0; i < options.rounds; ++i) step.run();
  Breakdown out = break_down(profile.events(), double(options.rounds), best, options);
  const double limit = out.gflop / best;
  out.rows.push_back(Json::object({{"precision", name_of(precision())},
                                   {"threads", threads()},
                                   {"best ms", 1e3 * timing.best},
                                   {"median ms", 1e3 * timing.median},
                                   {"target tokens/s", double(step.tokens()) / timing.best},
                                   {"GFLOP of products", out.gflop},
                                   {"best GFLOP/s", best},
                                   {"product limit ms", 1e3 * limit},
                                   {"% of limit", 100 * limit / timing.best}}));
  return out.rows;
}

}  // namespace stemma
