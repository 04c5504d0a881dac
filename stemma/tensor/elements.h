// The few kernels that tensors and the tape need themselves, over all elements of tensors of one shape and type.
#pragma once
#include "stemma/tensor/kernel.h"

namespace stemma {

extern const Kernel<void(const Tensor& x)> zero_elements;
extern const Kernel<void(const Tensor& x, float value)> fill_elements;      // f32
extern const Kernel<void(const Tensor& x, const Tensor& y)> copy_elements;  // y = x
extern const Kernel<void(const Tensor& x, const Tensor& y)> add_elements;   // y += x; bf16 through f32

}  // namespace stemma
