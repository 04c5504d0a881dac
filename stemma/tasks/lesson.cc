#include "stemma/tasks/lesson.h"

#include <algorithm>
#include <numeric>

namespace stemma {

namespace {

// A batch of the dearest examples: what memory must be there for. An eighth of it is measured.
int64_t measure_batch(const Lesson& lesson, const ExampleOptions& batch, Type precision) {
  const auto order = dearest_first(lesson.examples, lesson.cost);
  const auto first = [&](int64_t examples, int64_t tokens) {
    return cut_into_batches(order, {.source = tokens, .examples = examples}, lesson.cost).front();
  };
  const auto tokens = [&](const std::vector<int64_t>& of) {
    int64_t sum = 0;
    for (const int64_t i : of) sum += std::max<int64_t>(lesson.cost(i).source, 1);
    return sum;
  };
  const auto part = first(std::max<int64_t>(batch.examples / 8, 1), batch.tokens / 8);
  const int64_t used = measure_activations(lesson.params, precision, [&] { return lesson.loss(part).total; });
  return int64_t(double(used) * double(tokens(first(batch.examples, batch.tokens))) / double(tokens(part)));
}

// Where a run stands in its examples, and what tells them from others.
struct PlaceInExamples {
  Cursor order;
  std::string fingerprint;
  FIELDS(order, fingerprint)
};

}  // namespace

Summary learn(const Lesson& lesson, const TaskRecipe& recipe, const std::string& directory, bool resume,
              const std::atomic<bool>& stop, const TaskCallbacks& calls) {
  const Deterministic kernels(deterministic() || recipe.train.deterministic);
  const Type precision = resolve_precision(recipe.train.precision);
  const ExampleOptions batch = recipe.batch.fitted(lesson.examples);
  const Budget budget{.source = batch.tokens, .examples = batch.examples};
  check(lesson.examples > 0, "nothing to learn from");
  TaskPlan plan = lesson.plan;
  plan.preset = recipe.preset, plan.encoder = recipe.encoder, plan.model = str(plan.task, " by ", recipe.encoder);
  plan.fill(lesson.params, recipe.train, precision);
  plan.examples = lesson.examples;
  int64_t targets = 0;
  for (int64_t i = 0; i < lesson.examples; ++i)
    plan.epoch_tokens += lesson.cost(i).source, targets += lesson.cost(i).target;
  plan.check_weights();
  plan.activation_bytes = measure_batch(lesson, batch, precision);
  plan.check_batch(str("--set batch.examples=", std::max<int64_t>(1, batch.examples / 2),
                       " with --set accumulate=", 2 * recipe.train.accumulate));
  if (calls.plan) calls.plan(plan);
  make_directories(directory);
  lesson.save();
  save_task_recipe(recipe, plan.task, directory);

  TrainingOrder order({lesson.examples, lesson.cost}, budget, batch.window, recipe.train.seed);
  Work work;
  work.next = [&] {
    const auto batch = std::make_shared<std::vector<int64_t>>(order.next());
    MicroBatch out;
    for (const int64_t i : *batch) {
      const auto cost = lesson.cost(i);
      out.source_tokens += cost.source, out.target_tokens += cost.target;
    }
    out.loss = [&lesson, batch] { return lesson.loss(*batch); };
    return out;
  };
  work.epochs = [&] { return order.cursor().epoch; };
  const std::string examples = str(lesson.fingerprint);
  work.cursor = [&] { return to_json(PlaceInExamples{order.cursor(), examples}); };
  work.seek = [&](const Json& at) {
    const auto place = from_json<PlaceInExamples>(at, "cursor");
    check(place.fingerprint == examples, "the training examples are not those that the run in ", directory,
          " began with; give it the same file, or choose another --out");
    order.seek(place.order);
  };
  work.validate = lesson.validate;
  work.epoch_tokens = targets;
  Trainer trainer({directory, lesson.architecture, precision}, lesson.params, work, recipe.train);
  if (resume && Trainer::can_resume(directory)) trainer.resume();
  return trainer.run(stop, calls.progress);
}

void in_batches(int64_t examples, const std::function<TokenCost(int64_t)>& cost,
                const std::function<void(std::span<const int64_t>)>& f) {
  const NoGrad off;
  const Evaluating on;
  const Deterministic kernels;
  const Precision products(Type::f32);
  for (const auto& batch : cut_into_batches(dearest_first(examples, cost), {.source = 8192, .examples = 256}, cost))
    f(batch);
}

}  // namespace stemma
