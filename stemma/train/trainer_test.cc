#include "stemma/train/trainer_test.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "stemma/train/checkpoint.h"
#include "stemma/train/log.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::atomic<bool> go_on{false};

Summary train(const std::string& directory, TinyTask& task, const TrainOptions& options,
              const Trainer::Tell& tell = {}) {
  return Trainer({directory, "tiny"}, task.parameters(), task.work(), options).run(go_on, tell);
}

std::vector<Json> log_of(const std::string& directory) { return read_log(join_path(directory, "training.jsonl")); }

TEST(Trainer, Learns) {
  const auto directory = fresh_directory("learns");
  TinyTask task;
  auto options = tiny_options();
  options.epochs = 20;
  const double before = task.loss();
  Progress last;
  const auto summary = train(directory, task, options, [&](const Progress& p) { last = p; });
  EXPECT_NEAR(before, std::log(5.0), 1e-6);
  EXPECT_LT(task.loss(), 0.5);
  EXPECT_EQ(summary.reason, "epochs");
  EXPECT_EQ(summary.step, 200);
  EXPECT_DOUBLE_EQ(summary.best, task.loss());  // the parameters are those of the best model
  EXPECT_EQ(last.step, 200);
  EXPECT_EQ(last.done, 1);
  EXPECT_EQ(last.epoch, 20);

  const auto lines = log_of(directory);
  for (const auto* key :
       {"step", "epoch", "seconds", "loss", "perplexity", "accuracy", "grad_norm", "lr", "tokens_per_second", "memory"})
    EXPECT_TRUE(lines[0][key].is_number()) << key;
  EXPECT_EQ(lines[0]["step"].integer(), 3);
  EXPECT_NEAR(lines[0]["lr"].number(), 0.03, 1e-9);
  EXPECT_EQ(lines.back()["step"].integer(), 200);
  EXPECT_NEAR(lines.back()["valid_perplexity"].number(), std::exp(lines.back()["valid_loss"].number()), 1e-9);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](auto& l) { return l.find("valid_loss") != nullptr; }), 20);
}

TEST(Trainer, MicroBatchesAreOneBatch) {
  std::vector<std::vector<float>> weights;
  for (const int64_t k : {1, 2, 3, 6}) {
    TinyTask task(6 / k);
    task.noise = 0;
    auto options = tiny_options();
    options.optimizer = {.name = "sgd", .momentum = 0.9};
    options.accumulate = k;
    options.steps = 30;
    train(fresh_directory("micro"), task, options);
    weights.push_back(task.model.W.w.values());
    for (size_t i = 0; i < weights[0].size(); ++i) EXPECT_NEAR(weights.back()[i], weights[0][i], 1e-5) << k;
  }
}

TEST(Trainer, ModesAreScopesOfTheRun) {
  TinyTask task;
  auto work = task.work();
  int64_t losses = 0, validations = 0;
  work.next = [&, next = work.next] {
    auto batch = next();
    batch.loss = [&, loss = batch.loss] {
      EXPECT_EQ(precision(), Type::bf16);
      EXPECT_TRUE(recording() && training() != nullptr);
      ++losses;
      return loss();
    };
    return batch;
  };
  work.validate = [&] {
    EXPECT_EQ(precision(), Type::bf16);
    EXPECT_TRUE(!recording() && training() == nullptr);
    ++validations;
    return Validation{1, {}, {}};
  };
  auto options = tiny_options();
  options.steps = 2;
  Trainer({fresh_directory("modes"), "tiny", Type::bf16}, task.parameters(), work, options).run(go_on);
  EXPECT_EQ(losses, 2);
  EXPECT_EQ(validations, 1);
  EXPECT_EQ(precision(), Type::f32);
  EXPECT_EQ(training(), nullptr);
}

TEST(Trainer, ClipsTheGradientPerToken) {
  const auto directory = fresh_directory("clip");
  TinyTask task;
  task.validate = {};
  auto options = tiny_options();
  options.optimizer.name = "sgd";
  options.schedule.warmup = 0;
  options.clip_norm = 0.01f;
  options.steps = options.log_every = 1;
  train(directory, task, options);
  double sum = 0;  // weights began at zero: one step is rate times the clipped gradient
  for (const auto& p : task.parameters())
    for (const float w : p.w.values()) sum += double(w) * w;
  EXPECT_NEAR(std::sqrt(sum), 0.05 * 0.01, 1e-8);
  EXPECT_GT(log_of(directory)[0]["grad_norm"].number(), 0.1);  // before clipping
}

