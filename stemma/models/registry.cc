#include "stemma/models/registry.h"

#include "stemma/models/rnn_search.h"
#include "stemma/models/transformer.h"

namespace stemma {

namespace {

template <class M>
class Erased : public TranslationModel {
 public:
  Erased(std::string name, M model) : name_(std::move(name)), model_(std::move(model)) {}
  std::unique_ptr<DecoderState> start(const Tensor& source) const override {
    auto state = std::make_unique<State>();
    state->state = model_.start(source);
    return state;
  }
  Tensor decode(const Tensor& target, DecoderState& state) const override {
    return model_(target, static_cast<State&>(state).state);
  }
  int64_t longest_source() const override { return model_.longest_source(); }
  int64_t longest_target() const override { return model_.longest_target(); }
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

 private:
  struct State : DecoderState {
    typename M::State state;
    void reorder(const std::vector<int64_t>& parents) override { stemma::reorder(state, parents); }
  };
  std::string name_;
  M model_;
};

struct Entry {
  std::string name;
  Json defaults;
  std::function<std::unique_ptr<TranslationModel>(const Json&, Vocabularies)> make;
};

Entry recurrent(const std::string& name, Cell cell) {
  return {name, to_json(RnnSearch::Config{}), [name, cell](const Json& config, Vocabularies n) {
            return std::make_unique<Erased<RnnSearch>>(
                name, RnnSearch(cell, from_json<RnnSearch::Config>(config, name), n.source, n.target));
          }};
}

const std::vector<Entry>& entries() {  // oldest first
  static const std::vector<Entry> list = {
      recurrent("rnn", Cell::rnn),    // Elman 1990
      recurrent("lstm", Cell::lstm),  // Hochreiter & Schmidhuber 1997; Sutskever et al. 2014
      recurrent("gru", Cell::gru),    // Cho et al. 2014; Bahdanau et al. 2015
      {"transformer", to_json(Transformer::Config{}),
       [](const Json& config, Vocabularies n) {
         return std::make_unique<Erased<Transformer>>(
             "transformer", Transformer(from_json<Transformer::Config>(config, "transformer"), n.source, n.target));
       }},
  };
  return list;
}

const Entry& find(const std::string& name) {
  for (const auto& e : entries())
    if (e.name == name) return e;
  fail("unknown model '", name, "'", suggestion(name, model_names()));
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& e : entries()) names.push_back(e.name);
  return names;
}

Json default_config(const std::string& model) { return find(model).defaults; }

std::unique_ptr<TranslationModel> load_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             const std::function<Params(const Params& wanted)>& load) {
  check(sizes.source > 0 && sizes.target > 0, "a model needs a vocabulary");
  const Unfilled on;
  auto made = find(model).make(config, sizes);
  replace([&](const ParamFn& f) { made->walk(f); }, load(made->params()));
  return made;
}

std::unique_ptr<TranslationModel> make_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             uint64_t seed) {
  check(sizes.source > 0 && sizes.target > 0, "a model needs a vocabulary");
  auto made = find(model).make(config, sizes);
  initialise([&](const ParamFn& f) { made->walk(f); }, seed);
  return made;
}

}  // namespace stemma
