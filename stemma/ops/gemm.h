// Our own products, behind product.h; operands of f32 or bf16, the latter widened on the way in, sums in f32.
// Each element of C is added up in the order of k, cut where k alone says: its bits depend neither on the other rows
// nor on threads.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

// Any shape: operands are copied into panels that the inner kernel reads straight through (Goto & van de Geijn 2008).
void packed_product(const ProductCall& call);
// Against the transpose of B: dot products with the rows of B where they lie, best for few rows. Another order of k.
void dot_product(const ProductCall& call);
// The rest of a call whose sums stand in C: c = f(c + bias) + residual.
void finish_product(const ProductCall& call);

}  // namespace stemma
