// One optimiser step over a parameter: weights, gradient and state in a single pass, all f32 and of one shape.
// Knows nothing of schedules, clipping or which parameters there are. State begins as zeros.
#pragma once
#include <cstdint>

#include "stemma/tensor/tensor.h"

namespace stemma {

// g' = grad_scale g + weight_decay w;  m = momentum m + g';  w -= lr (nesterov ? g' + momentum m : m)
// The tensor `momentum` may be empty: w -= lr g'.
struct SgdStep {
  double lr = 0.1, momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  double grad_scale = 1;  // the gradient is multiplied by this first: clipping, averaging
};
void sgd(const Tensor& w, const Tensor& g, const Tensor& momentum, const SgdStep& step);

// Kingma & Ba 2015, algorithm 1; decoupled: Loshchilov & Hutter 2019, algorithm 2 (AdamW).
// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w -= lr m^ / (sqrt(v^) + eps), ^: bias corrected
struct AdamStep {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool decoupled = true;
  int64_t t = 1;  // this step's number, from 1
  double grad_scale = 1;
};
void adam(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const AdamStep& step);

// Shazeer & Stern 2018, algorithms 4 (matrices) and 5 (vectors), without momentum.
// State of a matrix [rows, cols]: `row` [rows, 1] and `col` [1, cols], the means of g^2 along the other direction.
// State of a vector (rows 1): `row` empty, `col` [1, cols] of g^2.
struct AdafactorStep {
  double lr = 1e-2;
  bool relative = true;       // the step is max(eps2, rms(w)) min(lr, 1 / sqrt(t)); else lr itself
  double beta2_decay = -0.8;  // beta2 = 1 - t^beta2_decay
  double eps1 = 1e-30;        // the least estimate of g^2
  double eps2 = 1e-3;         // the least rms(w)
  double clip = 1;            // the update's root mean square before the step size is at most this
  double weight_decay = 0;    // decoupled
  int64_t t = 1;
  double grad_scale = 1;
};
void adafactor(const Tensor& w, const Tensor& g, const Tensor& row, const Tensor& col, const AdafactorStep& step);

// Of f32 elements, added in an order that depends on the size alone. NaN and infinity show in the result.
double sum_of_squares(const Tensor& x);

// average = decay average + (1 - decay) w: exponential moving average of weights (Polyak & Juditsky 1992)
void move_average(const Tensor& average, const Tensor& w, double decay);

}  // namespace stemma
