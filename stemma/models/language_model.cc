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

template <class M, class... Kind>
Models::Entry entry(const std::string& name, Kind... kind) {
  return Models::entry<Speaking<M>, M>(name, kind...);
}

const Models& models() {  // oldest first
  static const Models list({
      entry<RecurrentLanguageModel>("rnn", Cell::rnn),    // Mikolov et al. 2010
      entry<RecurrentLanguageModel>("lstm", Cell::lstm),  // Sundermeyer et al. 2012; Zaremba 2014; Merity et al. 2018
      entry<RecurrentLanguageModel>("gru", Cell::gru),    // Chung et al. 2014
      entry<TransformerLanguageModel>("transformer"),     // Liu et al. 2018; Radford et al. 2018
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