TEST(Trainer, StepsWithoutFiniteGradientAreSkippedAndCounted) {
  const auto directory = fresh_directory("skip");
  TinyTask task;
  task.spoil = [](int64_t given, Tensor& x) {
    if (given == 4 || given == 5) x.data()[0] = std::numeric_limits<float>::quiet_NaN();
    if (given == 8) x.data()[0] = 1e38f, x.data()[1] = -1e38f;
  };
  auto options = tiny_options();
  options.steps = 12;
  options.max_skipped = 3;
  const auto summary = train(directory, task, options);
  EXPECT_GE(summary.skipped, 2);
  EXPECT_EQ(summary.step, 12);
  for (const auto& p : task.parameters())
    for (const float w : p.w.values()) EXPECT_TRUE(std::isfinite(w));
  const auto lines = log_of(directory);
  EXPECT_EQ(lines[1]["step"].integer(), 4);
  EXPECT_EQ(lines[1]["skipped"].integer(), 1);
  EXPECT_EQ(lines[1]["skipped_because"].text(), "the loss is not finite");
  EXPECT_TRUE(lines[1]["loss"].is_null());
}

TEST(Trainer, AGradientThatIsNotFiniteIsSkippedToo) {
  TinyTask task;
  int64_t step = 0;
  auto work = task.work();
  work.next = [&, next = work.next] {
    auto batch = next();
    batch.loss = [&, loss = batch.loss] {
      auto l = loss();
      if (++step != 2) return l;
      const Tensor bad = Tensor::full(5, 8, std::numeric_limits<float>::infinity());
      l.total = record(l.total.clone(), {task.model.W}, [bad](const Tensor&) { return Grads{bad}; });
      return l;
    };
    return batch;
  };
  auto options = tiny_options();
  options.steps = 4;
  Trainer trainer({fresh_directory("gradient"), "tiny"}, task.parameters(), work, options);
  trainer.run(go_on);
  EXPECT_EQ(trainer.state().skipped, 1);
  EXPECT_EQ(trainer.state().updates, 3);
}

TEST(Trainer, StopsWithAnExplanationWhenNothingIsFinite) {
  TinyTask task;
  task.spoil = [](int64_t given, Tensor& x) {
    if (given > 7) x.data()[0] = std::numeric_limits<float>::quiet_NaN();
  };
  const auto directory = fresh_directory("hopeless");
  auto options = tiny_options();
  options.steps = 100;
  options.checkpoint_every = 5;
  EXPECT_THAT([&] { train(directory, task, options); },
              ThrowsMessage<Error>(AllOf(HasSubstr("step 17"), HasSubstr("loss is not finite, 10 steps in a row"))));
  TinyTask again;
  Trainer trainer({directory, "tiny"}, again.parameters(), again.work(), options);
  trainer.resume();  // what was saved is sound
}

// Validations as given; the loss is the i-th of `losses`.
std::function<Validation()> scripted(std::vector<double> losses) {
  return [losses, i = size_t{0}]() mutable {
    const double loss = losses[std::min(i++, losses.size() - 1)];
    return Validation{loss, 10 - loss, Json::object({{"chrf", 2 * loss}})};
  };
}

TEST(Trainer, EarlyStoppingKeepsTheBest) {
  for (const auto* stop_on : {"loss", "bleu"}) {
    const auto directory = fresh_directory("early");
    TinyTask task;
    task.validate = scripted({5, 3, 4, std::nan(""), 3, 1});
    auto options = tiny_options();
    options.validate_every = 2;
    options.early_stopping = 3;
    options.stop_on = stop_on;
    std::vector<std::vector<float>> weights;
    const auto summary = train(directory, task, options, [&](auto&) { weights.push_back(task.model.W.w.values()); });
    EXPECT_EQ(summary.reason, "early stopping");
    EXPECT_EQ(summary.step, 10);
    EXPECT_EQ(summary.best_step, 4);
    EXPECT_EQ(summary.best, stop_on == std::string("loss") ? 3 : 7);
    EXPECT_EQ(task.model.W.w.values(), weights[3]);
    const auto last = log_of(directory).back();
    EXPECT_EQ(last["valid_bleu"].number(), 7);
    EXPECT_EQ(last["valid_chrf"].number(), 6);
    EXPECT_FALSE(last["best"].boolean());
  }
}

