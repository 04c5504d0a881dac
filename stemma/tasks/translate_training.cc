#include "stemma/tasks/translate_training.h"

#include <algorithm>
#include <queue>

#include "stemma/base/files.h"
#include "stemma/metrics/score.h"
#include "stemma/tasks/evaluation.h"

namespace stemma {

namespace {

// The longest targets that fit into a budget of tokens, or the longest alone; memory for these only.
std::vector<int64_t> longest_pairs(const TokenPairs& pairs, const BatchOptions& options) {
  using Entry = std::pair<int64_t, int64_t>;                            // length with </s>, index
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> kept;  // the shortest on top
  int64_t tokens = 0;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    int64_t length = pairs.target_length(i) + 1;
    if (options.max_length > 0 && std::max(length - 1, pairs.source_length(i)) > options.max_length) {
      if (!options.truncate) continue;
      length = std::min(length, options.max_length + 1);
    }
    if (tokens + length > options.tokens && !kept.empty() && length <= kept.top().first) continue;
    kept.emplace(length, i), tokens += length;
    for (; tokens > options.tokens && kept.size() > 1; kept.pop()) tokens -= kept.top().first;
  }
  std::vector<int64_t> out;
  for (; !kept.empty(); kept.pop()) out.push_back(kept.top().second);
  return out;
}

// Forward and backward of the longest sentences that fit into 1/16 of a batch: what a whole one will need, times 16.
int64_t measure_activations(const Translator& system, const TokenPairs& pairs, Type precision) {
  BatchOptions options = system.recipe().batch;
  options.tokens = std::max<int64_t>(options.tokens / 16, 1);
  std::vector<int64_t> source, target, first;
  const auto index = longest_pairs(pairs, options);
  if (index.empty()) return 0;
  for (const int64_t i : index) source.push_back(pairs.source_length(i)), target.push_back(pairs.target_length(i));
  const auto batches = batches_by_length(source, target, options);
  for (const int64_t i : batches.front()) first.push_back(index[size_t(i)]);
  const ParallelBatch batch = gather(pairs, first, options);
  const int64_t tokens = int64_t(batch.target.ids.size() + batch.target.splits.size());
  const int64_t used = measure_activations(system.model().params(), precision, [&] {
    return system.loss(batch, system.recipe().train.label_smoothing).total;
  });
  return used * system.recipe().batch.tokens / std::max<int64_t>(tokens, 1);
}

TranslationPlan make_plan(const Translator& system, const TranslationData& data, const Batches& batches,
                          Type precision) {
  const Recipe& r = system.recipe();
  TranslationPlan plan;
  plan.model = r.model, plan.preset = r.preset;
  plan.fill(system.model().params(), r.train, precision);
  plan.source_vocabulary = system.source().size(), plan.target_vocabulary = system.target().size();
  plan.pairs = batches.epoch_pairs(), plan.epoch_tokens = batches.epoch_tokens();
  plan.left_out = data.train.size() - plan.pairs;
  plan.batch_tokens = r.batch.tokens, plan.accumulate = r.train.accumulate;
  return plan;
}

}  // namespace

Summary train_translator(Translator& system, const TranslationData& data, const std::string& directory, bool resume,
                         const std::atomic<bool>& stop, const TrainingCallbacks<TranslationPlan>& calls) {
  const Recipe& recipe = system.recipe();
  const Deterministic kernels(deterministic() || recipe.train.deterministic);
  const Type precision = resolve_precision(recipe.train.precision);
  Batches batches(data.train, recipe.batch, recipe.train.seed);
  TranslationPlan plan = make_plan(system, data, batches, precision);
  plan.check_weights();
  plan.activation_bytes = measure_activations(system, data.train, precision);
  plan.check_batch(
      str("--set batch.tokens=", recipe.batch.tokens / 2, " with --set accumulate=", 2 * recipe.train.accumulate));
  if (calls.plan) calls.plan(plan);

  Work work;
  work.next = [&] {
    auto batch = std::make_shared<ParallelBatch>(batches.next());
    MicroBatch out;
    out.target_tokens = int64_t(batch->target.ids.size()) + batch->target.size();
    out.source_tokens = int64_t(batch->source.ids.size());
    out.loss = [&system, batch, smoothing = recipe.train.label_smoothing] { return system.loss(*batch, smoothing); };
    return out;
  };
  work.epochs = [&] { return batches.cursor().epoch; };
  work.cursor = [&] { return to_json(batches.cursor()); };
  work.seek = [&](const Json& at) { batches.seek(from_json<Cursor>(at, "cursor")); };
  work.epoch_tokens = batches.epoch_tokens();
  if (data.valid.size())
    work.validate = [&] {
      const auto fit = system.fit(data.valid);
      Validation v{fit.loss, {}, Json::object({{"accuracy", double(fit.correct) / double(fit.tokens)}})};
      if (!data.valid_source.empty()) {
        DecodeOptions greedy;
        greedy.beam = 1;
        const Json options = Json::object({{"tokenize", bleu_tokenizer(data.valid_target)}});
        v.bleu = score("bleu", system.best(data.valid_source, greedy), {data.valid_target}, options).score;
      }
      return v;
    };
  Trainer trainer({directory, system.architecture(), precision}, system.model().params(), work, recipe.train);
  if (resume && Trainer::can_resume(directory)) trainer.resume();
  return trainer.run(stop, calls.progress);
}

