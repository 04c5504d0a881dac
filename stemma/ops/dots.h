// Products of few rows, behind product.h; operands of f32 or bf16, sums in f32. The bits of an element of C depend
// neither on the other rows nor on threads.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

// Against the transpose of B: dot products with the rows of B where they lie, best for few rows. Another order of k.
void dot_product(const ProductCall& call);
// The rest of a call whose sums stand in C: c = f(c + bias) + residual.
void finish_product(const ProductCall& call);

}  // namespace stemma
