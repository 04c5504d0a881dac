#include "stemma/nn/module.h"

#include <set>

namespace stemma {

Params unique_params(const std::function<void(const ParamFn&)>& walk_all) {
  Params out;
  std::set<const void*> seen;
  walk_all([&](const std::string& path, Param& p) {
    if (seen.insert(p.w.raw()).second) out.push_back({path, p.w});
  });
  return out;
}

int64_t count(const Params& params) {
  int64_t n = 0;
  for (const auto& p : params) n += p.w.size();
  return n;
}

}  // namespace stemma
