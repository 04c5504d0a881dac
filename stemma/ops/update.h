// One optimiser step over a parameter: weights, gradient and state in a single pass, all f32 and of one shape.
// Knows nothing of schedules, clipping or which parameters there are.
#pragma once
#include <cstdint>

#include "stemma/tensor/tensor.h"

namespace stemma {

// g' = grad_scale g + weight_decay w;  m = momentum m + g';  w -= lr (nesterov ? g' + momentum m : m)
// `momentum` may be an empty tensor: w -= lr g'.
struct SgdStep {
  float lr = 0.1f, momentum = 0;
  bool nesterov = false;
  float weight_decay = 0;
  float grad_scale = 1;  // for clipping and averaging: the gradient is multiplied by this first
};
void sgd(const Tensor& w, const Tensor& g, const Tensor& momentum, const SgdStep& step);

// Kingma & Ba 2015, algorithm 1; decoupled: Loshchilov & Hutter 2019, algorithm 2 (AdamW).
// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w -= lr m^ / (sqrt(v^) + eps), ^: bias corrected
struct AdamStep {
  float lr = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f, weight_decay = 0;
  bool decoupled = true;
  int64_t t = 1;  // this step's number, from 1
  float grad_scale = 1;
};
void adam(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const AdamStep& step);

// Shazeer & Stern 2018, algorithms 4 (matrices) and 5 (vectors), without momentum; as torch.optim.Adafactor.
// State of a matrix [rows, cols]: `row` [rows, 1] and `col` [1, cols] (means of g^2, instead of [rows, cols]).
// State of a vector (rows == 1): `row` empty, `col` [1, cols].
struct AdafactorStep {
  float lr = 1e-2f;
  bool relative = true;  // the step is max(eps2, rms(w)) min(lr, 1 / sqrt(t)); else lr itself
  float beta2_decay = -0.8f, eps1 = 0, eps2 = 1e-3f;  // eps1 0: the machine epsilon of f32
  float clip = 1;                                     // the update's root mean square is at most this
  float weight_decay = 0;                             // decoupled
  int64_t t = 1;
  float grad_scale = 1;
};
void adafactor(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep& step);

// Of f32 elements, added in an order that depends on the size alone. NaN or infinity show in the result.
double sum_of_squares(const Tensor& x);

// average = decay average + (1 - decay) w, for exponential moving averages of weights (Polyak & Juditsky 1992)
void move_average(const Tensor& average, const Tensor& w, float decay);

}  // namespace stemma
