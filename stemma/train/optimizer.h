// Optimisers over the parameters of a model: SGD with momentum, Adam, AdamW, Adafactor.
// Gradients and state lie in flat f32 blocks of which each parameter has a view, so clearing and the norm are one pass.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stemma/nn/module.h"

namespace stemma {

struct OptimizerOptions {
  std::string name = "adam";                           // sgd | adam | adamw | adafactor
  float beta1 = 0.9f, beta2 = 0.98f, epsilon = 1e-9f;  // adam, adamw: Vaswani et al. 2017, section 5.3
  float momentum = 0;                                  // sgd: Polyak 1964
  float weight_decay = 0;                              // adamw, adafactor: decoupled; sgd, adam: added to the gradient
  bool decay_vectors = false;                          // also on biases and norms, the [1, n] parameters
  float adafactor_decay = 0.8f;                        // Shazeer & Stern 2018, section 7.2: beta2_t = 1 - t^-decay
  float adafactor_floor = 1e-30f, adafactor_clip = 1;  // epsilon_1 and d
  float adafactor_scale = 1e-3f;  // epsilon_2; steps are times max(it, RMS(w)); 0: not times RMS(w)
  FIELDS(name, beta1, beta2, epsilon, momentum, weight_decay, decay_vectors, adafactor_decay, adafactor_floor,
         adafactor_clip, adafactor_scale)
};

class Optimizer {
 public:
  // The parameters are f32. Takes over their gradients. Error for an unknown name.
  Optimizer(Params params, const OptimizerOptions& options);

  void clear_gradients();        // to zero, before the first backward of a step
  double gradient_norm() const;  // Euclidean, over all parameters; NaN or infinite when any gradient is
  struct Step {
    float rate = 0;    // the learning rate
    float scale = 1;   // the gradient is used times this: 1 / tokens, clipping
    int64_t time = 1;  // which update this is, from 1
  };
  void step(const Step& step);

  const Params& params() const { return params_; }
  const Params& state() const { return state_; }  // "adam.m.encoder.W", ...: what a checkpoint must hold
  int64_t bytes() const;                          // of gradients and state

 private:
  struct Slot {
    Tensor w, grad;         // grad: a view of grads_
    std::vector<Tensor> s;  // state, in the order of the rule's names
    float decay = 0;
  };
  void add_state(const std::string& name, int64_t rows, int64_t cols);
  OptimizerOptions options_;
  Params params_, state_;
  std::vector<Slot> slots_;
  Tensor grads_;
};

}  // namespace stemma
