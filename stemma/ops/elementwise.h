// The functions of elementwise.cc without the tape, for kernels that end in one of them.
#pragma once
#include <cstdint>

#include "stemma/ops/ops.h"

namespace stemma {

enum class Function : uint8_t { exp, log, sqrt, square, tanh, sigmoid, relu, gelu, gelu_tanh, silu };
Function function_of(Activation f);  // of any but `none`

// y = f(x), n elements, in the calling thread; x and y may be the same.
void apply(Function f, const float* x, float* y, int64_t n);
// dx = dy f'; `kept` is y where keeps_output(f), else x. dx may be dy or kept.
bool keeps_output(Function f);
void apply_slope(Function f, const float* kept, const float* dy, float* dx, int64_t n);

void accumulate(const float* x, float* y, int64_t n);  // y += x

}  // namespace stemma
