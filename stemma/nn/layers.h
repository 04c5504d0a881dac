// The leaves: linear, embedding, norm.
#pragma once
#include "stemma/nn/module.h"

namespace stemma {

// The type of what is only multiplied or attended to: in training with bf16 products it is bf16, so that backward keeps
// it as they read it.
inline Type multiplied_type() { return recording() ? precision() : Type::f32; }

struct Linear {  // y = x W^T + b;  W: [out, in]
  Param W, b;
  FIELDS(W, b)

  Linear() = default;
  Linear(int64_t in, int64_t out, bool bias = true, Init init = {Init::xavier})
      : W(out, in, init), b(bias ? Param(1, out) : Param()) {}
  Tensor operator()(const Tensor& x, Activation f = Activation::none, Type type = Type::f32) const {
    return linear(x, W, {.b = b, .activation = f, .type = type});
  }
  // y = r + x W^T + b
  Tensor onto(const Tensor& residual, const Tensor& x) const { return linear(x, W, {.b = b, .residual = residual}); }
};

// The weights that a module multiplies by and nothing else, for `pack`.
template <class M>
void weights_of(M& module, std::vector<Tensor*>& out) {
  if constexpr (std::is_same_v<M, Linear>) {
    if (module.W) out.push_back(&module.W.w);
  } else if constexpr (requires {
                         module.begin();
                         module.end();
                       }) {
    for (auto& m : module) weights_of(m, out);
  } else if constexpr (requires { module.has_value(); }) {
    if (module) weights_of(*module, out);
  } else if constexpr (HasFields<M>) {
    each_field(module, [&](std::string_view, auto& member) { weights_of(member, out); });
  }
}

struct Embedding {  // y_i = E[id_i];  E: [vocabulary, width]
  Param E;
  FIELDS(E)

  Embedding() = default;
  Embedding(int64_t vocabulary, int64_t width, Init init) : E(vocabulary, width, init) {}
  Tensor operator()(const Tensor& ids) const { return embedding(E, ids); }
};

struct Norm {  // layer norm with g and b, or RMS norm with g alone
  Param g, b;
  FIELDS(g, b)

  Norm() = default;
  Norm(int64_t width, bool rms) : g(1, width, {Init::ones}), b(rms ? Param() : Param(1, width)) {}
  Tensor operator()(const Tensor& x) const { return b ? layer_norm(x, g, b) : rms_norm(x, g); }
  // norm(x + dropout(r, p))
  Tensor after(const Tensor& x, const Tensor& r, float p) const {
    return residual_norm(x, r, {.g = g, .b = b, .dropout = p, .eps = b ? 1e-5f : 1e-6f});
  }
};

}  // namespace stemma
