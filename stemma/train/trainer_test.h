// A task so small that a training run takes milliseconds: softmax regression of 5 classes on 8 noisy inputs. The noise
// comes from the Training scope, so a resumed run shows whether its random stream goes on where it was.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "stemma/base/files.h"
#include "stemma/train/trainer.h"

namespace stemma {

struct TinyModel {
  Param W{5, 8}, b{1, 5};
  FIELDS(W, b)
};

struct TinyCursor {
  int64_t epoch = 0, example = 0;
  FIELDS(epoch, example)
};

class TinyTask {
 public:
  static constexpr int64_t examples = 60, inputs = 8, classes = 5;
  explicit TinyTask(int64_t batch_size = 6) : batch_size_(batch_size) {}
  TinyModel model;
  float noise = 0.1f;
  std::function<void(int64_t given, Tensor& x)> spoil;  // may change the inputs of the `given`-th micro-batch, from 1
  std::function<Validation()> validate = [this] { return Validation{loss(), {}, {}}; };

  Params parameters() { return params(model); }
  // Per example, over all.
  double loss() const {
    const auto [x, y] = gather(0, examples, 0);
    return cross_entropy(x, model.W, model.b, y).nll / double(examples);
  }
  Work work() {
    return {.next = [this] { return next(); },
            .epochs = [this] { return cursor_.epoch; },
            .cursor = [this] { return to_json(cursor_); },
            .seek = [this](const Json& json) { cursor_ = from_json<TinyCursor>(json, "cursor"); },
            .validate = validate,
            .epoch_tokens = examples};
  }

 private:
  struct Examples {
    Tensor x, y;
  };
  // Examples begin ... of an epoch's order: inputs from a stream of their own, class by the greatest of the first five.
  static Examples gather(int64_t begin, int64_t n, uint64_t epoch) {
    Tensor x(n, inputs);
    std::vector<int32_t> y;
    for (int64_t i = 0; i < n; ++i) {
      Random rng = Random{11}.stream(permuted(uint64_t(begin + i), examples, epoch));
      float* row = x.data() + i * inputs;
      for (int64_t j = 0; j < inputs; ++j) row[j] = rng.normal();
      y.push_back(int32_t(std::max_element(row, row + classes) - row));
    }
    return {x, Tensor::ids(y)};
  }
  MicroBatch next() {
    auto [x, y] = gather(cursor_.example, batch_size_, uint64_t(cursor_.epoch));
    cursor_.example += batch_size_;
    if (cursor_.example == examples) cursor_ = {cursor_.epoch + 1, 0};
    if (spoil) spoil(++given_, x);
    const auto loss = [this, x = x, y = y] {
      if (noise > 0)
        for (int64_t i = 0; i < x.size(); ++i) x.data()[i] += noise * training()->normal();
      auto ce = cross_entropy(x, model.W, model.b, y);
      return Loss{ce.total, ce.nll, ce.correct};
    };
    return {loss, x.rows(), x.rows()};
  }
  int64_t batch_size_, given_ = 0;
  TinyCursor cursor_;
};

inline TrainOptions tiny_options() {
  TrainOptions o;
  o.schedule = {.name = "constant", .rate = 0.05, .warmup = 5};
  o.log_every = 3;
  return o;
}

// Without the files that a run of up to 1,000 steps leaves; in memory where that can be, since each save syncs.
inline std::string fresh_directory(const std::string& name) {
  const std::string memory = "/dev/shm/", root = ::access(memory.c_str(), W_OK) == 0 ? memory : testing::TempDir();
  const auto path = str(root, "stemma_trainer_", ::getuid(), "_", name);
  for (const auto* file : {"model.safetensors", "checkpoint-last.safetensors", "training.jsonl"})
    remove_file(join_path(path, file));
  for (int64_t step = 0; step <= 1000; ++step) remove_file(join_path(path, str("checkpoint-", step, ".safetensors")));
  return path;
}

}  // namespace stemma
