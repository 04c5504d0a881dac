#include "stemma/tensor/kept.h"

namespace stemma {

namespace {

Remakable* remakable(const Tensor& x) { return x.tracked() ? x.node()->run.target<Remakable>() : nullptr; }

}  // namespace

Tensor without_memory(const Tensor& x) {
  Tensor handle = Tensor::over(nullptr, x.rows(), x.cols(), x.type()).with_splits(x.splits());
  if (x.tracked()) handle.attach(x.node(), x.output());
  return handle;
}

Kept::Kept(const Tensor& x) : x_(remakable(x) ? without_memory(x) : x) {}

Tensor Kept::value() const {
  if (x_) return x_;
  Remakable* const op = remakable(x_);
  check(op != nullptr, "backward was already run through a tensor that another backward reads");
  return op->output();
}

}  // namespace stemma
