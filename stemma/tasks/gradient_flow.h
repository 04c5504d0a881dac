// How far back a loss reaches: the norm of its gradient at each earlier input. It falls or grows about geometrically in
// a recurrence, the vanishing and the exploding gradient of Bengio et al. 1994 and Pascanu et al. 2013 (section 2).
// Knows neither models nor tasks.
#pragma once
#include <functional>
#include <vector>

#include "stemma/nn/module.h"

namespace stemma {

struct GradientFlow {
  int64_t windows = 0;
  std::vector<double> norm{};     // [k]: the mean over windows of |d loss_t / d x_{t - k}|
  std::vector<double> clipped{};  // the same, each window's gradient scaled as clipping would scale its update
  double per_step = 0;            // one step further back multiplies the norm by this: least squares on its logarithm
  double clipped_share = 0;       // of the windows
  FIELDS(windows, norm, clipped, per_step, clipped_share)
};

struct FlowPlaces {
  int64_t distance = 64, windows = 32;  // inputs back; places of a text, or texts, at most
};

struct FlowRequest {
  int64_t windows = 0, distance = 0;
  // Goes back from the loss of window i: its gradient at the rows of the window's inputs, at least distance + 1, of
  // which the last one is the nearest to the loss.
  std::function<Tensor(int64_t i)> gradient = {};
  Params parameters = {};  // trained ones, whose gradient is what is clipped; empty: nothing is
  double clip = 0;         // the greatest norm of the parameters' gradient; 0: nothing is clipped
};
// dL / dx at x = rows of L = loss(x), [1, 1].
Tensor gradient_at(const Tensor& rows, const std::function<Tensor(const Tensor&)>& loss);

// Outside a Training scope. The parameters' gradients are cleared. Error without windows.
GradientFlow gradient_flow(const FlowRequest& request);

}  // namespace stemma
