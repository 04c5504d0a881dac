// The training loop: accumulate, clip, update, log, validate, save, resume. What is trained comes in as functions; the
// trainer knows neither data nor text nor models.
//
// The directory holds: model.safetensors (the best weights so far), checkpoint-last.safetensors (all that resuming
// needs, in one file), checkpoint-STEP.safetensors (the kept ones, weights only), training.jsonl (the log).
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/nn/module.h"
#include "stemma/train/log.h"
#include "stemma/train/optimizer.h"
#include "stemma/train/schedule.h"

namespace stemma {

struct TrainOptions {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  float clip_norm = 1;              // of the gradient per token; 0: not clipped
  float label_smoothing = 0.1f;     // read by the task
  int64_t accumulate = 1;           // micro-batches a step
  int64_t steps = 0, epochs = 0;    // whichever limit comes first; 0: none
  double minutes = 0;               // time in `run`, across resumes
  int64_t log_every = 10;           // steps
  int64_t validate_every = 0;       // steps; 0: after each epoch
  int64_t checkpoint_every = 0;     // steps; 0: after each validation
  int64_t keep_checkpoints = 0;     // checkpoint-STEP files kept, the last ones; at least average_checkpoints
  int64_t average_checkpoints = 0;  // at the end the mean of the last so many is tried; 0: not
  double ema = 0;  // decay of the moving average of the weights, which then is what is validated; 0: none
  // n: once a validation is worse than the best of those more than n before it, the mean of all weights since then is
  // what is validated (NT-ASGD, Merity et al. 2018, algorithm 1); 0: not
  int64_t non_monotone = 0;
  int64_t early_stopping = 0;      // validations in a row without a new best; 0: never
  std::string stop_on = "loss";    // loss | bleu | score (of the task): what is best
  int64_t max_skipped = 10;        // steps in a row without a finite gradient before giving up
  std::string precision = "auto";  // auto | f32 | bf16; this and the next are for who makes the trainer
  bool deterministic = false;      // kernels whose sums depend on neither batch nor threads
  uint64_t seed = 1;
  FIELDS(optimizer, schedule, clip_norm, label_smoothing, accumulate, steps, epochs, minutes, log_every, validate_every,
         checkpoint_every, keep_checkpoints, average_checkpoints, ema, non_monotone, early_stopping, stop_on,
         max_skipped, precision, deterministic, seed)
  void validate() const;                 // Error naming the option
  std::string needs_validation() const;  // the option that does; empty: none
};

struct Loss {
  Tensor total;         // [1, 1]: the sum over target tokens, on the tape
  double nll = 0;       // the same without smoothing
  int64_t correct = 0;  // target tokens that were the most likely
};
struct MicroBatch {
  std::function<Loss()> loss;  // called once, in a Training scope
  int64_t target_tokens = 0, source_tokens = 0;
};
struct Validation {
  double loss = 0;                   // per target token, without smoothing
  std::optional<double> bleu;        // must be there for stop_on = bleu
  Json extra = {};                   // an object: logged as valid_KEY
  std::optional<double> score = {};  // the higher the better; must be there for stop_on = score
};
// What is trained, as functions.
struct Work {
  std::function<MicroBatch()> next;       // endless, epoch after epoch
  std::function<int64_t()> epochs;        // how many epochs are complete with what `next` has given
  std::function<Json()> cursor;           // the place of the micro-batch to come ...
  std::function<void(const Json&)> seek;  // ... and back to it
  std::function<Validation()> validate;   // in NoGrad, without Training; empty: none
  Params carried{};                       // what it remembers beside its cursor: kept in checkpoints, filled by resume
  int64_t epoch_tokens = 0;               // target tokens of an epoch, to show parts of it; 0: unknown
};

// For who draws; called after every step.
struct Progress {
  int64_t step = 0, skipped = 0;
  double epoch = 0, seconds = 0, done = 0;  // done: in [0, 1], by the nearest limit
  double loss = 0, perplexity = 0;          // since the last log line
  double gradient_norm = 0, rate = 0, tokens_per_second = 0;
  std::optional<Validation> validation = {};  // when this step was validated
  bool best = false;
};

struct Summary {
  std::string reason;  // why it ended: "steps", "epochs", "minutes", "early stopping", "stopped"
  int64_t step = 0, skipped = 0, best_step = 0;
  double seconds = 0;
  double tokens_per_second = 0;  // target tokens, in the steps themselves
  double best = 0;               // loss, BLEU or score of what model.safetensors holds; 0 without validation
  FIELDS(reason, step, skipped, best_step, seconds, tokens_per_second, best)
};

// All that a checkpoint must know beside tensors.
struct TrainState {
  int64_t step = 0, updates = 0, skipped = 0, skipped_in_a_row = 0;
  int64_t target_tokens = 0, source_tokens = 0;
  double seconds = 0, step_seconds = 0;  // in `run`; in its steps
  uint64_t dropout = 0;                  // position of the random stream
  Json cursor;
  Plateau plateau;
  double best = 0;                    // the lower the better: loss or -BLEU
  int64_t best_step = 0, waited = 0;  // best_step 0: none yet; waited: validations since
  int64_t average_from = 0;           // non_monotone: the update at which averaging began; 0: not yet
  std::vector<double> scores;         // non_monotone: of the validations before that
  std::vector<int64_t> kept;          // steps of the checkpoint-STEP files
  struct Window {                     // since the last log line
    double loss = 0, nll = 0, gradient_norm = 0, seconds = 0;
    int64_t target_tokens = 0, source_tokens = 0, correct = 0, steps = 0;
    FIELDS(loss, nll, gradient_norm, seconds, target_tokens, source_tokens, correct, steps)
  } window;
  FIELDS(step, updates, skipped, skipped_in_a_row, target_tokens, source_tokens, seconds, step_seconds, dropout, cursor,
         plateau, best, best_step, waited, average_from, scores, kept, window)
};

class Trainer {
 public:
  struct Place {
    std::string directory;       // made when absent
    std::string architecture;    // written into every file, checked by resume
    Type precision = Type::f32;  // of products
  };
  // The parameters hold their initial values. Error when options do not fit.
  Trainer(Place place, Params params, Work work, const TrainOptions& options);

