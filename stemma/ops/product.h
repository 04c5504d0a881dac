// The one way to a matrix product. Knows nothing of the tape; chooses between our own kernels and oneDNN.
//   C = f(alpha op(A) op(B) + beta C + bias) + residual         f: nothing or relu; sums in f32
#pragma once
#include "stemma/base/profile.h"
#include "stemma/ops/ops.h"

namespace stemma {

// A matrix in memory, of f32 or bf16: row i begins at data + i * stride elements.
struct MatrixView {
  const void* data = nullptr;
  int64_t stride = 0;
  Type type = Type::f32;
  bool transposed = false;
  Device device = Device::cpu;
  const Tensor* panels = nullptr;  // of the whole matrix in memory, not transposed (panels.h)
};
MatrixView view(const Tensor& x, bool transposed = false);

struct ProductCall {
  int64_t m = 0, n = 0, k = 0;
  MatrixView a, b;  // after transposing [m, k] and [k, n]
  float* c = nullptr;
  bf16* narrow = nullptr;           // C goes here instead, rounded
  int64_t stride = 0;               // of C
  float alpha = 1, beta = 0;        // beta 0: what C held does not matter
  const float* bias = nullptr;      // [n]
  const float* residual = nullptr;  // [m, n], row i at residual + i * stride
  bool relu = false;
  // Modes belong to the thread that asks: inside a parallel task hand them over from outside.
  Type precision = stemma::precision();          // bf16: f32 operands are rounded first
  bool deterministic = stemma::deterministic();  // a row's bits depend neither on the other rows nor on threads
  Device device() const { return a.device; }
};
void product(const ProductCall& call);
ProductCall into(const Tensor& c, ProductCall call);  // the call whose C is a tensor of f32 or bf16
Cost cost_of(const ProductCall& call);

// c = op(a) op(b) + beta c; c: f32 or bf16
struct ProductInto {
  Transposed transposed = {};
  float alpha = 1, beta = 0;
};
void product(const Tensor& a, const Tensor& b, const Tensor& c, const ProductInto& how = {});

// sum (+)= the sum of the rows of x, from the first to the last; for the gradient of a bias.
void add_column_sums(const Tensor& x, const Destination& sum);

bool native_bf16();  // the CPU multiplies bf16 itself (AVX512-BF16 or AMX)
// Measured billions of floating-point operations a second of C[m, n] = A B^T in this precision, with all threads.
double product_rate(Type precision, int64_t m, int64_t n, int64_t k);

}  // namespace stemma
