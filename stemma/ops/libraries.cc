#include "stemma/ops/libraries.h"

#include <dnnl.h>

#include "stemma/base/check.h"
#include "stemma/ops/simd_targets.h"
// After the targets are chosen.
#include <hwy/highway.h>
#include <hwy/targets.h>

namespace stemma {

static std::string name_of_isa(dnnl_cpu_isa_t isa) {
  switch (isa) {
    case dnnl_cpu_isa_sse41:
      return "sse41";
    case dnnl_cpu_isa_avx:
      return "avx";
    case dnnl_cpu_isa_avx2:
      return "avx2";
    case dnnl_cpu_isa_avx2_vnni:
      return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core:
      return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "avx512_core_amx";
    default:
      return str("isa ", int64_t(isa));
  }
}

Libraries libraries() {
  const auto* v = dnnl_version();
  Libraries out{str(v->major, ".", v->minor, ".", v->patch),
                name_of_isa(dnnl_get_effective_cpu_isa()),
                str(HWY_MAJOR, ".", HWY_MINOR, ".", HWY_PATCH),
                {}};
  const int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  for (int64_t bit = 1; bit > 0; bit <<= 1)  // the lowest bit is the best level
    if (usable & bit) out.simd_levels.emplace_back(hwy::TargetName(bit));
  return out;
}

}  // namespace stemma
