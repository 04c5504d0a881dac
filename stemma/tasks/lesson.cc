#include "stemma/tasks/lesson.h"

#include <algorithm>
#include <numeric>

#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

// A batch of the dearest examples: what memory must be there for.
int64_t measure_batch(const Lesson& lesson, const ExampleOptions& batch, Type precision) {
  auto order = dearest_first(lesson.examples, lesson.cost);
  order.resize(std::min<size_t>(order.size(), size_t(std::max<int64_t>(batch.examples / 8, 1))));
  const auto part = cut_into_batches(order, {.source = batch.tokens, .examples = batch.examples}, lesson.cost).front();
  const int64_t used = measure_activations(lesson.params, precision, [&] { return lesson.loss(part).total; });
  return used * batch.examples / int64_t(part.size());
}

}  // namespace

Summary learn(const Lesson& lesson, const TaskRecipe& recipe, const std::string& directory, bool resume,
              const std::atomic<bool>& stop, const TaskCallbacks& calls) {
  const Deterministic kernels(deterministic() || recipe.train.deterministic);
  const Type precision = resolve_precision(recipe.train.precision);
  const Budget budget{.source = recipe.batch.tokens, .examples = recipe.batch.examples};
  check(lesson.examples > 0, "nothing to learn from");
  TaskPlan plan = lesson.plan;
  plan.preset = recipe.preset, plan.encoder = recipe.encoder, plan.model = str(plan.task, " by ", recipe.encoder);
  plan.fill(lesson.params, recipe.train, precision);
  plan.examples = lesson.examples;
  int64_t targets = 0;
  for (int64_t i = 0; i < lesson.examples; ++i)
    plan.epoch_tokens += lesson.cost(i).source, targets += lesson.cost(i).target;
  plan.check_weights();
  plan.activation_bytes = measure_batch(lesson, recipe.batch, precision);
  plan.check_batch(str("--set batch.examples=", std::max<int64_t>(1, recipe.batch.examples / 2),
                       " with --set accumulate=", 2 * recipe.train.accumulate));
  if (calls.plan) calls.plan(plan);

  TrainingOrder order({lesson.examples, lesson.cost}, budget, recipe.batch.window, recipe.train.seed);
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
  work.cursor = [&] { return to_json(order.cursor()); };
  work.seek = [&](const Json& at) { order.seek(from_json<Cursor>(at, "cursor")); };
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

int64_t begin_with_vectors(const std::string& file, const Lexer& lexer, const std::vector<std::string>& embeddings,
                           const Params& params) {
  const VectorModel vectors = load_vectors(file);
  int64_t known = 0;
  bool found = false;
  for (const auto& p : params) {
    if (std::find(embeddings.begin(), embeddings.end(), p.name) == embeddings.end()) continue;
    found = true, known = 0;
    check(p.w.cols() == vectors.dimension(), "the vectors in ", file, " have ", vectors.dimension(),
          " numbers, but embedding = ", p.w.cols(), "; --set embedding=", vectors.dimension());
    for (int32_t id = eos_id + 1; id < lexer.size(); ++id) {
      if (!vectors.knows(lexer.piece(id))) continue;
      const auto v = vectors.word_vector(lexer.piece(id));
      std::copy(v.begin(), v.end(), p.w.data() + int64_t(id) * p.w.cols());
      ++known;
    }
  }
  check(found, "the encoder has no embedding of words that could begin with the vectors in ", file);
  return known;
}

}  // namespace stemma