TEST(Trainer, PlateauLowersTheRate) {
  const auto directory = fresh_directory("plateau");
  TinyTask task;
  task.validate = scripted({5});
  auto options = tiny_options();
  options.schedule = {.name = "plateau", .rate = 0.08, .warmup = 0, .patience = 0};
  options.validate_every = options.log_every = 1;
  options.steps = 4;
  train(directory, task, options);
  std::vector<double> rates;
  for (const auto& line : log_of(directory)) rates.push_back(line["lr"].number());
  EXPECT_EQ(rates, (std::vector<double>{0.08, 0.08, 0.04, 0.02}));
}

TEST(Trainer, MovingAverageIsWhatIsValidatedAndSaved) {
  const auto directory = fresh_directory("ema");
  TinyTask task;
  std::vector<double> average(40, 0);
  std::vector<float> validated;
  task.validate = [&] {
    validated = task.model.W.w.values();
    EXPECT_FALSE(recording());
    EXPECT_EQ(training(), nullptr);
    return Validation{1, {}, {}};
  };
  auto options = tiny_options();
  options.ema = 0.8;
  options.steps = 25;
  options.validate_every = 25;
  train(directory, task, options, [&](const Progress& p) {
    const double t = double(p.step), decay = std::min(0.8, (1 + t) / (10 + t));
    const auto w = task.model.W.w.values();
    for (size_t i = 0; i < w.size(); ++i) average[i] = decay * average[i] + (1 - decay) * w[i];
  });
  for (size_t i = 0; i < average.size(); ++i) EXPECT_NEAR(validated[i], average[i], 1e-6);
  EXPECT_EQ(task.model.W.w.values(), validated);
}

TEST(Trainer, AverageOfTheLastCheckpoints) {
  const auto directory = fresh_directory("average");
  TinyTask task;
  task.validate = scripted({5, 4, 3, 2});  // the fourth is of the average
  auto options = tiny_options();
  options.steps = 9;
  options.validate_every = 3;
  options.average_checkpoints = 2;
  std::vector<std::vector<float>> weights;
  const auto summary = train(directory, task, options, [&](auto&) { weights.push_back(task.model.W.w.values()); });
  EXPECT_EQ(summary.best, 2);
  const auto mean = task.model.W.w.values();
  for (size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(mean[i], (weights[5][i] + weights[8][i]) / 2, 1e-7);
  EXPECT_FALSE(exists(join_path(directory, "checkpoint-3.safetensors")));
  EXPECT_TRUE(exists(join_path(directory, "checkpoint-6.safetensors")));
  EXPECT_EQ(log_of(directory).back()["averaged"].integer(), 2);
}

TEST(Trainer, WithoutValidationTheLastWeightsAreTheModel) {
  const auto directory = fresh_directory("plain");
  TinyTask task;
  task.validate = {};
  auto options = tiny_options();
  options.steps = 7;
  EXPECT_EQ(train(directory, task, options).reason, "steps");
  TinyTask other;
  load_tensors(join_path(directory, "model.safetensors"), other.parameters(), "tiny");
  EXPECT_EQ(other.model.W.w.values(), task.model.W.w.values());
}

TEST(Trainer, BadOptionsAreNamed) {
  TinyTask task, blind;
  blind.validate = {};
  const auto error = [&](TinyTask& t, void (*change)(TrainOptions&), const char* text) {
    auto options = tiny_options();
    change(options);
    EXPECT_THAT(
        [&] {
          Trainer({"nowhere", "tiny"}, t.parameters(), t.work(), options);
        },
        ThrowsMessage<Error>(HasSubstr(text)));
  };
  error(
      task, [](auto& o) { o.stop_on = "blue"; }, "stop_on: unknown value 'blue' (did you mean 'bleu'?)");
  error(
      task, [](auto& o) { o.accumulate = 0; }, "accumulate = 0: must be at least 1");
  error(
      task, [](auto& o) { o.ema = 1; }, "ema = 1");
  error(
      task, [](auto& o) { o.steps = -5; }, "steps = -5");
  error(
      task, [](auto& o) { o.precision = "f16"; }, "precision: unknown value 'f16'");
  error(
      blind, [](auto& o) { o.early_stopping = 2; }, "early_stopping needs validation data");
}

}  // namespace
}  // namespace stemma
