// What the kernels run on here: for `stemma doctor`, which may not know oneDNN and Highway itself.
#pragma once
#include <string>
#include <vector>

namespace stemma {

struct Libraries {
  std::string onednn, onednn_isa;        // version; the instruction set that it chooses, such as "avx512_core_bf16"
  std::string highway;                   // version
  std::vector<std::string> simd_levels;  // of our kernels that this processor has, best first
};
Libraries libraries();

}  // namespace stemma
