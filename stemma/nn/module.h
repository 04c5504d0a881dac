// Modules are structs of values: parameters are Tensors, members are listed once with FIELDS, calls are const.
// `walk` visits every parameter by the path of its members' names ("encoder.layers.0.attend.Q.W"): checkpoints,
// optimisers, initial values and printing are one walk each.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/ops/ops.h"

namespace stemma {

// A parameter of a module. Empty: the module does without it.
struct Param {
  Tensor w;
  Param() = default;
  Param(int64_t rows, int64_t cols) : w(parameter(Tensor::zeros(rows, cols))) {}
  operator const Tensor&() const { return w; }
  explicit operator bool() const { return bool(w); }
};

using ParamFn = std::function<void(const std::string& path, Param&)>;

inline void walk(const std::string& path, Param& p, const ParamFn& f) {
  if (p.w) f(path, p);
}
template <HasFields M>
void walk(const std::string& path, M& module, const ParamFn& f);
template <class M>
void walk(const std::string& path, std::optional<M>& module, const ParamFn& f);
template <class M>
void walk(const std::string& path, std::vector<M>& modules, const ParamFn& f) {
  for (size_t i = 0; i < modules.size(); ++i) walk(path.empty() ? str(i) : str(path, ".", i), modules[i], f);
}
template <class M>
void walk(const std::string& path, std::optional<M>& module, const ParamFn& f) {
  if (module) walk(path, *module, f);
}
template <HasFields M>
void walk(const std::string& path, M& module, const ParamFn& f) {
  each_field(module, [&](std::string_view name, auto& member) {
    if constexpr (requires(std::string p) { walk(p, member, f); })
      walk(path.empty() ? std::string(name) : str(path, ".", name), member, f);
  });
}

// Every parameter once, by path; a tensor shared by two members (tied embeddings) appears under its first path only.
struct NamedParam {
  std::string name;
  Tensor w;
};
using Params = std::vector<NamedParam>;
Params unique_params(const std::function<void(const ParamFn&)>& walk_all);
template <HasFields M>
Params params(M& module) {
  return unique_params([&](const ParamFn& f) { walk("", module, f); });
}
int64_t count(const Params& params);  // numbers, not tensors

}  // namespace stemma
