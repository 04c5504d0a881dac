#include "stemma/models/registry.h"

#include "stemma/models/erased.h"
#include "stemma/models/rnn_search.h"
#include "stemma/models/transformer.h"

namespace stemma {

namespace {

template <class M>
class Translating : public Erased<TranslationModel, M> {
 public:
  using Erased<TranslationModel, M>::Erased;
  std::unique_ptr<DecoderState> start(const Tensor& source) const override {
    auto state = std::make_unique<State>();
    state->state = this->model_.start(source);
    return state;
  }
  Tensor decode(const Tensor& target, DecoderState& state) const override {
    return this->model_(target, static_cast<State&>(state).state);
  }
  int64_t longest_source() const override { return this->model_.longest_source(); }
  int64_t longest_target() const override { return this->model_.longest_target(); }

 private:
  struct State : DecoderState {
    typename M::State state;
    void reorder(const std::vector<int64_t>& parents) override { stemma::reorder(state, parents); }
  };
};

using Models = Catalogue<TranslationModel, Vocabularies>;

Models::Entry recurrent(const std::string& name, Cell cell) {
  return {name, to_json(RnnSearch::Config{}), [name, cell](const Json& config, Vocabularies n) {
            return std::make_unique<Translating<RnnSearch>>(
                name, RnnSearch(cell, from_json<RnnSearch::Config>(config, name), n.source, n.target));
          }};
}

const Models& models() {  // oldest first
  static const Models list({
      recurrent("rnn", Cell::rnn),    // Elman 1990
      recurrent("lstm", Cell::lstm),  // Hochreiter & Schmidhuber 1997; Sutskever et al. 2014
      recurrent("gru", Cell::gru),    // Cho et al. 2014; Bahdanau et al. 2015
      {"transformer", to_json(Transformer::Config{}),
       [](const Json& config, Vocabularies n) {
         return std::make_unique<Translating<Transformer>>(
             "transformer", Transformer(from_json<Transformer::Config>(config, "transformer"), n.source, n.target));
       }},
  });
  return list;
}

void check_sizes(Vocabularies n) { check(n.source > 0 && n.target > 0, "a model needs a vocabulary"); }

}  // namespace

std::vector<std::string> model_names() { return models().names(); }

Json default_config(const std::string& model) { return models().find(model).defaults; }

std::unique_ptr<TranslationModel> load_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             const std::function<Params(const Params& wanted)>& load) {
  check_sizes(sizes);
  return models().load(model, config, sizes, load);
}

std::unique_ptr<TranslationModel> make_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             uint64_t seed) {
  check_sizes(sizes);
  return models().make(model, config, sizes, seed);
}

}  // namespace stemma
