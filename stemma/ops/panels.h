// Products with weights that were packed once, for inference. A panel is 64 columns of op(B) = W^T, that is 64 rows of
// W, side by side for each k, so that a product reads memory from one end to the other. An element of C is one sum
// over k, upwards, whatever the other rows, the cuts and the threads are.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

constexpr int64_t panel_cols = 64;

bool in_panels(const ProductCall& call);      // B has panels, and what is asked for is what they are for
void panel_product(const ProductCall& call);  // C = f(A B + bias) + residual

}  // namespace stemma
