#include "stemma/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/profile.h"
#include "stemma/ops/update.h"
#include "stemma/tensor/memory.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

constexpr std::string_view model_file = "model.safetensors", last_file = "checkpoint-last.safetensors",
                           log_file = "training.jsonl", stopped = "stopped";
std::string kept_file(int64_t step) { return str("checkpoint-", step, ".safetensors"); }

// The weights are their moving average while it lives.
class Swapped {
 public:
  Swapped(const Params& a, const Params& b) : a_(a), b_(b) { swap(); }
  ~Swapped() { swap(); }
  Swapped(const Swapped&) = delete;
  Swapped& operator=(const Swapped&) = delete;

 private:
  void swap() {
    for (size_t i = 0; i < b_.size(); ++i) {
      float* a = a_[i].w.data();
      std::swap_ranges(a, a + a_[i].w.size(), b_[i].w.data());
    }
  }
  const Params &a_, &b_;
};

void add_validation(Json& line, const Validation& v, bool best) {
  line["valid_loss"] = v.loss;
  line["valid_perplexity"] = std::exp(v.loss);
  if (v.bleu) line["valid_bleu"] = *v.bleu;
  if (v.score) line["valid_score"] = *v.score;
  if (v.extra.is_object())
    for (const auto& [key, value] : v.extra.object()) line["valid_" + key] = value;
  line["best"] = best;
}

}  // namespace

void TrainOptions::validate() const {
  const auto at_least = [](auto value, auto least, std::string_view name) {
    check(value >= least, name, " = ", value, ": must be at least ", least);
  };
  check_schedule(schedule);
  const Optimizer knows(Params{}, optimizer);
  at_least(clip_norm, 0.0f, "clip_norm");
  at_least(accumulate, int64_t{1}, "accumulate");
  at_least(log_every, int64_t{1}, "log_every");
  at_least(max_skipped, int64_t{1}, "max_skipped");
  for (const auto& [value, name] : {std::pair{steps, "steps"},
                                    {epochs, "epochs"},
                                    {validate_every, "validate_every"},
                                    {checkpoint_every, "checkpoint_every"},
                                    {keep_checkpoints, "keep_checkpoints"},
                                    {average_checkpoints, "average_checkpoints"},
                                    {non_monotone, "non_monotone"},
                                    {early_stopping, "early_stopping"}})
    at_least(value, int64_t{0}, name);
  at_least(minutes, 0.0, "minutes");
  check(ema >= 0 && ema < 1, "ema = ", ema, ": must be at least 0 and below 1");
  check(ema == 0 || non_monotone == 0, "ema, non_monotone: both average the weights; choose one");
  check_choice("stop_on", stop_on, {"loss", "bleu", "score"});
  check_choice("precision", precision, {"auto", "f32", "bf16"});
  check(label_smoothing >= 0 && label_smoothing < 1, "label_smoothing = ", label_smoothing, ": must be in [0, 1)");
}

std::string TrainOptions::needs_validation() const {
  return early_stopping > 0           ? "early_stopping"
         : non_monotone > 0           ? "non_monotone"
         : schedule.name == "plateau" ? "schedule.name = plateau"
                                      : "";
}

Trainer::Trainer(Place place, Params params, Work work, const TrainOptions& options)
    : place_(std::move(place)),
      work_(std::move(work)),
      options_(options),
      optimizer_(std::move(params), options.optimizer),
      dropout_(Random{options.seed}.stream(hash64("dropout"))) {
  options_.validate();
  const std::string needy = options_.needs_validation();
  check(work_.validate || needy.empty(), needy, " needs validation data");
  options_.keep_checkpoints = std::max(options_.keep_checkpoints, options_.average_checkpoints);
  if (options_.ema > 0 || options_.non_monotone > 0)
    for (const auto& [name, w] : optimizer_.params()) ema_.push_back({"ema." + name, w.clone()});
}

std::string Trainer::file(std::string_view name) const { return join_path(place_.directory, name); }

Params Trainer::everything() const {
  Params all = optimizer_.params();
  all.insert(all.end(), optimizer_.state().begin(), optimizer_.state().end());
  all.insert(all.end(), ema_.begin(), ema_.end());
  all.insert(all.end(), work_.carried.begin(), work_.carried.end());
  return all;
}

