// oneDNN, which no other stem includes. How it cuts a sum depends on the whole shape and on the threads.
#pragma once
#include <functional>

#include "stemma/ops/product.h"

namespace stemma {

// C = op(A) op(B) + beta C of bf16 operands, sums in f32; alpha must be 1, beta 0 or 1. Ignores bias, residual, relu.
void dnnl_product_bf16(const ProductCall& call);
// C = alpha op(A) op(B) + beta C of f32 operands. Ignores bias, residual, relu.
void dnnl_product_f32(const ProductCall& call);

// C[m, n] = A B^T of f32 or bf16 operands of ones, made for this shape and run at each call: to measure beside ours.
std::function<void()> dnnl_prepared(Type type, int64_t m, int64_t n, int64_t k);

}  // namespace stemma
