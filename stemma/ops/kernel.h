// A kernel names its bodies, one for each device, in one line:
//
//   constexpr Kernel<void(const Tensor& x, const Tensor& y)> forward{"softmax", softmax_cpu, ON_CUDA(softmax_cuda)};
//
// A CUDA build without `softmax_cuda` does not link; a CPU build leaves the slot null.
#pragma once
#include "stemma/tensor/tensor.h"

namespace stemma {

#ifdef STEMMA_CUDA
#define ON_CUDA(f) f
#else
#define ON_CUDA(f) nullptr
#endif

template <class Signature>
struct Kernel;
template <class... Args>
struct Kernel<void(Args...)> {
  const char* name;
  void (*cpu)(Args...);
  void (*cuda)(Args...);
  // Runs where the first argument, a tensor, lies.
  template <class First, class... Rest>
  void operator()(const First& first, const Rest&... rest) const {
    auto* body = first.device() == Device::cpu ? cpu : cuda;
    check(body != nullptr, name, ": no kernel for this device in this build");
    body(first, rest...);
  }
};

}  // namespace stemma