int64_t Trainer::bytes() const { return optimizer_.bytes() + count(ema_) * bytes_of(Type::f32); }

bool Trainer::can_resume(const std::string& directory) { return exists(join_path(directory, last_file)); }

void Trainer::resume() {
  const auto path = file(last_file);
  const Json saved = load_tensors(path, everything(), place_.architecture);
  check(saved.is_object(), path, ": holds weights only, not the state of a training run");
  state_ = from_json<TrainState>(saved, str(path, ": state"));
  dropout_.position = state_.dropout;
  work_.seek(state_.cursor);
}

// ---- one step -------------------------------------------------------------------------------------------------------
// Sums of loss and gradient over all micro-batches; the scale of the update makes them means over all target tokens.
Trainer::Stepped Trainer::step() {
  const Profiled here("step");
  ++state_.step;
  const int64_t epoch = work_.epochs();
  profiled("clear gradients", [&] { optimizer_.clear_gradients(); });
  TrainState::Window sums;
  for (int64_t i = 0; i < options_.accumulate; ++i) {
    const auto batch = profiled("batch", work_.next);
    sums.target_tokens += batch.target_tokens, sums.source_tokens += batch.source_tokens;
    if (!std::isfinite(sums.loss)) continue;  // only the place in the data moves on
    const auto loss = profiled("forward", batch.loss);
    sums.loss += double(loss.total.item()), sums.nll += loss.nll, sums.correct += loss.correct;
    if (std::isfinite(sums.loss)) backward(loss.total);
  }
  check(sums.target_tokens > 0, "step ", state_.step, " has no target tokens");
  const auto tokens = double(sums.target_tokens);
  state_.target_tokens += sums.target_tokens, state_.source_tokens += sums.source_tokens;
  Stepped s;
  s.rate = learning_rate(options_.schedule, state_.step, state_.plateau, epoch);
  if (!std::isfinite(sums.loss)) return skip(s, "the loss is not finite");
  s.gradient_norm = profiled("gradient norm", [&] { return optimizer_.gradient_norm(); }) / tokens;
  if (!std::isfinite(s.gradient_norm)) return skip(s, "the gradient is not finite");
  state_.skipped_in_a_row = 0;
  const double clip = options_.clip_norm;  // Pascanu et al. 2013, algorithm 1
  const double shrink = clip > 0 && s.gradient_norm > clip ? clip / s.gradient_norm : 1;
  profiled("update", [&] { optimizer_.step({.rate = s.rate, .scale = shrink / tokens, .time = ++state_.updates}); });
  move_averages();
  auto& w = state_.window;
  w.loss += sums.loss, w.nll += sums.nll, w.correct += sums.correct, w.gradient_norm += s.gradient_norm, ++w.steps;
  w.target_tokens += sums.target_tokens, w.source_tokens += sums.source_tokens;
  return s;
}

// ema forgets faster at first, so that it does not remember the initial weights; non_monotone: the mean since it began.
void Trainer::move_averages() {
  if (averaged().empty()) return;
  const auto t = double(state_.updates), since = double(state_.updates - state_.average_from);
  const double decay = options_.ema > 0 ? std::min(options_.ema, (1 + t) / (10 + t)) : 1 - 1 / since;
  for (size_t i = 0; i < ema_.size(); ++i) move_average(ema_[i].w, optimizer_.params()[i].w, float(decay));
}

const Params& Trainer::averaged() const {
  static const Params none;
  return options_.ema > 0 || state_.average_from > 0 ? ema_ : none;
}

// Merity et al. 2018, algorithm 1. Until the next update the average is the weights themselves.
void Trainer::consider_averaging(double score) {
  const auto n = options_.non_monotone;
  if (n == 0 || state_.average_from > 0) return;
  auto& before = state_.scores;
  if (int64_t(before.size()) > n && score > *std::min_element(before.begin(), before.end() - n)) {
    state_.average_from = state_.updates;
    for (size_t i = 0; i < ema_.size(); ++i) move_average(ema_[i].w, optimizer_.params()[i].w, 0);
  }
  before.push_back(score);
}

