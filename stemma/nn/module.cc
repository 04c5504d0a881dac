#include "stemma/nn/module.h"

#include <cmath>
#include <map>
#include <set>

#include "stemma/base/hash.h"

namespace stemma {

Params unique_params(const std::function<void(const ParamFn&)>& walk_all) {
  Params out;
  std::set<const void*> seen;
  walk_all([&](const std::string& path, Param& p) {
    if (seen.insert(p.w.raw()).second) out.push_back({path, p.w});
  });
  return out;
}

thread_local bool Unfilled::on_ = false;

void replace(const std::function<void(const ParamFn&)>& walk_all, const Params& filled) {
  std::map<std::string, Tensor> by_name;
  for (const auto& p : filled) by_name.emplace(p.name, p.w);
  std::map<const void*, Tensor> by_place;
  walk_all([&](const std::string& path, Param& p) {
    const auto found = by_place.find(p.w.raw());
    if (found != by_place.end()) return void(p.w = found->second);
    const Tensor& w = by_name.at(path);
    by_place.emplace(p.w.raw(), w);
    p.w = w;
  });
}

int64_t count(const Params& params) {
  int64_t n = 0;
  for (const auto& p : params) n += p.w.size();
  return n;
}

static void fill(const Tensor& w, const Init& init, Random rng) {
  float* v = w.data();
  const float xavier = init.scale * std::sqrt(6.0f / float(w.rows() + w.cols()));
  for (int64_t i = 0; i < w.size(); ++i) {
    switch (init.kind) {
      case Init::zeros:
        v[i] = 0;
        break;
      case Init::ones:
        v[i] = 1;
        break;
      case Init::xavier:
        v[i] = xavier * (2 * rng.uniform() - 1);
        break;
      case Init::uniform:
        v[i] = init.scale * (2 * rng.uniform() - 1);
        break;
      case Init::normal:
        v[i] = init.scale * rng.normal();
        break;
    }
  }
}

void initialise(const std::function<void(const ParamFn&)>& walk_all, uint64_t seed) {
  std::set<const void*> seen;
  walk_all([&](const std::string& path, Param& p) {
    if (seen.insert(p.w.raw()).second) fill(p.w, p.init, Random{seed}.stream(hash64(path)));
  });
}

}  // namespace stemma
