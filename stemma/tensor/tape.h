// The tape: an op is a function and a lambda.
//
//   // sigmoid    y = 1 / (1 + e^-x)        dx = dy * y (1 - y)
//   Tensor sigmoid(const Tensor& x) {
//     Tensor y = ...;
//     return record(y, {x}, [y](const Tensor& dy) { return Grads{dy * y * (1 - y)}; });
//   }
//
// The node hangs on the handle that `record` returns, so a lambda may capture `y`: no cycle. `backward` visits nodes in
// the reverse order of their making, frees each as it goes, and never recurses.
#pragma once
#include <functional>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "stemma/tensor/scopes.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

using Grads = std::vector<Tensor>;  // one for each input; empty: none, or already added by `gradient_of`

struct Node {
  struct Edge {
    std::shared_ptr<Node> node;
    int output = 0;
  };
  uint64_t order = 0;                               // later nodes have larger numbers
  bool leaf = false;                                // a parameter: its gradient stays until it is cleared
  bool queued = false;                              // waits in the running backward
  std::vector<Edge> inputs;                         // node empty: this input is not tracked
  std::vector<std::pair<int64_t, int64_t>> shapes;  // of the outputs
  Grads grads;                                      // of the outputs
  std::function<Grads(const Grads&)> run;
  ~Node();  // takes long chains apart without recursion
};

namespace detail {
std::shared_ptr<Node> make_node(std::initializer_list<Tensor> inputs, std::initializer_list<const Tensor*> outputs);
inline bool any_tracked(std::initializer_list<Tensor> inputs) {
  if (!recording()) return false;
  for (const auto& x : inputs)
    if (x.tracked()) return true;
  return false;
}
}  // namespace detail

// Says how the gradient of `y` becomes those of `inputs`: backward(dy) -> Grads. Without recording, or when no input
// is tracked, y is returned as it is and the lambda is never stored.
template <class F>
Tensor record(Tensor y, std::initializer_list<Tensor> inputs, F&& backward) {
  if (detail::any_tracked(inputs)) {
    auto node = detail::make_node(inputs, {&y});
    node->run = [backward = std::forward<F>(backward)](const Grads& dy) -> Grads { return backward(dy[0]); };
    y.attach(std::move(node));
  }
  return y;
}
// The same for an op of two outputs; an output that nobody used has an empty gradient.
template <class F>
std::pair<Tensor, Tensor> record2(Tensor y, Tensor z, std::initializer_list<Tensor> inputs, F&& backward) {
  if (detail::any_tracked(inputs)) {
    auto node = detail::make_node(inputs, {&y, &z});
    node->run = [backward = std::forward<F>(backward)](const Grads& d) -> Grads { return backward(d[0], d[1]); };
    y.attach(node, 0);
    z.attach(std::move(node), 1);
  }
  return {std::move(y), std::move(z)};
}

// Where the gradient of `x` is being gathered, so that a kernel can add to it itself: a product with beta = 1.
// `fresh`: the memory is new and not cleared, write instead of adding. Empty when x is not tracked.
struct Destination {
  Tensor grad;
  bool fresh = false;
  explicit operator bool() const { return bool(grad); }
};
Destination gradient_of(const Tensor& x);

// Turns a tensor into a parameter: it is tracked, and its gradient waits in grad(x) after backward.
Tensor parameter(Tensor x);
Tensor grad(const Tensor& x);  // empty when there is none yet
void clear_grad(const Tensor& x);
void set_grad(const Tensor& x, Tensor g);

// Runs the tape back from `loss`, whose gradient is `seed` (all ones by default). The tape is consumed.
void backward(const Tensor& loss, Tensor seed = {});

}  // namespace stemma
