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
  const char* op = "";                              // who recorded it, for profiles
  std::vector<Edge> inputs;                         // node empty: this input is not tracked
  std::vector<std::pair<int64_t, int64_t>> shapes;  // of the outputs
  Grads grads;                                      // of the outputs
  std::function<Grads(const Grads&)> run;
  ~Node();  // takes long chains apart without recursion
};

// The inputs of an op: {x, W, b}, or a vector of them. An empty tensor is an input that the op does without. A view:
// it lives as long as the call.
class Inputs {
 public:
  Inputs(std::initializer_list<Tensor> list) { begin_ = list.begin(), end_ = list.end(); }
  Inputs(const std::vector<Tensor>& list) : begin_(list.data()), end_(list.data() + list.size()) {}
  const Tensor* begin() const { return begin_; }
  const Tensor* end() const { return end_; }

 private:
  const Tensor *begin_, *end_;
};

// Will an op on these be recorded? An op asks before it keeps what only its backward needs.
inline bool any_tracked(Inputs inputs) {
  if (recording())
    for (const auto& x : inputs)
      if (x.tracked()) return true;
  return false;
}

namespace detail {
// Hangs one node on the outputs; an empty one takes no part.
void attach_node(Inputs inputs, std::initializer_list<Tensor*> outputs, std::function<Grads(const Grads&)> run,
                 const char* op);
}  // namespace detail

// Says how the gradient of `y` becomes those of `inputs`: backward(dy) -> Grads. Without recording, or when no input
// is tracked, y is returned as it is and the lambda is never stored. `op`: the function that asks.
template <class F>
Tensor record(Tensor y, Inputs inputs, F&& backward, const char* op = __builtin_FUNCTION()) {
  if (any_tracked(inputs))
    detail::attach_node(
        inputs, {&y}, [backward = std::forward<F>(backward)](const Grads& d) -> Grads { return backward(d[0]); }, op);
  return y;
}
// The same for an op of several outputs, backward(d) -> Grads; an output that nobody used has an empty gradient in d.
template <class F>
void record_all(std::initializer_list<Tensor*> outputs, Inputs inputs, F&& backward,
                const char* op = __builtin_FUNCTION()) {
  if (any_tracked(inputs)) detail::attach_node(inputs, outputs, std::forward<F>(backward), op);
}

// Where the gradient of `x` is being gathered, so that a kernel can add to it itself: a product with beta = 1.
// `fresh`: the memory is new and not cleared, write instead of adding. Empty when x is not tracked. Ask once for each
// tensor and be done with the answer before asking again: a gradient that somebody else holds is copied first.
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
