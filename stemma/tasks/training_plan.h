// What training has in common, whatever the task: the plan that is shown before the first step, memory that is refused
// in time, the precision, who is told of the course.
#pragma once
#include <functional>
#include <string>

#include "stemma/base/files.h"
#include "stemma/tasks/recipe_tree.h"
#include "stemma/tensor/memory.h"
#include "stemma/train/trainer.h"

namespace stemma {

// What a run will do and need. A task's own plan inherits this and says more of its text.
struct TrainingPlan {
  std::string model, preset, precision;
  int64_t parameters = 0;
  int threads = 1;
  int64_t weights_bytes = 0, training_bytes = 0;      // parameters; gradients and optimiser state
  int64_t activation_bytes = 0, available_bytes = 0;  // of a batch; of this machine
  std::string limit;                                  // "20 epochs", ...
  FIELDS(model, preset, precision, parameters, threads, weights_bytes, training_bytes, activation_bytes,
         available_bytes, limit)

  // All but model, preset and activation_bytes.
  void fill(const Params& params, const TrainOptions& options, Type precision);
  int64_t fixed_bytes() const { return weights_bytes + training_bytes; }
  void check_weights() const;                              // Error when they do not fit
  void check_batch(const std::string& smaller_how) const;  // Error when a batch does not fit; ends in what to try
};

template <class Plan>
struct TrainingCallbacks {
  std::function<void(const std::string& line)> say = nullptr;  // a step of the preparation, a finding
  std::function<void(const Plan&)> plan = nullptr;             // before the first step
  std::function<void(const Progress&)> progress = nullptr;
};

// The type of products in training: auto takes bf16 where the CPU multiplies it natively, unless Deterministic.
Type resolve_precision(const std::string& precision);
// What the run does, whatever "auto" will mean when it goes on somewhere else.
TrainOptions resolved(TrainOptions options);

// Error when `directory` holds a run that is not to be resumed, or is to be resumed and is not there.
void check_place_of_run(const std::string& directory, bool resume);
// The same, and true when a run goes on there: then its recipe, which `load` reads, must be the `resolved` one of now
// but for limits.
template <class Recipe>
bool goes_on(const std::string& directory, bool resume, const Recipe& now,
             const std::function<Recipe(const std::string& directory)>& load) {
  check_place_of_run(directory, resume);
  if (!resume || !exists(join_path(directory, "config.json"))) return false;
  Recipe begun = load(directory);
  begun.train = resolved(begun.train);
  check_same_run(to_json(begun), to_json(now));
  return true;
}

// Bytes that forward and backward of `loss` take beside the parameters' gradients, which are cleared afterwards.
int64_t measure_activations(const Params& params, Type precision, const std::function<Tensor()>& loss);

// What training keeps for each weight: itself, its gradient, the optimiser's moments, its moving average.
int64_t copies(const TrainOptions& options);

std::string in_units(int64_t bytes);  // "1.5 GiB"

// make(), but refuses a model whose training will not fit while it is being made, not after it has filled the memory.
template <class Make>
auto within_memory(const TrainOptions& options, Make&& make) {
  const int64_t free = system_memory_available(), share = free / copies(options);
  struct Limit {
    int64_t before;
    ~Limit() { set_memory_limit(before); }
  } const limit{set_memory_limit(memory_use().reserved + share)};
  try {
    return make();
  } catch (const Error& e) {
    check(!std::string_view(e.what()).starts_with("out of memory"), "this model needs more than ", in_units(share),
          " for its weights and as much again for each of ", copies(options) - 1, " companions in training, but only ",
          in_units(free), " are free; choose a smaller model");
    throw;
  }
}

}  // namespace stemma
