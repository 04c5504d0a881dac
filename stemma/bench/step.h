// A training step on made-up sentences, and where its time goes.
#pragma once
#include <memory>

#include "stemma/bench/bench.h"
#include "stemma/models/registry.h"
#include "stemma/tasks/recipe.h"
#include "stemma/train/optimizer.h"

namespace stemma {

struct StepShape {
  std::string preset = "transformer-small";
  int64_t vocabulary = 8000;
  int64_t tokens = 4096;                // of the target, at least one sentence
  int64_t shortest = 11, longest = 16;  // of a sentence, either side
};

// One batch of a training run, and all that a step does with it.
class Step {
 public:
  explicit Step(const StepShape& shape);
  void run();
  int64_t tokens() const { return inputs_.rows(); }  // of the target

 private:
  Tensor sentences(const std::vector<int64_t>& lengths);
  StepShape shape_;
  Recipe recipe_;
  std::unique_ptr<TranslationModel> model_;
  Optimizer optimizer_;
  Random random_;
  int64_t time_ = 0;
  Tensor source_, inputs_, outputs_;
};

// The Transformer of the preset transformer-small on made-up sentences. Rows: each path of profile.h with its own time,
// matrix products by size, the whole.
BenchRows bench_step(const BenchOptions& options);

}  // namespace stemma
