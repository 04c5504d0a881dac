// train-small, train-base, train-rnn: steps of train_translator, as `stemma train` makes them.
#include "stemma/bench/process.h"
#include "stemma/bench/products.h"
#include "stemma/bench/sentences.h"
#include "stemma/bench/training_rounds.h"
#include "stemma/bench/workloads.h"
#include "stemma/tasks/translate_training.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

struct Work {
  const char* name;
  std::string model, preset;
  std::vector<std::string> settings;
  int64_t steps;  // a round
};

Recipe recipe_of(const Work& work, const BenchOptions& options) {
  RecipeBuilder builder(work.model, work.preset);
  for (const auto& setting : work.settings) builder.set(setting);
  builder.set("train.precision", options.precision);
  for (const char* never : {"log_every", "validate_every", "checkpoint_every"}) builder.set(never, "1000000000");
  return builder.build();
}

double products_of(const Recipe& recipe, const ParallelBatch& batch, int64_t vocabulary) {
  const PairSums sums = sums_of(batch);
  return recipe.model == "transformer"
             ? products_forward(from_json<Transformer::Config>(recipe.architecture), sums, vocabulary)
             : products_forward(from_json<RnnSearch::Config>(recipe.architecture), sums, vocabulary);
}

// The batches that training will see first, in its order.
std::vector<ParallelBatch> first_batches(const TokenPairs& pairs, const Recipe& recipe, int64_t n) {
  Batches order(pairs, recipe.batch, recipe.train.seed);
  std::vector<ParallelBatch> out;
  while (int64_t(out.size()) < n && order.cursor().epoch == 0) out.push_back(order.next());
  return out;
}

// What both sides must agree upon before their speeds mean anything.
double loss_of_first(const Translator& system, const ParallelBatch& batch) {
  const NoGrad off;
  const double tokens = double(batch.target.ids.size()) + double(batch.target.size());
  return double(system.loss(batch, system.recipe().train.label_smoothing).total.item()) / tokens;
}

BenchRows train(const Work& work, const BenchOptions& options) {
  const Recipe recipe = recipe_of(work, options);
  const Sentences text = read_sentences(options.data);
  Translator system(recipe, text.tokenizer, text.tokenizer);
  const auto batches = first_batches(text.pairs, recipe, 100);
  const Type precision = resolve_precision(options.precision);
  if (!options.out.empty()) {
    system.save_description(options.out);
    save_tensors(join_path(options.out, "model.safetensors"), system.model().params(), {system.architecture(), {}});
    save_batches(join_path(options.out, "batches.safetensors"), batches);
  }
  TrainingRounds rounds(work.name, options, precision, work.steps, loss_of_first(system, batches.at(0)));
  int64_t step = 0;
  const auto tell = [&](const Progress&) {
    const auto& batch = batches[size_t(step++) % batches.size()];
    rounds.step_done(double(batch.target.ids.size()) + double(batch.target.size()),
                     6 * products_of(recipe, batch, text.tokenizer.size()));
  };
  const TemporaryFolder folder;
  if (!rounds.stop())
    train_translator(system, {text.pairs, {}, {}, {}}, folder.path(), false, rounds.stop(), {.progress = tell});
  return rounds.rows();
}

}  // namespace

BenchRows train_small(const BenchOptions& options) {
  return train({"train-small", "", "transformer-small", {}, 4}, options);
}
BenchRows train_base(const BenchOptions& options) {
  return train({"train-base", "", "transformer-base", {}, 1}, options);
}
BenchRows train_rnn(const BenchOptions& options) {
  return train({"train-rnn", "lstm", "", {"attention=additive", "style=bahdanau", "dropout=0.1"}, 2}, options);
}

}  // namespace stemma