namespace {

struct Tokenizers {
  Tokenizer source, target;
};

Tokenizers load_tokenizers(const Recipe& recipe, const std::string& directory) {
  const auto load = [&](const char* name) { return Tokenizer::load(join_path(directory, name)); };
  if (!recipe.text.joint) return {load("source"), load("target")};
  const Tokenizer both = load("tokenizer");
  return {both, both};
}

Tokenizers train_tokenizers(const TrainFromFiles& request, const TrainingCallbacks<TranslationPlan>& calls) {
  const TextOptions& text = request.recipe.text;
  Tokenizers out;
  if (text.joint) {
    out.source = out.target = Tokenizer::train(text, lines_of(request.train, Side::both));
  } else {
    out.source = Tokenizer::train(text, lines_of(request.train, Side::source));
    out.target = Tokenizer::train(text, lines_of(request.train, Side::target));
  }
  const int64_t max_length = request.recipe.batch.max_length;
  const auto report =
      check_corpus(request.train, out.source, out.target, {.max_length = max_length ? max_length : 256});
  if (calls.say) calls.say(describe(report));
  return out;
}

TranslationData read_data(const TrainFromFiles& request, const Tokenizers& tokenizers, bool continued) {
  const auto& [source, target] = tokenizers;
  const std::string shard = join_path(request.out, "train.shard");
  const ShardRequest wanted{request.train, source, target};
  if (continued && exists(shard))
    check(TokenPairs::open(shard).fingerprint() == fingerprint(wanted), "the training text in ", request.train.source,
          " is not the one that the run in ", request.out, " began with (size or time of a file differs)");
  TranslationData data;
  data.train = open_or_build_shard(shard, wanted);
  if (request.valid.source.empty()) return data;
  data.valid = read_pairs(request.valid, source, target);
  ParallelReader reader(request.valid);
  for (TextPair pair; reader.next(pair);)
    data.valid_source.push_back(pair.source), data.valid_target.push_back(pair.target);
  return data;
}

// All options, before the text is read: the model is made once with hardly any vocabulary.
void check_options(const TrainFromFiles& request) {
  const Recipe& r = request.recipe;
  r.batch.validate(), r.train.validate(), r.decode.validate();
  const std::string needy = r.train.needs_validation();
  check(needy.empty() || !request.valid.source.empty(), needy,
        " needs validation text: --valid-source and --valid-target");
  within_memory(r.train, [&] { return make_model(r.model, r.architecture, {4, r.text.joint ? 4 : 5}, r.train.seed); });
}

}  // namespace

Summary train_from_files(const TrainFromFiles& asked, const std::atomic<bool>& stop,
                         const TrainingCallbacks<TranslationPlan>& calls) {
  TrainFromFiles request = asked;
  check_options(request);
  request.recipe.train.deterministic |= deterministic();
  request.recipe.train = resolved(request.recipe.train);
  const std::string& out = request.out;
  const bool continued = goes_on<Recipe>(out, request.resume, request.recipe, load_recipe);
  const auto tokenizers = continued ? load_tokenizers(request.recipe, out) : train_tokenizers(request, calls);
  Translator system = within_memory(request.recipe.train,
                                    [&] { return Translator(request.recipe, tokenizers.source, tokenizers.target); });
  system.save_description(out);
  const TranslationData data = read_data(request, tokenizers, continued);
  return train_translator(system, data, out, request.resume, stop, calls);
}

}  // namespace stemma
