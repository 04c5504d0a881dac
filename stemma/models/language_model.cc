#include "stemma/models/language_model.h"

#include "stemma/models/erased.h"
#include "stemma/models/recurrent_language_model.h"
#include "stemma/models/transformer_language_model.h"

namespace stemma {

namespace {

template <class M>
class Speaking : public Erased<LanguageModel, M> {
 public:
  using Erased<LanguageModel, M>::Erased;
  std::unique_ptr<DecoderState> start(const std::vector<Tensor>& carried) const override {
    auto state = std::make_unique<State>();
    state->state = this->model_.start(carried);
    return state;
  }
  Tensor embedded(const Tensor& ids) const override { return this->model_.embedded(ids); }
  Reading run(const Tensor& rows, DecoderState& state) const override {
    return this->model_.run(rows, static_cast<State&>(state).state);
  }
  std::vector<int64_t> carried_widths() const override { return this->model_.carried_widths(); }
  std::vector<Tensor> carried(const DecoderState& state) const override {
    return this->model_.carried(static_cast<const State&>(state).state);
  }
  int64_t longest() const override { return this->model_.longest(); }
  bool forgets() const override { return this->model_.forgets(); }

 private:
  struct State : DecoderState {
    typename M::State state;
    void reorder(const std::vector<int64_t>& parents) override { stemma::reorder(state, parents); }
  };
};

using Models = Catalogue<LanguageModel, int64_t>;

Models::Entry recurrent(const std::string& name, Cell cell) {
  using Model = RecurrentLanguageModel;
  return {name, to_json(Model::Config{}), [name, cell](const Json& config, int64_t vocabulary) {
            return std::make_unique<Speaking<Model>>(name,
                                                     Model(cell, from_json<Model::Config>(config, name), vocabulary));
          }};
}

const Models& models() {  // oldest first
  using Transformer = TransformerLanguageModel;
  static const Models list({
      recurrent("rnn", Cell::rnn),    // Mikolov et al. 2010
      recurrent("lstm", Cell::lstm),  // Sundermeyer et al. 2012; Zaremba et al. 2014; Merity et al. 2018
      recurrent("gru", Cell::gru),    // Chung et al. 2014
      {"transformer", to_json(Transformer::Config{}),
       [](const Json& config, int64_t vocabulary) {
         return std::make_unique<Speaking<Transformer>>(
             "transformer", Transformer(from_json<Transformer::Config>(config, "transformer"), vocabulary));
       }},
  });
  return list;
}

}  // namespace

std::vector<std::string> language_model_names() { return models().names(); }

Json default_language_config(const std::string& model) { return models().find(model).defaults; }

std::unique_ptr<LanguageModel> make_language_model(const std::string& model, const Json& config, int64_t vocabulary,
                                                   uint64_t seed) {
  check(vocabulary > 0, "a model needs a vocabulary");
  return models().make(model, config, vocabulary, seed);
}

std::unique_ptr<LanguageModel> load_language_model(const std::string& model, const Json& config, int64_t vocabulary,
                                                   const std::function<Params(const Params& wanted)>& load) {
  check(vocabulary > 0, "a model needs a vocabulary");
  return models().load(model, config, vocabulary, load);
}

}  // namespace stemma
