// Settings named after the papers (or the sizes) they come from.
#include "stemma/models/registry.h"

namespace stemma {

const std::vector<Preset>& presets() {
  using J = Json;
  const auto noam = [](double rate, int warmup) {
    return J::object(
        {{"train.schedule.name", "inverse_sqrt"}, {"train.schedule.rate", rate}, {"train.schedule.warmup", warmup}});
  };
  const auto with = [](J base, std::initializer_list<std::pair<std::string, J>> more) {
    for (const auto& m : more) base.object().push_back(m);
    return base;
  };
  const J recurrent = J::object({{"train.schedule.name", "plateau"},
                                 {"train.schedule.rate", 1e-3},
                                 {"train.schedule.warmup", 200},
                                 {"train.optimizer.beta2", 0.999},
                                 {"train.optimizer.epsilon", 1e-8}});
  static const std::vector<Preset> list = {
      {"transformer-small", "transformer", "width 256, 4 heads, feed-forward 1,024, 3 + 3 layers, three-way tying",
       with(noam(1e-3, 1000), {{"width", 256},
                               {"heads", 4},
                               {"feed_forward", 1024},
                               {"encoder_layers", 3},
                               {"decoder_layers", 3},
                               {"tie", "all"}})},
      {"transformer-base", "transformer", "Vaswani et al. 2017, table 3, base",
       with(noam(7e-4, 4000), {{"width", 512},
                               {"heads", 8},
                               {"feed_forward", 2048},
                               {"encoder_layers", 6},
                               {"decoder_layers", 6},
                               {"tie", "all"}})},
      {"transformer-big", "transformer", "Vaswani et al. 2017, table 3, big",
       with(noam(5e-4, 4000), {{"width", 1024},
                               {"heads", 16},
                               {"feed_forward", 4096},
                               {"encoder_layers", 6},
                               {"decoder_layers", 6},
                               {"tie", "all"},
                               {"dropout", 0.3}})},
      // Theirs is post-norm; at so high a rate that sometimes never learns to look at the source.
      {"wu2021", "transformer",
       "Wu et al. 2021, \"Good for Misconceived Reasons\", Transformer-Tiny: for small corpora",
       with(noam(5e-3, 2000), {{"width", 128},
                               {"heads", 4},
                               {"feed_forward", 256},
                               {"encoder_layers", 4},
                               {"decoder_layers", 4},
                               {"tie", "all"},
                               {"dropout", 0.3},
                               {"norm", "pre"}})},
      {"sutskever2014", "lstm", "Sutskever et al. 2014: deep LSTM, source reversed, no attention",
       with(recurrent, {{"attention", "none"},
                        {"bidirectional", false},
                        {"reverse_source", true},
                        {"encoder_width", 512},
                        {"encoder_layers", 2},
                        {"decoder_layers", 2}})},
      {"cho2014", "gru", "Cho et al. 2014: GRU, the source's summary at every step, no attention",
       with(recurrent,
            {{"attention", "none"}, {"bidirectional", false}, {"context", "every"}, {"encoder_width", 512}})},
      {"bahdanau2015", "gru", "Bahdanau et al. 2015: RNNsearch, additive attention",
       with(recurrent, {{"attention", "additive"}, {"style", "bahdanau"}})},
      {"luong2015", "lstm", "Luong et al. 2015: general attention, input feeding",
       with(recurrent, {{"attention", "general"}, {"style", "luong"}})},
      {"luong2015-local", "lstm", "Luong et al. 2015: local-p attention, input feeding",
       with(recurrent, {{"attention", "general"}, {"style", "luong"}, {"window", "predictive"}})},
  };
  return list;
}

const Preset& find_preset(const std::string& name, const std::vector<Preset>& among) {
  std::vector<std::string> known;
  for (const auto& p : among) {
    if (p.name == name) return p;
    known.push_back(p.name);
  }
  fail("unknown preset '", name, "'", suggestion(name, known));
}

}  // namespace stemma
