#include "stemma/vectors/autotune.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/random.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/supervised.h"

namespace stemma {

// ---- the score -----------------------------------------------------------------------------------------------------
namespace {

bool has_several(const std::vector<TuningDocument>& documents) {
  return std::any_of(documents.begin(), documents.end(), [](const TuningDocument& d) { return d.labels.size() > 1; });
}

}  // namespace

double classifier_score(const VectorModel& model, const std::vector<TuningDocument>& documents) {
  const Classifier classifier(model);
  const bool several = has_several(documents);
  int64_t hits = 0, guesses = 0, truths = 0;
  for (const auto& d : documents) {
    truths += int64_t(d.labels.size());
    const auto found = several ? classifier.predict(d.text, model.lexicon.labels(), 0.5) : classifier.predict(d.text);
    guesses += int64_t(found.size());
    for (const auto& guess : found)
      hits += std::any_of(d.labels.begin(), d.labels.end(),
                          [&](const std::string& label) { return guess.label == str(label_prefix, label); });
  }
  if (!several) return double(hits) / double(std::max<int64_t>(1, truths));
  return 2 * double(hits) / double(std::max<int64_t>(1, guesses + truths));
}

// ---- the search ----------------------------------------------------------------------------------------------------
namespace {

// Proposals around the best options so far.
class Search {
 public:
  Search(const AutotuneOptions& options, bool many_labels, bool several)
      : rng_{Random{options.seed}.stream(0x74756e65)}, bytes_(options.bytes) {
    best_.options = options.first, best_.piece = bytes_ > 0 ? 2 : 0;
    best_.options.rate = first_rate(options.first);
    if (several) best_.options.loss = "each";
    losses_ = several ? std::vector<std::string>{"each"} : std::vector<std::string>{"softmax", "each"};
    if (many_labels && !several) losses_ = {"softmax", "tree", "negatives"};
  }

  // `spent`: share of the budget, which narrows the steps.
  AutotuneTrial next(double spent) {
    if (std::exchange(first_, false)) return best_;
    AutotuneTrial trial{.options = best_.options, .piece = best_.piece};
    VectorOptions& o = trial.options;
    const double width = 1 - 0.75 * std::min(1.0, spent);
    while (trial.options.rate == best_.options.rate && same(trial)) {
      if (chance(0.5)) o.rate = three_digits(std::clamp(o.rate * std::exp2(2 * width * rng_.normal()), 0.01, 5.0));
      if (chance(0.5)) o.epochs = stepped(o.epochs, 2 * width, 1, 100);
      if (chance(0.3)) o.dimension = stepped(o.dimension, width, 2, 500);
      if (chance(0.5))
        o.word_ngrams = std::clamp(o.word_ngrams + int32_t(std::lround(2 * width * rng_.normal())), 1, 5);
      if (chance(0.3 * width)) std::tie(o.min_ngram, o.max_ngram) = ngrams[rng_.below(std::size(ngrams))];
      if (chance(0.3) && o.has_buckets()) o.buckets = stepped(o.buckets, 2 * width, 10'000, 4'000'000);
      if (chance(0.3 * width)) o.loss = losses_[rng_.below(losses_.size())];
      if (chance(0.3) && bytes_ > 0) trial.piece = 1 << (1 + rng_.below(3));
      trial.piece = std::min(trial.piece, o.dimension);
    }
    return trial;
  }
  // True when it is the best of all.
  bool tell(const AutotuneTrial& trial) {
    if (told_ && trial.score <= best_.score) return false;
    best_ = trial, told_ = true;
    return true;
  }
  bool told() const { return told_; }
  const AutotuneTrial& best() const { return best_; }

 private:
  static constexpr std::pair<int32_t, int32_t> ngrams[] = {{0, 0}, {2, 5}, {3, 6}};
  bool chance(double p) { return rng_.uniform() < p; }
  bool same(const AutotuneTrial& t) const {
    const auto key = [](const AutotuneTrial& x) {
      const VectorOptions& o = x.options;
      return std::tie(o.epochs, o.dimension, o.word_ngrams, o.max_ngram, o.buckets, o.loss, x.piece);
    };
    return key(t) == key(best_);
  }
  int32_t stepped(int32_t x, double width, double low, double high) {
    return int32_t(std::lround(std::clamp(x * std::exp2(width * rng_.normal()), low, high)));
  }
  static double three_digits(double x) {
    const double unit = std::pow(10, std::floor(std::log10(x)) - 2);
    return std::round(x / unit) * unit;
  }
  Random rng_;
  int64_t bytes_;
  std::vector<std::string> losses_;
  AutotuneTrial best_;
  bool first_ = true, told_ = false;
};

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Trials {
  const LabelledCorpus& corpus;
  const std::vector<TuningDocument>& valid;
  const AutotuneOptions& options;
  const std::atomic<bool>& stop;
  Clock clock = {};

  bool over() const { return stop || clock.seconds() >= options.seconds; }
  // The model of a trial and its score, or why it failed. The first one is scored even when its time ran out.
  VectorModel model_of(AutotuneTrial& trial, bool first) const {
    const Clock own;
    VectorModel out;
    try {
      out = new_classifier(trial.options, corpus, options.seed);
      VectorRun run{.seed = options.seed, .pause_after = std::max(1e-3, options.seconds - clock.seconds())};
      const bool done = train_classifier(out, corpus, run, stop);
      if (trial.piece > 0) out = compressed(out, {.bytes = options.bytes, .piece = trial.piece});
      if (done || first)
        trial.score = classifier_score(out, valid);
      else
        trial.failed = "the time was over";
    } catch (const Error& error) { trial.failed = error.what(); }
    trial.seconds = own.seconds();
    return out;
  }
};

}  // namespace

Autotuned autotune(const LabelledCorpus& corpus, const std::vector<TuningDocument>& valid,
                   const AutotuneOptions& options, const std::atomic<bool>& stop,
                   const std::function<void(const AutotuneTrial&)>& report) {
  check(std::any_of(valid.begin(), valid.end(), [](const TuningDocument& d) { return !d.labels.empty(); }),
        "autotune: no validation document has a label");
  check(options.seconds > 0 && options.trials >= 0 && options.bytes >= 0,
        "autotune: seconds must be positive, trials and bytes not negative");
  check_options(options.first);
  const Trials trials{corpus, valid, options, stop};
  Search search(options, corpus.labels().size() > 50, corpus.several_labels() || has_several(valid));
  Autotuned out;
  const auto enough = [&] { return options.trials > 0 && int64_t(out.trials.size()) >= options.trials; };
  while (!enough() && (out.trials.empty() || !trials.over())) {
    const double spent = std::max(trials.clock.seconds() / options.seconds,
                                  options.trials > 0 ? double(out.trials.size()) / double(options.trials) : 0);
    auto trial = search.next(spent);
    auto model = trials.model_of(trial, !search.told());
    trial.best = trial.failed.empty() && search.tell(trial);
    if (trial.best) out.model = std::move(model), out.best = trial;
    if (report) report(trial);
    out.trials.push_back(std::move(trial));
  }
  check(search.told(), "autotune: no trial worked: ", out.trials.back().failed);
  return out;
}

}  // namespace stemma
