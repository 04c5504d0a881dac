// How a concrete model stands behind an interface: what is the same for translation and language models; and a list of
// things by name. Private to the registries.
#pragma once
#include <memory>

#include "stemma/base/json.h"
#include "stemma/nn/layers.h"
#include "stemma/nn/state.h"

namespace stemma {

template <class Interface, class M>
class Erased : public Interface {
 public:
  Erased(std::string name, M model) : model_(std::move(model)), name_(std::move(name)) {}
  const Tensor& output_W() const override { return model_.output.W; }
  const Tensor& output_b() const override { return model_.output.b; }
  void walk(const ParamFn& f) override { stemma::walk("", model_, f); }
  void pack(const std::function<void()>& after_each) override {
    std::vector<Tensor*> weights{&model_.output.W.w};
    weights_of(model_, weights);
    stemma::pack(weights, after_each);
  }
  const std::string& name() const override { return name_; }
  Json config() const override { return to_json(model_.config); }

 protected:
  M model_;

 private:
  std::string name_;
};

// A list of models, or encoders, by name: how each is made of its configuration and the sizes of its vocabulary.
template <class Interface, class Sizes>
class Catalogue {
 public:
  struct Entry {
    std::string name;
    Json defaults;
    std::function<std::unique_ptr<Interface>(const Json&, Sizes)> make;
  };
  // Of a model M, which `Standing` puts behind the interface; `kind` comes first where M is made.
  template <class Standing, class M, class... Kind>
  static Entry entry(const std::string& name, Kind... kind) {
    return {name, to_json(typename M::Config{}), [name, kind...](const Json& config, Sizes sizes) {
              return std::make_unique<Standing>(name, M(kind..., from_json<typename M::Config>(config, name), sizes));
            }};
  }
  explicit Catalogue(std::vector<Entry> entries, std::string noun = "model")
      : entries_(std::move(entries)), noun_(std::move(noun)) {}

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& e : entries_) names.push_back(e.name);
    return names;
  }
  const Entry& find(const std::string& name) const {
    for (const auto& e : entries_)
      if (e.name == name) return e;
    fail("unknown ", noun_, " '", name, "'", suggestion(name, names()));
  }
  std::unique_ptr<Interface> load(const std::string& name, const Json& config, Sizes sizes,
                                  const std::function<Params(const Params& wanted)>& load) const {
    const Unfilled on;
    auto made = find(name).make(config, sizes);
    replace([&](const ParamFn& f) { made->walk(f); }, load(made->params()));
    return made;
  }
  std::unique_ptr<Interface> make(const std::string& name, const Json& config, Sizes sizes, uint64_t seed) const {
    auto made = find(name).make(config, sizes);
    initialise([&](const ParamFn& f) { made->walk(f); }, seed);
    return made;
  }

 private:
  std::vector<Entry> entries_;
  std::string noun_;
};

}  // namespace stemma
