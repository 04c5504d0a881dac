// A run that is broken off, by Ctrl-C or kill -9 at any moment or a full disk, goes on to the same bits.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "stemma/base/hash.h"
#include "stemma/base/safetensors.h"
#include "stemma/train/log.h"
#include "stemma/train/trainer_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t steps = 24;

TrainOptions options_with_everything(int64_t n) {
  auto o = tiny_options();
  o.steps = n;
  o.schedule = {.name = "plateau", .rate = 0.05, .warmup = 5, .patience = 0, .threshold = 0.1};
  o.accumulate = 2;
  o.ema = 0.9;
  o.validate_every = 4;
  o.checkpoint_every = 3;
  o.average_checkpoints = 2;
  return o;
}

// Trains, from the last checkpoint when there is one.
Summary train(const std::string& directory, int64_t n, const Trainer::Tell& tell = {},
              const std::atomic<bool>& stop = false) {
  TinyTask task;
  Trainer trainer({directory, "tiny"}, task.parameters(), task.work(), options_with_everything(n));
  if (Trainer::can_resume(directory)) trainer.resume();
  return trainer.run(stop, tell);
}

// Everything that must not depend on where the run was broken: bits of tensors, state and log without times.
std::map<std::string, std::string> outcome(const std::string& directory) {
  std::map<std::string, std::string> out;
  const auto timeless = [](Json json) {
    std::erase_if(json.object(), [](auto& member) {
      static const std::set<std::string> times = {"seconds", "step_seconds", "tokens_per_second",
                                                  "source_tokens_per_second", "memory"};
      return times.contains(member.first);
    });
    return json;
  };
  for (const auto* name : {"model.safetensors", "checkpoint-last.safetensors"}) {
    const SafetensorsFile file(join_path(directory, name));
    for (const auto& entry : file.entries()) out[str(name, " ", entry.name)] = str(hash64(entry.bytes));
    const auto state = file.metadata().find("state");
    if (state == file.metadata().end()) continue;
    Json json = timeless(Json::parse(state->second));
    json["window"] = timeless(json["window"]);
    out["state"] = json.dump();
  }
  for (const auto& line : read_log(join_path(directory, "training.jsonl"))) out["log"] += timeless(line).dump() + "\n";
  return out;
}

const std::map<std::string, std::string>& unbroken(int64_t n) {
  static std::map<int64_t, std::map<std::string, std::string>> known;
  if (!known.contains(n)) {
    const auto directory = fresh_directory(str("unbroken", n));
    train(directory, n);
    known[n] = outcome(directory);
  }
  return known[n];
}

TEST(Resume, AfterEveryStepTheSameBits) {
  for (int64_t at = 2; at < steps; ++at) {
    const auto directory = fresh_directory("stopped");
    std::atomic<bool> stop = false;
    const auto first = train(
        directory, steps, [&](const Progress& p) { stop = p.step == at - 1; }, stop);
    EXPECT_EQ(first.reason, "stopped");
    EXPECT_EQ(first.step, at);
    train(directory, steps);
    EXPECT_EQ(outcome(directory), unbroken(steps)) << at;
  }
}

TEST(Resume, StoppedAtOnceOftenTheSameBits) {
  const auto directory = fresh_directory("often");
  Summary summary;
  do {
    std::atomic<bool> soon = false;
    summary = train(
        directory, steps, [&](auto&) { soon = true; }, soon);
  } while (summary.reason == "stopped");
  EXPECT_EQ(outcome(directory), unbroken(steps));
}

TEST(Resume, TimeCountsAcrossRuns) {
  const auto directory = fresh_directory("minutes");
  TinyTask task;
  auto options = tiny_options();
  options.minutes = 1e-5;
  EXPECT_EQ(Trainer({directory, "tiny"}, task.parameters(), task.work(), options).run(false).reason, "minutes");
  Trainer again({directory, "tiny"}, task.parameters(), task.work(), options);
  again.resume();
  const int64_t step = again.state().step;
  EXPECT_EQ(again.run(false).step, step);  // no time is left
}

TEST(Resume, RefusesAnotherArchitectureOrOptimizer) {
  const auto directory = fresh_directory("other");
  train(directory, 3);
  TinyTask task;
  const auto resume = [&](const std::string& architecture, const TrainOptions& options) {
    Trainer({directory, architecture}, task.parameters(), task.work(), options).resume();
  };
  auto options = options_with_everything(3);
  EXPECT_THAT([&] { resume("huge", options); }, ThrowsMessage<Error>(HasSubstr("'tiny', not 'huge'")));
  options.optimizer.name = "adafactor";
  EXPECT_THAT([&] { resume("tiny", options); }, ThrowsMessage<Error>(HasSubstr("'adafactor.row.W' is missing")));
}

