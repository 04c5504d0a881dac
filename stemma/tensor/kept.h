// What backward keeps of a tensor that it reads: the memory, or, where the tensor can be made again to the bit for next
// to nothing, only how. A norm's output, of which its own backward keeps the input anyway, need not stay for products.
#pragma once
#include "stemma/tensor/tape.h"

namespace stemma {

// The backward of an op with one output, for record_all({&y}, inputs, Remakable(...)).
class Remakable {
 public:
  Remakable(std::function<Grads(const Tensor&)> backward, std::function<Tensor()> remake)
      : backward_(std::move(backward)), remake_(std::move(remake)) {}
  // Whoever reads y ran before: what was made for them goes.
  Grads operator()(const Grads& d) {
    made_ = {}, remake_ = nullptr;
    return backward_(d[0]);
  }
  // The output once more: made for the first who asks, and there until this op gives its own gradient.
  Tensor output() {
    if (!made_) made_ = remake_();
    return made_;
  }

 private:
  std::function<Grads(const Tensor&)> backward_;
  std::function<Tensor()> remake_;
  Tensor made_;
};

class Kept {
 public:
  explicit Kept(const Tensor& x);
  const Tensor& handle() const { return x_; }  // for gradient_of: x, perhaps without memory
  Tensor value() const;                        // x, perhaps made again, perhaps rounded as products read it

 private:
  Tensor x_;
};

// x for gradient_of alone: its shape and its place on the tape, no memory.
Tensor without_memory(const Tensor& x);

}  // namespace stemma
