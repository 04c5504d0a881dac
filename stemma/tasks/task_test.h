// What tests of all tasks on texts share: a run, its weights, and that they are the same however it came to them.
#pragma once
#include <gtest/gtest.h>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

inline Summary train(const TextTask& task, const TaskTraining& t) {
  const std::atomic<bool> go{false};
  return task.train(t, go, {});
}
inline std::string weights(const TaskTraining& t) { return read_file(join_path(t.out, "model.safetensors")); }

// A run that was broken at half of its steps and went on, and runs of 1, 2 and 3 threads, end in the same bits.
inline void expect_same_bits(const TextTask& task, TaskTraining whole) {
  whole.recipe.train.deterministic = true;
  TaskTraining half = whole, other = whole;
  half.out += "-half", half.recipe.train.steps /= 2;
  train(task, whole), train(task, half);
  half.recipe.train.steps = whole.recipe.train.steps, half.resume = true;
  train(task, half);
  EXPECT_TRUE(weights(half) == weights(whole));
  const int before = threads();
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    other.out = str(whole.out, "-", n);
    train(task, other);
    EXPECT_TRUE(weights(other) == weights(whole)) << n << " threads";
  }
  set_threads(before);
}

}  // namespace stemma
