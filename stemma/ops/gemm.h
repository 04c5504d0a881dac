// Our own products, behind product.h; operands of f32 or bf16, the latter widened on the way in, sums in f32.
// The bits of an element of C depend neither on the other rows nor on threads.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

// Any shape: B is copied into panels that the inner kernel reads straight through (Goto & van de Geijn 2008). One sum
// over k, upwards, makes an element of C, as with weights that were packed before (panels.h).
void packed_product(const ProductCall& call);
bool packed_is_best();  // of all f32 products on this processor: it has registers for the kernel's tiles

}  // namespace stemma
