#include "stemma/models/recurrent_language_model.h"

#include "stemma/base/choice.h"

namespace stemma {

void RecurrentLanguageModel::Config::validate() const {
  check(embedding > 0 && width > 0 && layers > 0, "embedding, width, layers: must be positive");
  check(dropout >= 0 && dropout < 1, "dropout = ", dropout, ": must be in [0, 1)");
  check_choice("tie", tie, {"none", "output"});
  check(input_dropout < 1 && hidden_dropout < 1, "input_dropout, hidden_dropout: must be below 1");
  for (const float p : {embedding_dropout, weight_dropout})
    check(p >= 0 && p < 1, "embedding_dropout, weight_dropout: ", p, " is not in [0, 1)");
  check(activation_penalty >= 0 && temporal_penalty >= 0, "activation_penalty, temporal_penalty: must be at least 0");
}

RecurrentLanguageModel::State RecurrentLanguageModel::State::detached() const {
  State out;
  for (const auto& layer : layers) out.layers.push_back({layer.h.detach(), layer.c ? layer.c.detach() : Tensor()});
  return out;
}

RecurrentLanguageModel::RecurrentLanguageModel(Cell cell, const Config& c, int64_t vocabulary) : config(c) {
  c.validate();
  embed = Embedding(vocabulary, c.embedding, {Init::uniform, 0.05f});  // Zaremba et al. 2014, section 4.1
  const bool tied = c.tie == "output";
  for (int64_t i = 0; i < c.layers; ++i)
    layers.emplace_back(cell, i ? c.width : c.embedding, tied && i + 1 == c.layers ? c.embedding : c.width);
  output = tied ? Output(embed) : Output(c.width, vocabulary, true);
}

// Locked: one row of the mask for each sequence, and its rows share it.
Tensor RecurrentLanguageModel::drop(const Tensor& x, float p) const {
  if (!config.locked || !training() || p == 0) return dropout(x, p);
  const Tensor mask = dropout(Tensor::full(x.sequences(), x.cols(), 1), p);
  return x * spread(mask, x.splits() ? x.splits() : splits_of_lengths({x.rows()}));
}

Tensor RecurrentLanguageModel::embedded(const Tensor& ids) const {
  const Tensor x = embed(ids);
  if (!training() || config.embedding_dropout == 0) return x;
  const Tensor words = dropout(Tensor::full(embed.E.w.rows(), 1, 1), config.embedding_dropout);
  return x * embedding(words, ids);
}

Reading RecurrentLanguageModel::run(const Tensor& rows, State& s) const {
  const auto share = [&](float p) { return p < 0 ? config.dropout : p; };
  s.layers.resize(layers.size());
  Tensor x = drop(rows, share(config.input_dropout));
  for (size_t i = 0; i < layers.size(); ++i) {
    const At here("layers", int64_t(i));
    if (i > 0) x = drop(x, share(config.hidden_dropout));
    Recurrent layer = layers[i];
    layer.U.w = dropout(layer.U.w, config.weight_dropout);
    observe("output", x = layer(x, s.layers[i]));
  }
  observe("output", x);
  const Tensor dropped = drop(x, config.dropout);
  return {dropped, training() ? penalty(x, dropped) : Tensor()};
}

// N times alpha mean(dropped^2) + beta mean((h_t - h_{t+1})^2), section 4.6: the loss is a sum over N rows too.
Tensor RecurrentLanguageModel::penalty(const Tensor& raw, const Tensor& dropped) const {
  Tensor total;
  const auto n = float(raw.rows()), d = float(raw.cols());
  if (config.activation_penalty > 0) total = (config.activation_penalty / d) * sum(square(dropped));
  if (config.temporal_penalty > 0) {
    std::vector<int64_t> now, next;
    for (int64_t b = 0; b < raw.sequences(); ++b)
      for (int64_t i = raw.begin(b) + 1; i < raw.end(b); ++i) now.push_back(i - 1), next.push_back(i);
    if (now.empty()) return total;
    const Tensor steps = sum(square(gather(raw, next) - gather(raw, now)));
    const Tensor temporal = (config.temporal_penalty * n / (float(now.size()) * d)) * steps;
    total = total ? total + temporal : temporal;
  }
  return total;
}

std::vector<int64_t> RecurrentLanguageModel::carried_widths() const {
  std::vector<int64_t> widths;
  for (const auto& layer : layers) {
    const int64_t width = layer.U.w.cols();
    widths.push_back(width);
    if (layer.cell == Cell::lstm) widths.push_back(width);
  }
  return widths;
}

std::vector<Tensor> RecurrentLanguageModel::carried(const State& s) const {
  std::vector<Tensor> out;
  for (const auto& layer : s.layers) {
    out.push_back(layer.h.detach());
    if (layer.c) out.push_back(layer.c.detach());
  }
  return out;
}

RecurrentLanguageModel::State RecurrentLanguageModel::start(const std::vector<Tensor>& carried) const {
  State s;
  if (carried.empty()) return s;
  auto next = carried.begin();
  for (const auto& layer : layers) {
    s.layers.push_back({*next++, {}});
    if (layer.cell == Cell::lstm) s.layers.back().c = *next++;
  }
  return s;
}

}  // namespace stemma
