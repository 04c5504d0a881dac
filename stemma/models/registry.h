// The list of systems one reads first: name -> constructor, and the presets named after papers.
#pragma once
#include "stemma/models/translation_model.h"

namespace stemma {

struct Vocabularies {
  int64_t source = 0, target = 0;
};
// The defaults of a system's configuration, all keys present. Throws Error with the nearest name when unknown.
Json default_config(const std::string& model);
// Parameters have their initial values, drawn from `seed`.
std::unique_ptr<TranslationModel> make_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             uint64_t seed);
// Parameters are what `load` returns, which is asked for those that it is given; for a model that is not trained.
std::unique_ptr<TranslationModel> load_model(const std::string& model, const Json& config, Vocabularies sizes,
                                             const std::function<Params(const Params& wanted)>& load);
std::vector<std::string> model_names();

// A preset sets a model and any options (of the model, the text, the training): a flat object of keys.
struct Preset {
  std::string name, model, about;  // about: paper and table
  Json settings;
};
const std::vector<Preset>& presets();           // of translation systems
const std::vector<Preset>& language_presets();  // of language models
const std::vector<Preset>& encoder_presets();   // of encoders, for tasks on texts; `model` is the encoder
const Preset& find_preset(const std::string& name, const std::vector<Preset>& among = presets());

}  // namespace stemma
