#include "stemma/models/transformer.h"

#include <cmath>

#include "stemma/nn/parts.h"

namespace stemma {

Transformer::Transformer(const Config& c, int64_t source_vocabulary, int64_t target_vocabulary) : config(c) {
  c.validate();
  check(c.encoder_layers > 0 && c.decoder_layers > 0, "encoder_layers, decoder_layers: must be positive");
  check(c.tie == "none" || c.tie == "target" || c.tie == "all", "tie: unknown value '", c.tie,
        "' (known: none, target, all)");
  check(c.tie != "all" || source_vocabulary == target_vocabulary,
        "tie = all needs one joint vocabulary, but the source has ", source_vocabulary, " tokens and the target ",
        target_vocabulary, "; use --set tie=target or --set joint=true");
  const Init init{Init::normal, 1 / std::sqrt(float(c.width))};
  target = Embedding(target_vocabulary, c.width, init);
  source = c.tie == "all" ? target : Embedding(source_vocabulary, c.width, init);
  output = c.tie == "none" ? Output(c.width, target_vocabulary, false) : Output(target);
  source_positions = target_positions = Positions(c);
  if (c.positions == "learned") target_positions = Positions(c);
  for (int64_t i = 0; i < c.encoder_layers; ++i) encoder.emplace_back(c);
  for (int64_t i = 0; i < c.decoder_layers; ++i) decoder.emplace_back(c);
  if (c.norm == "pre")
    encoder_norm.emplace(c.width, c.norm_kind == "rms"), decoder_norm = Norm(c.width, c.norm_kind == "rms");
}

Tensor Transformer::embed(const Embedding& E, const Positions& positions, const Tensor& ids,
                          const std::vector<int64_t>& past) const {
  return dropout(positions(std::sqrt(float(config.width)) * E(ids), past), config.dropout);
}

Tensor Transformer::encode(const Tensor& source_ids) const {
  const At here("encoder");
  Tensor x = embed(source, source_positions, source_ids);
  observe("embedded", x);
  for (size_t i = 0; i < encoder.size(); ++i) {
    const At layer("layers", int64_t(i));
    observe("output", x = encoder[i](x));
  }
  if (encoder_norm) observe("normed", x = (*encoder_norm)(x));
  return x;
}

Transformer::State Transformer::start(const Tensor& source_ids) const {
  const Tensor x = in_parts(source_ids, [&](const Tensor& ids) { return encode(ids); });
  State s;
  for (const auto& layer : decoder) s.layers.push_back({{}, layer.cross.remember(x)});
  s.source = one_to_one(x);
  return s;
}

Tensor Transformer::operator()(const Tensor& target_ids, State& s) const {
  const At here("decoder");
  const Tensor& memory = s.layers[0].memory.K;
  check(target_ids.sequences() == int64_t(s.source.size()), "transformer: ", target_ids.sequences(),
        " sequences continue a state of ", s.source.size());
  const bool fresh = !s.layers[0].own.K, aligned = fresh && is_one_to_one(s.source, memory);
  std::vector<int64_t> past;
  std::optional<Continuation> more;
  if (!fresh) {
    for (int64_t b = 0; b < target_ids.sequences(); ++b) past.push_back(s.own.length(b));
    more.emplace(s.own, target_ids);
  }
  const RowRuns looks = aligned ? RowRuns() : runs_of(memory, s.source);
  Tensor y = embed(target, target_positions, target_ids, past);
  observe("embedded", y);
  for (size_t i = 0; i < decoder.size(); ++i) {
    const At layer("layers", int64_t(i));
    observe("output", y = decoder[i](y, s.layers[i], more ? &*more : nullptr, aligned ? nullptr : &looks));
  }
  if (fresh) s.own = Pages(target_ids);
  return decoder_norm ? (*decoder_norm)(y) : y;
}

}  // namespace stemma
