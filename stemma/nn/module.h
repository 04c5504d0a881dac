// Modules are structs of values: parameters are Tensors, members are listed once with FIELDS, calls are const.
// `walk` visits every parameter by the path of its members' names ("encoder.layers.0.attend.Q.W"): checkpoints,
// optimisers, initial values and printing are one walk each.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/ops/ops.h"

namespace stemma {

// Initial values. Xavier: uniform in +-sqrt(6 / (fan in + fan out)), Glorot & Bengio 2010, eq. 16.
struct Init {
  enum Kind { zeros, ones, xavier, uniform, normal } kind = zeros;
  float scale = 1;  // xavier: gain; uniform: the bound; normal: the standard deviation
};

// While one lives, this thread's modules are made of parameters that have shapes but no values yet, and are not
// trained.
class Unfilled {
 public:
  Unfilled() : before_(std::exchange(on_, true)) {}
  ~Unfilled() { on_ = before_; }
  Unfilled(const Unfilled&) = delete;
  Unfilled& operator=(const Unfilled&) = delete;
  static bool on() { return on_; }

 private:
  static thread_local bool on_;
  bool before_;
};

// A parameter of a module. Empty: the module does without it. Copies share memory and gradient, which is how weights
// are tied; a module that should go its own way is made anew and filled by `walk`.
struct Param {
  Tensor w;
  Init init;
  Param() = default;
  Param(int64_t rows, int64_t cols, Init init = {})
      : w(Unfilled::on() ? Tensor(rows, cols) : parameter(Tensor::zeros(rows, cols))), init(init) {}
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

// Puts the tensors of `filled` in the places of those of `params`, name by name; ties stay ties.
void replace(const std::function<void(const ParamFn&)>& walk_all, const Params& filled);

// Draws initial values; each parameter's numbers depend on the seed and its path alone.
void initialise(const std::function<void(const ParamFn&)>& walk_all, uint64_t seed);

}  // namespace stemma
