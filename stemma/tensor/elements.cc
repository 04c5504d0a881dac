#include "stemma/tensor/elements.h"

#include <algorithm>
#include <cstring>

#include "stemma/base/parallel.h"

namespace stemma {

namespace {

constexpr int64_t grain = 16384;  // about 4 us of memory traffic

char* byte(const Tensor& x, int64_t element) { return static_cast<char*>(x.raw()) + element * bytes_of(x.type()); }

void zero_cpu(const Tensor& x) {
  parallel_for(x.size(), grain, [&](int64_t begin, int64_t end) {
    std::memset(byte(x, begin), 0, size_t((end - begin) * bytes_of(x.type())));
  });
}
void fill_cpu(const Tensor& x, float value) {
  parallel_for(x.size(), grain,
               [&](int64_t begin, int64_t end) { std::fill(x.data() + begin, x.data() + end, value); });
}
void copy_cpu(const Tensor& x, const Tensor& y) {
  parallel_for(x.size(), grain, [&](int64_t begin, int64_t end) {
    std::memcpy(byte(y, begin), byte(x, begin), size_t((end - begin) * bytes_of(x.type())));
  });
}
void add_cpu(const Tensor& x, const Tensor& y) {
  parallel_for(x.size(), grain, [&](int64_t begin, int64_t end) {
    if (x.type() == Type::f32) {
      const float* const from = x.data();
      float* const to = y.data();
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) to[i] += from[i];
    } else {
      const bf16* const from = x.data<bf16>();
      bf16* const to = y.data<bf16>();
      for (int64_t i = begin; i < end; ++i) to[i] = bf16(float(to[i]) + float(from[i]));
    }
  });
}

}  // namespace

constexpr Kernel<void(const Tensor& x)> zero_elements{"zero", zero_cpu, ON_CUDA(zero_cuda)};
constexpr Kernel<void(const Tensor& x, float value)> fill_elements{"fill", fill_cpu, ON_CUDA(fill_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> copy_elements{"copy", copy_cpu, ON_CUDA(copy_elements_cuda)};
constexpr Kernel<void(const Tensor& x, const Tensor& y)> add_elements{"add", add_cpu, ON_CUDA(add_elements_cuda)};

}  // namespace stemma
