#include "stemma/bench/scale.h"

#include <atomic>
#include <cmath>
#include <fstream>
#include <thread>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/bench/rounds.h"
#include "stemma/bench/step.h"
#include "stemma/bench/timing.h"
#include "stemma/data/batches.h"
#include "stemma/tasks/translate_training.h"
#include "stemma/tensor/memory.h"

namespace stemma {

namespace {

constexpr double mib = 1.0 / (1 << 20);

// A row whose first key is `what`; memory that is only there while a step runs is counted apart.
Json step_row(const char* what, int64_t value, const StepShape& shape, const BenchOptions& options) {
  release_free_memory();
  Step step(shape);
  const int64_t kept = memory_use().now;
  step.run();
  reset_memory_peak();
  std::vector<double> seconds;
  for (int64_t i = 0; i < options.rounds; ++i) {
    const Stopwatch watch(options);
    step.run();
    seconds.push_back(watch.seconds());
  }
  const Timing t = timing_of(std::move(seconds));
  return Json::object({{what, value},
                       {"target tokens", step.tokens()},
                       {"best tokens/s", double(step.tokens()) / t.best},
                       {"median tokens/s", double(step.tokens()) / t.median},
                       {"model MiB", double(kept) * mib},
                       {"activation MiB", double(memory_use().peak - kept) * mib}});
}

// ---- corpora --------------------------------------------------------------------------------------------------------
// Words of a made-up language, the frequent ones short (Zipf 1935); each line of it is a pure function of its number.
class Language {
 public:
  explicit Language(uint64_t seed) : random_{seed} {
    constexpr std::string_view parts[] = {"ba", "le", "ni", "sor", "tu", "ka", "mer", "do", "fi", "schen", "ra", "o"};
    for (size_t i = 0; i < size; ++i) {
      std::string word;
      for (size_t k = i + 1; k > 0; k /= std::size(parts)) word += parts[(k + seed) % std::size(parts)];
      words_.push_back(word);
    }
  }
  std::string sentence(uint64_t line) const {
    Random random = random_.stream(line);
    std::string out;
    for (uint64_t n = 5 + random.below(12); n > 0; --n) {
      const double place = std::pow(double(size), double(random.uniform())) - 1;
      out += (out.empty() ? "" : " ") + words_[size_t(place)];
    }
    return out;
  }

 private:
  static constexpr size_t size = 50'000;
  Random random_;
  std::vector<std::string> words_;
};

void write_corpus(const std::string& path, int64_t lines) {
  const Language source(1), target(2);
  AtomicFile file(path);
  constexpr int64_t block = 10'000;
  std::vector<std::string> rows(size_t(block), "");
  for (int64_t done = 0; done < lines; done += block) {
    const int64_t n = std::min(block, lines - done);
    parallel_for(n, 100, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        rows[size_t(i)] = source.sentence(uint64_t(done + i)) + "\t" + target.sentence(uint64_t(done + i)) + "\n";
    });
    for (int64_t i = 0; i < n; ++i) file.write(rows[size_t(i)]);
  }
  file.commit();
}

// Of this process, in MiB: pages of its own (what must fit), and with those of mapped files (which may go at any time).
double status_mib(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return double(std::stoll(line.substr(key.size() + 1))) / 1024;
  return 0;
}
// The most of its own that the process holds while this lives, looked at ten times a second.
class MemoryWatch {
 public:
  MemoryWatch()
      : thread_([this](const std::stop_token& stop) {
          for (; !stop.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(100)))
            most_ = std::max(most_.load(), status_mib("RssAnon:"));
        }) {}
  double most() const { return most_; }

 private:
  std::atomic<double> most_ = 0;
  std::jthread thread_;
};

struct Removed {  // at the end
  std::string path;
  ~Removed() { remove_file(path); }
};

Json corpus_row(int64_t lines, const BenchOptions& options) {
  const std::string folder = options.out.empty() ? "/tmp" : options.out;
  const Removed corpus{join_path(folder, "stemma-scale.tsv")}, shard{join_path(folder, "stemma-scale.shard")};
  options.say(str(lines, " lines: writing"));
  write_corpus(corpus.path, lines);
  const ParallelFiles files{.source = corpus.path, .target = ""};
  const double megabytes = double(file_size(corpus.path)) / 1e6;
  TokenizerOptions text;
  text.training_lines = 100'000;
  const MemoryWatch watch;
  Tokenizer tokenizer;
  const auto took = [&](const char* what, auto&& f) {
    options.say(what);
    const Stopwatch watch(options);
    f();
    return watch.seconds();
  };
  const double learning = took("vocabulary", [&] { tokenizer = Tokenizer::train(text, lines_of(files, Side::both)); });
  const double checking = took("check", [&] { check_corpus(files, tokenizer, tokenizer); });
  TokenPairs pairs;
  const double building = took("shard", [&] {
    pairs = open_or_build_shard(shard.path, {files, tokenizer, tokenizer});
  });
  const double first = took("first batch", [&] { Batches(pairs, {}, 1).next(); });
  return Json::object({{"lines", lines},
                       {"MB", megabytes},
                       {"vocabulary s", learning},
                       {"check MB/s", megabytes / checking},
                       {"shard MB/s", megabytes / building},
                       {"first batch ms", 1e3 * first},
                       {"own memory MiB", watch.most()},
                       {"threads", threads()}});
}

}  // namespace

BenchRows bench_scale(const BenchOptions& options) {
  const Precision products(resolve_precision(options.precision));
  BenchRows out;
  const auto add = [&](const char* what, int64_t value, const StepShape& shape) {
    options.say(str(what, " ", value));
    out.push_back(step_row(what, value, shape, options));
    options.say(out.back().dump());
  };
  for (int64_t n = 16; n <= 4096; n *= 2) add("length", n, {.shortest = n, .longest = n});
  for (int64_t n = 64; n <= 16384; n *= 4) add("batch", n, {.tokens = n});
  for (const int64_t n : {1000, 4000, 16000, 64000, 250000}) add("vocabulary", n, {.vocabulary = n});
  const int all = threads();
  for (int n = 1; n <= all; ++n) {
    set_threads(n);
    add("threads", n, {});
  }
  set_threads(all);
  return out;
}

BenchRows bench_corpora(const BenchOptions& options) {
  BenchRows out;
  for (int64_t lines = 10'000; lines <= 10'000'000; lines *= 10) {
    out.push_back(corpus_row(lines, options));
    options.say(out.back().dump());  // the largest takes long: what is known should not wait for it
  }
  return out;
}

}  // namespace stemma
