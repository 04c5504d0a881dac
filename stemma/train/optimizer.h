// Optimisers over the parameters of a model: SGD with momentum, Adam, AdamW, Adafactor.
// The state lies in one flat f32 block of which each parameter has a view. A gradient is made by the first op that has
// one and freed before the next forward: nothing is cleared, and its memory serves activations, too.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/nn/module.h"

namespace stemma {

struct OptimizerOptions {
  std::string name = "adam";                         // sgd | adam | adamw | adafactor
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-9;  // adam, adamw: Vaswani et al. 2017, section 5.3
  double momentum = 0;                               // sgd: Polyak 1964; Sutskever et al. 2013
  bool nesterov = false;                             // sgd
  double weight_decay = 0;  // adamw, adafactor: decoupled (Loshchilov & Hutter 2019); sgd, adam: part of the gradient
  bool decay_vectors = false;     // also on biases and norms, the [1, n] parameters
  double adafactor_decay = -0.8;  // Shazeer & Stern 2018, section 7.2: beta2_t = 1 - t^decay
  double adafactor_floor = 1e-30, adafactor_clip = 1, adafactor_scale = 1e-3;  // their epsilon_1, d, epsilon_2
  bool adafactor_relative = true;  // steps are max(epsilon_2, RMS(w)) min(rate, 1 / sqrt(t)); false: the rate itself
  FIELDS(name, beta1, beta2, epsilon, momentum, nesterov, weight_decay, decay_vectors, adafactor_decay, adafactor_floor,
         adafactor_clip, adafactor_scale, adafactor_relative)
};

class Optimizer {
 public:
  // Parameters are f32. What is not tracked is kept as it is: a parameter that is part of the model and does not learn.
  // Error for an unknown name.
  Optimizer(Params params, const OptimizerOptions& options);
  ~Optimizer();  // the parameters have no gradients afterwards
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void clear_gradients();        // before the first backward of a step
  double gradient_norm() const;  // Euclidean, over all parameters; NaN or infinite when any gradient is
  struct Step {
    double rate = 0;   // the learning rate
    double scale = 1;  // the gradient is used times this: 1 / tokens, clipping
    int64_t time = 1;  // which update this is, from 1
  };
  void step(const Step& step);  // a parameter that no loss has reached has a gradient of zeros

  const Params& params() const { return params_; }
  const Params& state() const { return state_; }  // "adam.m.encoder.W", ...: what a checkpoint must hold
  int64_t bytes() const;                          // of gradients and state

 private:
  enum class Rule { sgd, adam, adamw, adafactor };
  struct Slot {
    Tensor first, second;  // of the state: momentum; m, v; row, col
    double decay = 0;
  };
  OptimizerOptions options_;
  Rule rule_;
  Params params_, state_;
  std::vector<Slot> slots_;  // of each parameter
  Tensor memory_;
};

}  // namespace stemma