Trainer::Stepped Trainer::skip(Stepped s, const char* why) {
  ++state_.skipped, ++state_.skipped_in_a_row;
  check(state_.skipped_in_a_row < options_.max_skipped, "training stopped at step ", state_.step, ": ", why, ", ",
        state_.skipped_in_a_row, " steps in a row; lower schedule.rate, lengthen schedule.warmup or lower clip_norm, ",
        "and resume from the last checkpoint");
  s.skipped = why;
  return s;
}

// ---- validation and files ------------------------------------------------------------------------------------------
// Of the weights as they are now; the best so far become the model.
Trainer::Validated Trainer::measure() {
  const NoGrad off;
  const Evaluating on;
  Validated v{work_.validate()};
  const auto& by = options_.stop_on == "bleu" ? v.validation.bleu : v.validation.score;
  check(options_.stop_on == "loss" || by, "stop_on = ", options_.stop_on, ", but validation measures no ",
        options_.stop_on);
  v.score = options_.stop_on == "loss" ? v.validation.loss : -*by;
  v.best = std::isfinite(v.score) && (state_.best_step == 0 || v.score < state_.best);
  if (v.best) {
    state_.best = v.score, state_.best_step = state_.step;
    save_model();
  }
  return v;
}

Trainer::Validated Trainer::validate() {
  const auto judge = [&] {
    const Swapped average(optimizer_.params(), averaged());
    return measure();
  };
  const auto v = judge();
  state_.waited = v.best ? 0 : state_.waited + 1;
  state_.plateau = after_validation(options_.schedule, state_.plateau, v.score);
  consider_averaging(v.score);
  return v;
}

void Trainer::save_model() { save_tensors(file(model_file), optimizer_.params(), {place_.architecture, {}}); }

// checkpoint-last names the kept files, so they are written before it and removed after it. What Ctrl-C saves is not
// kept, so that the average at the end does not depend on it.
void Trainer::save_checkpoint(Keep keep) {
  if (!work_.validate) {
    const Swapped average(optimizer_.params(), averaged());
    save_model();
  }
  auto& kept = state_.kept;
  if (keep == Keep::yes && options_.keep_checkpoints > 0) {
    save_tensors(file(kept_file(state_.step)), optimizer_.params(), {place_.architecture, {}});
    kept.push_back(state_.step);
  }
  const auto extra = kept.begin() + std::max<int64_t>(0, int64_t(kept.size()) - options_.keep_checkpoints);
  const std::vector<int64_t> gone(kept.begin(), extra);
  kept.erase(kept.begin(), extra);
  state_.seconds = seconds(), state_.cursor = work_.cursor(), state_.dropout = dropout_.position;
  save_tensors(file(last_file), everything(), {place_.architecture, to_json(state_)});
  for (const int64_t step : gone) remove_file(file(kept_file(step)));
}

// The mean of the last kept checkpoints (Vaswani et al. 2017, section 6.1), which becomes the model when it is better.
void Trainer::try_average(TrainingLog& log) {
  const auto n = std::min(size_t(options_.average_checkpoints), state_.kept.size());
  if (n < 2) return;
  std::vector<std::string> files;
  for (auto step = state_.kept.end() - int64_t(n); step != state_.kept.end(); ++step)
    files.push_back(file(kept_file(*step)));
  load_average(files, optimizer_.params(), place_.architecture);
  if (!work_.validate) return save_model();
  const auto v = measure();
  Json line = Json::object({{"step", state_.step}, {"epoch", epoch()}, {"seconds", seconds()}, {"averaged", n}});
  add_validation(line, v.validation, v.best);
  log.write(line);
}

// ---- the loop ------------------------------------------------------------------------------------------------------
double Trainer::seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

double Trainer::epoch() const {
  return work_.epoch_tokens > 0 ? double(state_.target_tokens) / double(work_.epoch_tokens) : double(work_.epochs());
}

// Why to end; empty: go on.
std::string Trainer::limit(bool stop) const {
  const auto& o = options_;
  if (o.steps > 0 && state_.step >= o.steps) return "steps";
  if (o.epochs > 0 && work_.epochs() >= o.epochs) return "epochs";
  if (o.minutes > 0 && seconds() >= o.minutes * 60) return "minutes";
  if (o.early_stopping > 0 && state_.waited >= o.early_stopping) return "early stopping";
  return stop ? std::string(stopped) : "";
}

