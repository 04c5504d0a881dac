#include "stemma/tasks/language_training.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <numbers>

#include "stemma/base/files.h"
#include "stemma/tasks/place_of_run.h"

namespace stemma {

namespace {

// Batch after batch, and what each hands on to the next: rows of fixed tensors, so that a checkpoint can keep them.
class Learner {
 public:
  Learner(const LanguageSystem& system, const TokenStream& text)
      : system_(system),
        streams_(text, system.recipe().batch, system.recipe().train.accumulate, system.recipe().train.seed) {
    for (const int64_t width : system.model().carried_widths())
      carried_.push_back({str("carried.", carried_.size()), Tensor::zeros(streams_.streams(), width)});
  }
  Streams& streams() { return streams_; }
  const Params& carried() const { return carried_; }

  MicroBatch next() {
    const auto batch = std::make_shared<StreamBatch>(streams_.next());
    const int64_t tokens = batch->streams * batch->length;
    return {[this, batch] { return loss(*batch); }, tokens, tokens};
  }

 private:
  Tensor rows_of(const Tensor& of_all, const StreamBatch& batch) const {
    return of_all.row_view(batch.group * batch.streams, batch.streams);
  }
  Loss loss(const StreamBatch& batch) {
    const auto& model = system_.model();
    std::vector<Tensor> before;
    if (!batch.begins)
      for (const auto& c : carried_) before.push_back(rows_of(c.w, batch).clone());
    const auto state = model.start(before);
    const auto splits = splits_of_lengths(std::vector<int64_t>(size_t(batch.streams), batch.length));
    const Reading reading = model.read(Tensor::ids(batch.ids, splits), *state);
    const auto loss = cross_entropy(reading.hidden, model.output_W(), model.output_b(), Tensor::ids(batch.next),
                                    system_.recipe().train.label_smoothing);
    const auto after = model.carried(*state);
    for (size_t i = 0; i < carried_.size(); ++i) {
      const Tensor rows = rows_of(carried_[i].w, batch);  // what is not finite is not handed on
      if (std::isfinite(loss.nll))
        std::memcpy(rows.raw(), after[i].raw(), size_t(rows.bytes()));
      else
        std::memset(rows.raw(), 0, size_t(rows.bytes()));
    }
    return {reading.penalty ? loss.total + reading.penalty : loss.total, loss.nll, loss.correct};
  }
  const LanguageSystem& system_;
  Streams streams_;
  Params carried_;
};

LanguagePlan make_plan(const LanguageSystem& system, const TokenStream& text, const Streams& streams, Type precision) {
  const LanguageRecipe& r = system.recipe();
  LanguagePlan plan;
  plan.model = r.model, plan.preset = r.preset;
  plan.fill(system.model().params(), r.train, precision);
  plan.vocabulary = system.tokenizer().size();
  plan.tokens = text.size(), plan.words = text.counts().words, plan.unknown = text.counts().unknown;
  plan.epoch_tokens = streams.epoch_tokens(), plan.streams = streams.streams(), plan.length = r.batch.length;
  return plan;
}

Validation validate(const LanguageSystem& system, const TokenStream& text) {
  const LanguageScores s = evaluate(system, text, system.usual_streams());
  return {s.loss, {}, Json::object({{"accuracy", s.accuracy}, {"bits_per_byte", s.bits_per_byte}})};
}

}  // namespace

LanguageScores evaluate(const LanguageSystem& system, const TokenStream& text, int64_t streams) {
  const auto begun = std::chrono::steady_clock::now();
  const Fit fit = system.fit(text.ids(), streams);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  const TextCounts& c = text.counts();
  const double bits = fit.nll / std::numbers::ln2;
  const auto per = [](double sum, int64_t n) { return n ? sum / double(n) : 0; };
  return {.tokens = fit.tokens,
          .words = c.words,
          .characters = c.characters,
          .bytes = c.bytes,
          .unknown = c.unknown,
          .loss = fit.loss(),
          .perplexity = std::exp(fit.loss()),
          .word_perplexity = std::exp(per(fit.nll, c.words)),
          .bits_per_character = per(bits, c.characters),
          .bits_per_byte = per(bits, c.bytes),
          .accuracy = per(double(fit.correct), fit.tokens),
          .seconds = taken.count(),
          .tokens_per_second = double(fit.tokens) / taken.count()};
}

Summary train_language(LanguageSystem& system, const TokenStream& train, const TokenStream& valid,
                       const std::string& directory, bool resume, const std::atomic<bool>& stop,
                       const LanguageCallbacks& calls) {
  const LanguageRecipe& recipe = system.recipe();
  const Deterministic kernels(deterministic() || recipe.train.deterministic);
  const Type precision = resolve_precision(recipe.train.precision);
  const int64_t longest = system.model().longest();
  check(longest == 0 || recipe.batch.length <= longest, "batch.length = ", recipe.batch.length,
        ", but the model has positions for ", longest, " tokens; raise max_positions or lower the length");
  Learner learner(system, train);
  LanguagePlan plan = make_plan(system, train, learner.streams(), precision);
  plan.check_weights();
  {
    Learner one(system, train);
    plan.activation_bytes =
        measure_activations(system.model().params(), precision, [&] { return one.next().loss().total; });
  }
  plan.check_batch(str("--set streams=", std::max<int64_t>(recipe.batch.streams / 2, 1),
                       " with --set accumulate=", 2 * recipe.train.accumulate));
  if (calls.plan) calls.plan(plan);
  system.save_description(directory);

  Work work;
  work.next = [&] { return learner.next(); };
  work.epochs = [&] { return learner.streams().cursor().epoch; };
  work.cursor = [&] { return to_json(learner.streams().cursor()); };
  work.seek = [&](const Json& at) { learner.streams().seek(from_json<StreamCursor>(at, "cursor")); };
  work.carried = learner.carried();
  work.epoch_tokens = learner.streams().epoch_tokens();
  if (valid.size()) work.validate = [&] { return validate(system, valid); };
  Trainer trainer({directory, system.architecture(), precision}, system.model().params(), work, recipe.train);
  if (resume && Trainer::can_resume(directory)) trainer.resume();
  return trainer.run(stop, calls.progress);
}

namespace {

// All options, before the text is read: the model is made once with hardly any vocabulary.
void check_options(const TrainLanguage& request) {
  const LanguageRecipe& r = request.recipe;
  r.validate();
  const std::string needy = r.train.needs_validation();
  check(needy.empty() || !request.valid.empty(), needy, " needs validation text: --valid");
  within_memory(r.train, [&] { return make_language_model(r.model, r.architecture, 4, r.train.seed); });
}

constexpr const char* stream_name = "train.stream";  // the training text as numbers

TokenStream training_text(const TrainLanguage& request, const StreamRequest& wanted, bool continued) {
  const std::string path = join_path(request.out, stream_name);
  if (continued && exists(path))
    check(TokenStream::open(path).fingerprint() == fingerprint(wanted), "the training text in ", request.text[0],
          " is not the one that the run in ", request.out, " began with (size or time of a file differs)");
  TokenStream stream = open_or_build_stream(path, wanted);
  const auto size = int32_t(wanted.tokenizer.size());
  for (const int32_t id : stream.ids())
    check(id >= 0 && id < size, path, ": holds an id outside the vocabulary; remove it to build it again");
  return stream;
}

}  // namespace

Summary train_language(const TrainLanguage& asked, const std::atomic<bool>& stop, const LanguageCallbacks& calls) {
  TrainLanguage request = asked;
  check_options(request);
  request.recipe.train.deterministic |= deterministic();
  request.recipe.train = resolved(request.recipe.train);
  const std::string& out = request.out;
  const bool continued = goes_on<LanguageRecipe>(out, request.resume, request.recipe, load_language_recipe);
  const Tokenizer tokenizer =
      continued ? Tokenizer::load(out) : Tokenizer::train(request.recipe.text, lines_of(request.text));
  LanguageSystem system =
      within_memory(request.recipe.train, [&] { return LanguageSystem(request.recipe, tokenizer); });
  const PlaceOfRun place(out, {stream_name});
  const TokenStream train = training_text(request, {request.text, tokenizer}, continued);
  TokenStream valid;
  if (!request.valid.empty()) {
    valid = read_stream({{request.valid}, tokenizer});
    if (const int64_t n = valid.counts().unknown; n && calls.say)
      calls.say(str(request.valid, ": ", n, " of ", valid.size(), " tokens are not in the vocabulary"));
  }
  return train_language(system, train, valid, out, request.resume, stop, calls);
}

}  // namespace stemma
