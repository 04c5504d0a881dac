// Learning a task by gradient descent, whichever task it is: what the loop needs to know of it, and the loop.
#pragma once
#include <atomic>
#include <functional>
#include <span>

#include "stemma/data/order.h"
#include "stemma/tasks/task_recipe.h"
#include "stemma/tasks/training_plan.h"

namespace stemma {

struct TaskPlan : TrainingPlan {
  std::string task, encoder;
  int64_t vocabulary = 0, examples = 0, valid_examples = 0, epoch_tokens = 0;
  std::string labels;   // "4: Business, Sci/Tech, Sports, World"
  std::string measure;  // what the score of a validation is; empty: as the task says
  FIELDS(task, encoder, preset, precision, parameters, threads, vocabulary, examples, valid_examples, epoch_tokens,
         labels, measure, weights_bytes, training_bytes, activation_bytes, available_bytes, limit)
};
using TaskCallbacks = TrainingCallbacks<TaskPlan>;

struct Lesson {
  TaskPlan plan;  // what the task knows of itself: task, vocabulary, labels
  int64_t examples = 0;
  uint64_t fingerprint = 0;  // of the examples and what is wanted of them: a run goes on with the same only
  std::function<TokenCost(int64_t)> cost;  // tokens read, and answers asked for: what the loss sums over
  std::function<Loss(std::span<const int64_t>)> loss;
  std::function<Validation()> validate;  // null: none
  Params params;
  std::string architecture;  // what checkpoints are marked with
  // Writes what the system needs beside recipe and weights (labels, lexer); called when all checks have passed.
  std::function<void()> save;
};

// Trains in `directory`; the parameters end as what model.safetensors holds. Errors before the start: nothing to learn
// from, not enough memory, options that do not fit.
Summary learn(const Lesson& lesson, const TaskRecipe& recipe, const std::string& directory, bool resume,
              const std::atomic<bool>& stop, const TaskCallbacks& calls);

// Calls f(batch) for batches of 0 .. examples - 1 that hold alike many tokens, without recording and in the modes in
// which an answer does not depend on its batch.
void in_batches(int64_t examples, const std::function<TokenCost(int64_t)>& cost,
                const std::function<void(std::span<const int64_t>)>& f);

}  // namespace stemma
