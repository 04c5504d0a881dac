#include "stemma/models/transformer_language_model.h"

#include "stemma/base/choice.h"

#include <cmath>

namespace stemma {

void TransformerLanguageModel::Config::validate() const {
  TransformerShape::validate();
  check(layers > 0, "layers: must be positive");
  check_choice("tie", tie, {"none", "output"});
}

TransformerLanguageModel::TransformerLanguageModel(const Config& c, int64_t vocabulary) : config(c) {
  c.validate();
  embed = Embedding(vocabulary, c.width, {Init::normal, 1 / std::sqrt(float(c.width))});
  positions = Positions(c);
  for (int64_t i = 0; i < c.layers; ++i) layers.emplace_back(c);
  if (c.norm == "pre") norm.emplace(c.width, c.norm_kind == "rms");
  output = c.tie == "output" ? Output(embed) : Output(c.width, vocabulary, false);
}

Tensor TransformerLanguageModel::embedded(const Tensor& ids) const {
  return std::sqrt(float(config.width)) * embed(ids);
}

Reading TransformerLanguageModel::run(const Tensor& rows, State& s) const {
  const bool fresh = s.layers.empty();
  std::vector<int64_t> past;
  std::optional<Continuation> more;
  if (fresh) {
    s.layers.resize(layers.size());
  } else {
    for (int64_t b = 0; b < rows.sequences(); ++b) past.push_back(s.own.length(b));
    more.emplace(s.own, rows);
  }
  Tensor x = dropout(positions(rows, past), config.dropout);
  observe("embedded", x);
  for (size_t i = 0; i < layers.size(); ++i) {
    const At layer("layers", int64_t(i));
    observe("output", x = layers[i](x, s.layers[i], more ? &*more : nullptr));
  }
  if (fresh) s.own = Pages(rows);
  return {norm ? (*norm)(x) : x, {}};
}

}  // namespace stemma