Progress Trainer::progress(const Stepped& s, const std::optional<Validated>& v) const {
  const auto& w = state_.window;
  const auto tokens = double(w.target_tokens);
  Progress p{.step = state_.step,
             .skipped = state_.skipped,
             .epoch = epoch(),
             .seconds = seconds(),
             .loss = w.loss / tokens,
             .perplexity = std::exp(w.nll / tokens),
             .gradient_norm = w.gradient_norm / double(w.steps),
             .rate = s.rate,
             .tokens_per_second = tokens / w.seconds};
  const auto share = [&](double part, double whole) {
    if (whole > 0) p.done = std::max(p.done, std::min(1.0, part / whole));
  };
  share(double(p.step), double(options_.steps));
  share(p.epoch, double(options_.epochs));
  share(p.seconds, options_.minutes * 60);
  if (v) p.validation = v->validation, p.best = v->best;
  return p;
}

Json Trainer::line(const Stepped& s, const Progress& p) const {
  const auto& w = state_.window;
  Json line = Json::object({{"step", p.step},
                            {"epoch", p.epoch},
                            {"seconds", p.seconds},
                            {"loss", p.loss},
                            {"perplexity", p.perplexity},
                            {"accuracy", double(w.correct) / double(w.target_tokens)},
                            {"grad_norm", p.gradient_norm},
                            {"lr", p.rate},
                            {"tokens_per_second", p.tokens_per_second},
                            {"source_tokens_per_second", double(w.source_tokens) / w.seconds},
                            {"memory", memory_use().peak}});
  if (p.skipped > 0) line["skipped"] = p.skipped;
  if (s.skipped) line["skipped_because"] = s.skipped;
  if (p.validation) add_validation(line, *p.validation, p.best);
  return line;
}

bool Trainer::every(int64_t steps) const { return steps > 0 && state_.step % steps == 0; }

// One step and all that is due after it. Says why to end; empty: go on.
std::string Trainer::advance(TrainingLog& log, const std::atomic<bool>& stop, const Tell& tell) {
  const int64_t epochs = work_.epochs();
  const double before = seconds();
  const auto s = step();
  const double taken = seconds() - before;
  state_.step_seconds += taken, state_.window.seconds += taken;

  const bool due = options_.validate_every > 0 ? every(options_.validate_every) : work_.epochs() > epochs;
  std::string reason = limit(stop);
  const bool last = !reason.empty() && reason != stopped;
  std::optional<Validated> v;
  if (work_.validate && (due || last)) v = validate();
  if (v && reason.empty()) reason = limit(stop);

  const auto now = progress(s, v);
  if (v || last || s.skipped || every(options_.log_every)) {
    log.write(line(s, now));
    state_.window = {};
  }
  const bool regular = last || (options_.checkpoint_every > 0 ? every(options_.checkpoint_every) : due);
  if (regular || !reason.empty()) save_checkpoint(regular ? Keep::yes : Keep::no);
  if (tell) tell(now);
  return reason;
}

Summary Trainer::run(const std::atomic<bool>& stop, const Tell& tell) {
  make_directories(place_.directory);
  if (state_.step == 0) remove_file(file(model_file)), remove_file(file(last_file));
  TrainingLog log(file(log_file), state_.step);
  const Training on(dropout_);
  const Precision products(place_.precision);
  begun_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(state_.seconds));
  std::string reason = limit(stop);
  while (reason.empty()) reason = advance(log, stop, tell);
  if (reason != stopped) try_average(log);
  if (!exists(file(model_file))) {
    const Swapped average(optimizer_.params(), averaged());
    save_model();
  }
  load_tensors(file(model_file), optimizer_.params(), place_.architecture);
  return {.reason = reason,
          .step = state_.step,
          .skipped = state_.skipped,
          .best_step = state_.best_step,
          .seconds = seconds(),
          .tokens_per_second = double(state_.target_tokens) / std::max(state_.step_seconds, 1e-9),
          .best = options_.stop_on == "loss" ? state_.best : -state_.best};
}

}  // namespace stemma