  static bool can_resume(const std::string& directory);
  void resume();  // from checkpoint-last: the run goes on bit for bit as if it had not been broken

  using Tell = std::function<void(const Progress&)>;
  // Trains until a limit or until `stop` is set (then it saves and returns). Call once. Without `resume` before it, an
  // earlier run's model, log and last checkpoint in the directory are removed. Afterwards the parameters are those of
  // model.safetensors. Error when gradients stay not finite, or when a file cannot be written.
  Summary run(const std::atomic<bool>& stop, const Tell& tell = {});

  const TrainState& state() const { return state_; }
  int64_t bytes() const;  // of gradients, optimiser state and moving average

 private:
  using Clock = std::chrono::steady_clock;
  struct Stepped {
    const char* skipped = nullptr;  // why
    double rate = 0, gradient_norm = 0;
  };
  struct Validated {
    Validation validation;
    double score = 0;  // the lower the better
    bool best = false;
  };
  std::string advance(TrainingLog& log, const std::atomic<bool>& stop, const Tell& tell);
  Stepped step();
  Stepped skip(Stepped s, const char* why);
  Validated measure();
  Validated validate();
  void save_model();
  enum class Keep { no, yes };
  void save_checkpoint(Keep keep);
  void try_average(TrainingLog& log);
  double seconds() const;
  double epoch() const;
  bool every(int64_t steps) const;
  std::string limit(bool stop) const;
  Progress progress(const Stepped& s, const std::optional<Validated>& v) const;
  Json line(const Stepped& s, const Progress& p) const;
  void move_averages();
  void consider_averaging(double score);
  const Params& averaged() const;  // in the weights' place for validation; empty: none
  Params everything() const;
  std::string file(std::string_view name) const;

  Place place_;
  Work work_;
  TrainOptions options_;
  Optimizer optimizer_;
  Params ema_;
  Random dropout_;
  TrainState state_;
  Clock::time_point begun_;  // as if the run had never been broken
};

}  // namespace stemma
