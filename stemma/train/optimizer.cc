#include "stemma/train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "stemma/ops/update.h"

namespace stemma {

namespace {

// Views of one cleared f32 block, each at a cache line of its own.
class Block {
 public:
  void reserve(int64_t rows, int64_t cols) { size_ += padded(rows * cols); }
  void allocate() { memory_ = Tensor::zeros(size_, 1); }
  Tensor take(int64_t rows, int64_t cols) {
    const Tensor view = memory_.row_view(used_, rows * cols).reshaped(rows, cols);
    used_ += padded(rows * cols);
    return view;
  }
  const Tensor& memory() const { return memory_; }

 private:
  static int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }
  int64_t size_ = 0, used_ = 0;
  Tensor memory_;
};

struct StateShape {
  std::string name;
  int64_t rows = 0, cols = 0;  // no rows: this parameter has no such state
};

}  // namespace

Optimizer::Optimizer(Params params, const OptimizerOptions& options) : options_(options), params_(std::move(params)) {
  const std::vector<std::string> names = {"sgd", "adam", "adamw", "adafactor"};
  const auto found = std::find(names.begin(), names.end(), options.name);
  check(found != names.end(), "optimizer.name: unknown '", options.name, "'", suggestion(options.name, names));
  rule_ = Rule(found - names.begin());

  const auto shapes = [&](const Tensor& w) -> std::array<StateShape, 2> {
    switch (rule_) {
      case Rule::sgd:
        return {{{"sgd.momentum.", options.momentum > 0 ? w.rows() : 0, w.cols()}, {}}};
      case Rule::adafactor:
        return {{{"adafactor.row.", w.rows() > 1 ? w.rows() : 0, 1}, {"adafactor.col.", 1, w.cols()}}};
      default:
        return {{{"adam.m.", w.rows(), w.cols()}, {"adam.v.", w.rows(), w.cols()}}};
    }
  };
  Block memory;
  for (const auto& [name, w] : params_) {
    check(w.type() == Type::f32, "parameter '", name, "' ", w, " is trained in f32");
    if (!w.tracked()) continue;
    for (const auto& shape : shapes(w)) memory.reserve(shape.rows, shape.cols);
  }
  memory.allocate();
  for (const auto& [name, w] : params_) {
    if (!w.tracked()) {
      slots_.emplace_back();
      continue;
    }
    std::array<Tensor, 2> state;
    const auto wanted = shapes(w);
    for (size_t i = 0; i < 2; ++i) {
      if (wanted[i].rows == 0) continue;
      state[i] = memory.take(wanted[i].rows, wanted[i].cols);
      state_.push_back({wanted[i].name + name, state[i]});
    }
    const bool decays = options.decay_vectors || w.rows() > 1;
    slots_.push_back({state[0], state[1], decays ? options.weight_decay : 0.0});
  }
  memory_ = memory.memory();
  clear_gradients();
}

Optimizer::~Optimizer() { clear_gradients(); }

void Optimizer::clear_gradients() {
  for (const auto& p : params_) clear_grad(p.w);
}

double Optimizer::gradient_norm() const {
  double sum = 0;
  for (const auto& p : params_)
    if (const Tensor g = grad(p.w)) sum += sum_of_squares(g);
  return std::sqrt(sum);
}

void Optimizer::step(const Step& step) {
  const auto& o = options_;
  for (size_t i = 0; i < params_.size(); ++i) {
    const Tensor& w = params_[i].w;
    if (!w.tracked()) continue;
    if (!grad(w)) set_grad(w, Tensor::zeros(w.rows(), w.cols()));
    const Tensor g = grad(w);
    const auto& [first, second, decay] = slots_[i];
    switch (rule_) {
      case Rule::sgd:
        sgd(w, g, first, {step.rate, o.momentum, o.nesterov, decay, step.scale});
        break;
      case Rule::adam:
      case Rule::adamw:
        adam(w, g, first, second,
             {.lr = step.rate,
              .beta1 = o.beta1,
              .beta2 = o.beta2,
              .eps = o.epsilon,
              .weight_decay = decay,
              .decoupled = rule_ == Rule::adamw,
              .t = step.time,
              .grad_scale = step.scale});
        break;
      case Rule::adafactor:
        adafactor(w, g, first, second,
                  {.lr = step.rate,
                   .relative = o.adafactor_relative,
                   .beta2_decay = o.adafactor_decay,
                   .eps1 = o.adafactor_floor,
                   .eps2 = o.adafactor_scale,
                   .clip = o.adafactor_clip,
                   .weight_decay = decay,
                   .t = step.time,
                   .grad_scale = step.scale});
    }
  }
}

int64_t Optimizer::bytes() const {
  int64_t all = memory_.bytes();
  for (const auto& p : params_)
    if (p.w.tracked()) all += p.w.bytes();  // its gradient
  return all;
}

}  // namespace stemma
