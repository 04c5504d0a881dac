// oneDNN, which no other stem includes: products of bf16 on processors that multiply bf16 themselves.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

// C = op(A) op(B) + beta C of bf16 operands, sums in f32; alpha must be 1, beta 0 or 1. Ignores bias, residual, relu.
void dnnl_product(const ProductCall& call);

}  // namespace stemma