TEST(Resume, AfterAFullDiskTheSameBits) {
  const auto directory = fresh_directory("disk");
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto fill_disk = [&](const Progress& p) {
    rlimit low = limit;
    low.rlim_cur = 2000;  // the log still fits for a while, no checkpoint does
    if (p.step == 10) setrlimit(RLIMIT_FSIZE, &low);
  };
  EXPECT_THAT([&] { train(directory, steps, fill_disk); }, ThrowsMessage<Error>(HasSubstr("cannot write")));
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(train(directory, steps).step, steps);
  EXPECT_EQ(outcome(directory), unbroken(steps));
}

// ---- kill -9 -------------------------------------------------------------------------------------------------------
constexpr int64_t many_steps = 300;
constexpr const char *directory_variable = "STEMMA_TEST_TRAIN_DIRECTORY", *pipe_variable = "STEMMA_TEST_TRAIN_PIPE";

// Not a test of its own: the program that the next test starts and kills. Says each step through the pipe.
TEST(Resume, DISABLED_Child) {
  const char *directory = std::getenv(directory_variable), *pipe = std::getenv(pipe_variable);
  if (!directory || !pipe) GTEST_SKIP() << "started by Resume.AfterKillTheSameBits";
  const int out = std::atoi(pipe);
  train(directory, many_steps, [&](auto&) { EXPECT_EQ(::write(out, ".", 1), 1); });
}

// Starts the child, kills it when it has made so many steps (0: never) and returns whether it ended by itself.
bool run_child(const std::string& directory, int64_t kill_after, uint64_t microseconds) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(directory_variable, directory.c_str(), 1);
    ::setenv(pipe_variable, str(ends[1]).c_str(), 1);
    ::close(ends[0]);
    if (!std::freopen("/dev/null", "w", stdout)) ::_exit(126);
    ::execl("/proc/self/exe", "child", "--gtest_filter=Resume.DISABLED_Child", "--gtest_also_run_disabled_tests",
            "--gtest_brief=1", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  char byte;
  for (int64_t n = 0; ::read(ends[0], &byte, 1) == 1;)
    if (++n == kill_after) {
      ::usleep(useconds_t(microseconds));
      ::kill(child, SIGKILL);
    }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
  return !WIFSIGNALED(status);
}

TEST(Resume, AfterKillTheSameBits) {
  const auto directory = fresh_directory("killed");
  Random rng{uint64_t(::getpid())};  // another place in every run of this test
  int kills = 0;
  while (kills < 8 && !run_child(directory, 1 + int64_t(rng.below(30)), rng.below(1000))) ++kills;
  EXPECT_GT(kills, 0);
  EXPECT_TRUE(run_child(directory, 0, 0));
  EXPECT_EQ(outcome(directory), unbroken(many_steps)) << "key " << rng.key;
}

const std::atomic<bool> go_on{false};

// Merity et al. 2018, algorithm 1, with n = 1: validations 3, 2, 1, 2.5 begin the average after the fourth.
TEST(NonMonotone, AveragesFromTheTriggerOn) {
  const auto directory = fresh_directory("non_monotone");
  TinyTask task;
  task.noise = 0;
  std::vector<double> scores = {3, 2, 1, 2.5, 0.5, 0.4};
  std::vector<std::vector<float>> weights, validated;  // after each step; as validated
  size_t at = 0;
  task.validate = [&] {
    validated.push_back(task.model.W.w.values());
    return Validation{scores[at++], {}, {}};
  };
  auto options = tiny_options();
  options.optimizer.name = "sgd", options.schedule.rate = 1;
  options.non_monotone = 1, options.validate_every = 1, options.steps = 6;
  Trainer trainer({directory, "tiny"}, task.parameters(), task.work(), options);
  trainer.run(go_on, [&](const Progress&) { weights.push_back(task.model.W.w.values()); });
  EXPECT_EQ(trainer.state().average_from, 4);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(validated[i], weights[i]) << i;
  for (size_t j = 0; j < weights[4].size(); ++j) {
    EXPECT_NEAR(validated[4][j], weights[4][j], 1e-6);
    EXPECT_NEAR(validated[5][j], (weights[4][j] + weights[5][j]) / 2, 1e-6);
  }
}

// What the work remembers beside its cursor comes back with it.
TEST(Resume, RestoresWhatIsCarried) {
  const auto directory = fresh_directory("carried");
  const auto run = [&](int64_t steps, bool resume) {
    TinyTask task;
    auto options = tiny_options();
    options.steps = steps, options.checkpoint_every = 1;
    auto work = task.work();
    const Tensor seen = Tensor::zeros(1, 1);
    work.carried = {{"carried.seen", seen}};
    work.next = [&, next = work.next] {
      seen.data()[0] += 1;
      return next();
    };
    Trainer trainer({directory, "tiny"}, task.parameters(), work, options);
    if (resume) trainer.resume();
    trainer.run(go_on);
    return seen.item();
  };
  EXPECT_EQ(run(3, false), 3);
  EXPECT_EQ(run(5, true), 5);
}

}  // namespace
}  // namespace stemma
