#include "stemma/vectors/trainer.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/tensor/scopes.h"
#include "stemma/vectors/learner.h"

namespace stemma {

double first_rate(const VectorOptions& o) { return o.rate > 0 ? o.rate : o.model == "skipgram" ? 0.025 : 0.05; }

VectorModel new_vectors(const VectorOptions& options, const std::vector<WordCount>& words, uint64_t seed) {
  check_options(options);
  VectorModel out;
  out.options = options;
  if (options.max_ngram == 0) out.options.buckets = 0;
  const auto frequent = by_count(words, options.min_count);
  check(frequent.size() > 1, frequent.empty() ? "no word" : "one word alone", " is there ", options.min_count,
        " times or more; give more text or lower min_count");
  out.lexicon = Lexicon(frequent);
  for (const auto& w : words) out.running_words += w.count;
  const int64_t rows = out.lexicon.words() + out.options.buckets, width = options.dimension;
  out.input = VectorTable::uniform(rows, width, 1 / float(width), seed);
  out.output = VectorTable(out.lexicon.words(), width);
  return out;
}

namespace {

// What is known keeps its rows. A tree's inner nodes do not: the tree has changed with the counts.
void copy_rows(const VectorModel& from, VectorModel& to) {
  const auto copy = [](const VectorTable& a, int64_t i, const VectorTable& b, int64_t j) {
    std::copy_n(a.row(i), a.width(), b.row(j));
  };
  const bool outputs = from.output.rows() > 0 && to.options.loss == "negatives";
  for (int32_t i = 0; i < from.lexicon.words(); ++i) {
    const int32_t id = to.lexicon.find(from.lexicon.text(i));
    copy(from.input, i, to.input, id);
    if (outputs) copy(from.output, i, to.output, id);
  }
  for (int64_t i = 0; i < to.options.buckets; ++i)
    copy(from.input, from.lexicon.words() + i, to.input, to.lexicon.words() + i);
}

}  // namespace

VectorModel grown_vectors(const VectorModel& before, const VectorOptions& options, const std::vector<WordCount>& words,
                          uint64_t seed) {
  const VectorOptions& o = before.options;
  check(options.dimension == o.dimension, "the vectors to go on from have dimension ", o.dimension, ", not ",
        options.dimension);
  check(options.max_ngram == 0
            ? o.max_ngram == 0
            : options.max_ngram == o.max_ngram && options.min_ngram == o.min_ngram && options.buckets == o.buckets,
        "the vectors to go on from have n-grams of ", o.min_ngram, " to ", o.max_ngram, " letters in ", o.buckets,
        " buckets; take the same");
  check(!before.input.quantized(), "a quantised model cannot learn");
  check(before.output.rows() == 0 || options.loss == o.loss, "the vectors to go on from were trained with loss ",
        o.loss, ", not ", options.loss);
  std::vector<WordCount> all;
  for (const auto& w : words) {
    const bool known = before.lexicon.find(w.text) >= 0;
    if (!known && w.count >= options.min_count) all.push_back(w);
  }
  const Lexicon now(by_count(words, 1));
  for (int32_t i = 0; i < before.lexicon.words(); ++i) {
    const int32_t id = now.find(before.lexicon.text(i));
    all.push_back({std::string(before.lexicon.text(i)), before.lexicon.count(i) + (id >= 0 ? now.count(id) : 0)});
  }
  VectorOptions again = options;
  again.min_count = 1;  // a known word stays
  VectorModel out = new_vectors(again, all, seed);
  out.options.min_count = options.min_count;
  copy_rows(before, out);
  return out;
}

namespace {

constexpr int64_t words_between_reports = 100'000;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the threads of a run share.
struct Race {
  const LearningPlan& plan;
  const Corpus& corpus;
  const VectorRun& run;
  const std::atomic<bool>& stop;
  const std::function<void(const VectorProgress&)>& report;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::atomic<int64_t> next = 0, words = 0;
  std::mutex mutex = {};
  double loss_sum = 0;
  int64_t losses = 0, reported = 0;

  int64_t total() const { return corpus.chunks() * plan.options.epochs; }
  double done(int64_t position) const {
    const int64_t epoch = position / corpus.chunks();
    return (double(epoch) + corpus.share_before(position % corpus.chunks())) / double(plan.options.epochs);
  }
  float rate(double done) const {  // falls to a ten-thousandth, as word2vec's
    return float(first_rate(plan.options) * std::max(1 - done, 1e-4));
  }

  // Chunks one after the other, until they end or somebody says so.
  void learn() {
    Learner learner(plan);
    while (!stop && !(run.pause_after > 0 && seconds_since(start) > run.pause_after)) {
      const int64_t position = next++;
      if (position >= total()) return;
      const auto text = corpus.chunk(position % corpus.chunks());
      const auto seed = philox(run.seed, uint64_t(position), 0x766563);
      learner.learn(text, {rate(done(position)), rate(done(position + 1))}, uint64_t(seed[0]) << 32 | seed[1]);
      words += int64_t(text.size());
      tell(learner, position);
    }
  }
  void tell(Learner& learner, int64_t position) {
    const std::lock_guard lock(mutex);
    loss_sum += std::exchange(learner.loss_sum, 0), losses += std::exchange(learner.losses, 0);
    if (!report || words - reported < words_between_reports) return;
    const double seconds = seconds_since(start);
    report({.done = done(position + 1),
            .words = words,
            .seconds = seconds,
            .words_per_second = double(words) / seconds,
            .loss = losses > 0 ? loss_sum / double(losses) : 0,
            .rate = rate(done(position))});
    loss_sum = 0, losses = 0, reported = words;
  }
};

}  // namespace

bool train_vectors(VectorModel& model, const Corpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                   const std::function<void(const VectorProgress&)>& report) {
  const LearningPlan plan(model);
  Race race{plan, corpus, run, stop, report};
  race.next = run.position;
  const int64_t before = run.position;
  parallel_for(deterministic() ? 1 : threads(), 1, [&](int64_t, int64_t) { race.learn(); });
  // Every chunk that a thread took it has finished.
  run.position = std::max(before, std::min(race.next.load(), race.total()));
  return run.position == race.total();
}

}  // namespace stemma
