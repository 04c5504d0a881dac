// A matrix laid out once for many products from the left, a recurrence's weight: C (+)= A op(B). Each element of C is
// added up in the order of k, cut where k alone says: its bits depend neither on the other rows nor on threads.
#pragma once
#include "stemma/ops/ops.h"
#include "stemma/tensor/kernel.h"

namespace stemma {

struct PackedProduct {
  Tensor A, B, C;
  bool transposed = false, add = false;
  Tensor panels;           // op(B), packed; empty: it is packed on the way
  bool backwards = false;  // from the last column to the first
  Device device() const { return A.device(); }
};
Cost cost_of(const PackedProduct& p);

class PackedMatrix {
 public:
  // op(B): [k, n]; for a single product it is not worth keeping a copy.
  PackedMatrix(const Tensor& B, Transposed t, int64_t products);
  // Under Precision(bf16) the operands are rounded first.
  void multiply(const Tensor& A, const Tensor& C, bool add) const;

 private:
  Tensor B_, panels_;
  bool transposed_;
  mutable bool backwards_ = false;  // in turns, so that a product begins with what the last one left in the caches
};

}  // namespace stemma
