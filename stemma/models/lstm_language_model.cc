#include "stemma/models/lstm_language_model.h"

namespace stemma {

void LstmLanguageModel::Config::validate() const {
  check(embedding > 0 && width > 0 && layers > 0, "embedding, width, layers: must be positive");
  check(dropout >= 0 && dropout < 1, "dropout = ", dropout, ": must be in [0, 1)");
  check(tie == "none" || tie == "output", "tie: unknown value '", tie, "' (known: none, output)");
  check(tie == "none" || embedding == width, "tie = output needs embedding = width, not ", embedding, " and ", width);
}

LstmLanguageModel::State LstmLanguageModel::State::detached() const {
  State out;
  for (const auto& layer : layers) out.layers.push_back({layer.h.detach(), layer.c.detach()});
  return out;
}

LstmLanguageModel::LstmLanguageModel(const Config& c, int64_t vocabulary) : config(c) {
  c.validate();
  embed = Embedding(vocabulary, c.embedding, {Init::uniform, 0.05f});  // Zaremba et al. 2014, section 4.1
  lstm = StackedRecurrent(Cell::lstm, c.embedding, c.width, c.layers, false, c.dropout);
  output = c.tie == "output" ? Output(embed) : Output(c.width, vocabulary, true);
}

Tensor LstmLanguageModel::operator()(const Tensor& ids, State& s) const {
  const Tensor x = dropout(embed(ids), config.dropout);
  const Tensor h = lstm(x, s.layers);
  observe("output", h);
  return dropout(h, config.dropout);
}

}  // namespace stemma
