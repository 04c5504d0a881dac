#include "stemma/vectors/race.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/tensor/scopes.h"

namespace stemma {

namespace {

constexpr int64_t words_between_reports = 100'000;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the threads of a run share.
struct Track {
  const Race& race;
  const VectorRun& run;
  const std::atomic<bool>& stop;
  const std::function<void(const VectorProgress&)>& report;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::atomic<int64_t> next = 0;
  std::mutex mutex = {};
  ChunkResult sum = {};
  int64_t reported = 0;  // words
  double loss = 0;

  int64_t total() const { return race.chunks * race.epochs; }
  double done(int64_t position) const {
    const int64_t epoch = position / race.chunks;
    return (double(epoch) + race.share_before(position % race.chunks)) / double(race.epochs);
  }
  float rate(double done) const { return float(race.rate * std::max(1 - done, 1e-4)); }  // as word2vec's

  // Chunks one after the other, until they end or somebody says so.
  void learn() {
    const ChunkLearner learner = race.learner();
    while (!stop && !(run.pause_after > 0 && seconds_since(start) > run.pause_after)) {
      const int64_t position = next++;
      if (position >= total()) return;
      const auto seed = philox(run.seed, uint64_t(position), 0x766563);
      tell(learner(position, {rate(done(position)), rate(done(position + 1))}, uint64_t(seed[0]) << 32 | seed[1]),
           position);
    }
  }
  void tell(const ChunkResult& result, int64_t position) {
    const std::lock_guard lock(mutex);
    sum.words += result.words, sum.loss_sum += result.loss_sum, sum.losses += result.losses;
    if (sum.words - reported >= words_between_reports) tell_all(position);
  }
  void tell_all(int64_t position) {
    if (!report) return;
    const double seconds = seconds_since(start);
    if (sum.losses > 0) loss = sum.loss_sum / double(sum.losses);
    report({.done = done(position + 1),
            .words = sum.words,
            .seconds = seconds,
            .words_per_second = double(sum.words) / seconds,
            .loss = loss,
            .rate = rate(done(position))});
    reported = sum.words, sum.loss_sum = 0, sum.losses = 0;
  }
};

}  // namespace

int racers() { return deterministic() ? 1 : threads(); }

bool run_race(const Race& race, VectorRun& run, const std::atomic<bool>& stop,
              const std::function<void(const VectorProgress&)>& report) {
  Track track{race, run, stop, report};
  track.next = run.position;
  parallel_for(racers(), 1, [&](int64_t, int64_t) { track.learn(); });
  // Every chunk that a thread took it has finished.
  run.position = std::max(run.position, std::min(track.next.load(), track.total()));
  if (track.sum.words > track.reported) track.tell_all(run.position - 1);
  return run.position == track.total();
}

}  // namespace stemma
