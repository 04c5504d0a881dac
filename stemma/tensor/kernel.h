// A kernel names its bodies, one for each device, in one line:
//
//   constexpr Kernel<void(const Tensor& x, const Tensor& y)> forward{"softmax", softmax_cpu, ON_CUDA(softmax_cuda)};
//
// A CUDA build without `softmax_cuda` does not link; a CPU build leaves the slot null.
#pragma once
#include "stemma/base/profile.h"
#include "stemma/tensor/tensor.h"

namespace stemma {

#ifdef STEMMA_CUDA
#define ON_CUDA(f) f
#else
#define ON_CUDA(f) nullptr
#endif

// What a kernel costs is the sum over its arguments (profile.h): a tensor is moved once. A call that knows better has
// an overload beside it.
inline Cost cost_of(const Tensor& x) { return {.bytes = x ? double(x.bytes()) : 0}; }
template <class T>
Cost cost_of(const T&) {
  return {};
}

template <class Signature>
struct Kernel;
template <class Result, class... Args>
struct Kernel<Result(Args...)> {
  const char* name;
  Result (*cpu)(Args...);
  Result (*cuda)(Args...);
  // Runs where the first argument, a tensor or a call that names some, lies.
  template <class First, class... Rest>
  Result operator()(const First& first, const Rest&... rest) const {
    auto* body = first.device() == Device::cpu ? cpu : cuda;
    check(body != nullptr, name, ": no kernel for this device in this build");
    const Profiled here(name, [&] {
      Cost cost = cost_of(first);
      ((cost += cost_of(rest)), ...);
      return cost;
    });
    return body(first, rest...);
  }
};

}  // namespace stemma
