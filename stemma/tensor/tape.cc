#include "stemma/tensor/tape.h"

#include <algorithm>
#include <atomic>
#include <queue>

#include "stemma/base/profile.h"
#include "stemma/tensor/elements.h"

namespace stemma {

namespace {

void gather_gradient(Node& node, int output, Tensor g) {
  auto& sum = node.grads[size_t(output)];
  const auto [rows, cols] = node.shapes[size_t(output)];
  check(g.rows() == rows && g.cols() == cols, "gradient ", g, " for a tensor [", rows, ", ", cols, "]");
  if (!sum) {
    sum = node.leaf && g.shares_memory() ? g.clone() : std::move(g);
    return;
  }
  // An op may hand the same gradient to several inputs. A leaf owns its own, even as a view of a larger block.
  if (!node.leaf && sum.shares_memory()) sum = sum.clone();
  check(sum.type() == g.type(), "gradient ", g, " for ", sum);
  add_elements(g, sum);  // only what no kernel could add itself
}

}  // namespace

// Without this, freeing the last node of a 1,000-step recurrence would recurse 1,000 deep: through its inputs, and
// through the tensors that its lambda captured. The outermost destructor collects both and frees them one by one.
Node::~Node() {
  struct Rubble {
    std::vector<std::shared_ptr<Node>> nodes;
    std::vector<std::function<Grads(const Grads&)>> runs;
  };
  static thread_local Rubble* pending = nullptr;
  Rubble own;
  const bool outermost = pending == nullptr;
  if (outermost) pending = &own;
  if (run) pending->runs.push_back(std::move(run));
  for (auto& edge : inputs)
    if (edge.node) pending->nodes.push_back(std::move(edge.node));
  if (!outermost) return;
  while (!own.nodes.empty() || !own.runs.empty()) {
    if (!own.runs.empty()) {
      const auto gone = std::move(own.runs.back());
      own.runs.pop_back();
    } else {
      const auto gone = std::move(own.nodes.back());
      own.nodes.pop_back();
    }
  }
  pending = nullptr;
}

namespace {

std::shared_ptr<Node> make_node() {
  static std::atomic<uint64_t> made{0};
  auto node = std::make_shared<Node>();
  node->order = ++made;
  return node;
}

// Makes `y` the node's next output.
void attach_output(const std::shared_ptr<Node>& node, Tensor& y) {
  node->shapes.emplace_back(y.rows(), y.cols());
  node->grads.emplace_back();
  if (y) y.attach(node, int(node->grads.size()) - 1);
}

}  // namespace

namespace detail {

void attach_node(Inputs inputs, std::initializer_list<Tensor*> outputs, std::function<Grads(const Grads&)> run,
                 const char* op) {
  auto node = make_node();
  node->op = op;
  for (const auto& x : inputs) node->inputs.push_back({x.node(), x.output()});
  node->run = std::move(run);
  for (auto* y : outputs) attach_output(node, *y);
}

}  // namespace detail

Destination gradient_of(const Tensor& x) {
  if (!x.tracked()) return {};
  auto& sum = x.node()->grads[size_t(x.output())];
  if (!sum) {
    sum = Tensor::like(x);
    return {sum, true};
  }
  if (!x.node()->leaf && sum.shares_memory()) sum = sum.clone();
  return {sum, false};
}

Tensor parameter(Tensor x) {
  auto node = make_node();
  node->leaf = true;
  attach_output(node, x);
  return x;
}
Tensor grad(const Tensor& x) { return x.tracked() ? x.node()->grads[size_t(x.output())] : Tensor(); }
void clear_grad(const Tensor& x) { set_grad(x, {}); }
void set_grad(const Tensor& x, Tensor g) {
  if (x.tracked()) x.node()->grads[size_t(x.output())] = std::move(g);
}

void backward(const Tensor& loss, Tensor seed) {
  check(loss.tracked(), "backward from a tensor that nothing was recorded for");
  NoGrad off;
  const Profiled here("backward");
  const auto older = [](const auto& a, const auto& b) { return a->order < b->order; };
  std::priority_queue<std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>, decltype(older)> queue(older);
  gather_gradient(*loss.node(), loss.output(), seed ? std::move(seed) : Tensor::full(loss.rows(), loss.cols(), 1));
  loss.node()->queued = true;
  queue.push(loss.node());
  while (!queue.empty()) {
    auto node = queue.top();
    queue.pop();
    node->queued = false;
    if (node->leaf) continue;
    check(bool(node->run), "backward was already run through this tensor");
    Grads inward;
    const Profiled op(node->op);
    {
      const auto run = std::exchange(node->run, nullptr);
      const Grads outward = std::move(node->grads);
      node->grads.assign(node->shapes.size(), {});
      inward = run(outward);
    }
    check(inward.size() <= node->inputs.size(), "an op returned ", inward.size(), " gradients for ",
          node->inputs.size(), " inputs");
    inward.resize(node->inputs.size());
    for (size_t i = 0; i < inward.size(); ++i) {
      auto& [input, output] = node->inputs[i];
      if (!input) continue;
      if (inward[i]) gather_gradient(*input, output, std::move(inward[i]));
      if (!input->queued && std::any_of(input->grads.begin(), input->grads.end(), [](auto& g) { return bool(g); }))
        input->queued = true, queue.push(input);
    }
    node->inputs.clear();
  }
}

}  // namespace stemma
