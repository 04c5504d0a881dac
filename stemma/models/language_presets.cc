// Settings of language models, named after the papers (or the sizes) they come from.
#include "stemma/models/registry.h"

namespace stemma {

namespace {

using J = Json;

J with(J base, std::initializer_list<std::pair<std::string, J>> more) {
  for (const auto& [key, value] : more) base[key] = value;
  return base;
}

// Their loss is summed over the steps of a stream, ours is a mean over tokens: rates are `length` times theirs, norms
// are cut at a `length`-th of theirs.
J zaremba(int64_t width, double dropout, int64_t length, int64_t hold, double factor) {
  return J::object({{"embedding", width},
                    {"width", width},
                    {"layers", 2},
                    {"dropout", dropout},
                    {"kind", "word"},
                    {"vocabulary", 10'000},
                    {"streams", 20},
                    {"length", length},
                    {"optimizer", "sgd"},
                    {"train.schedule.name", "decay"},
                    {"train.schedule.rate", double(length)},
                    {"train.schedule.warmup", 0},
                    {"train.schedule.hold", hold},
                    {"train.schedule.factor", factor},
                    {"clip_norm", 5.0 / double(length)}});
}

J characters(int64_t width, int64_t layers, double dropout) {
  return J::object({{"embedding", width},
                    {"width", width},
                    {"layers", layers},
                    {"dropout", dropout},
                    {"kind", "char"},
                    {"vocabulary", 5'000},
                    {"streams", 50},
                    {"length", 50}});
}

J transformer(int64_t width, int64_t layers, int64_t length) {
  return J::object({{"width", width},
                    {"heads", width / 64},
                    {"feed_forward", 4 * width},
                    {"layers", layers},
                    {"streams", 16},
                    {"length", length},
                    {"optimizer", "adamw"},
                    {"weight_decay", 0.01},
                    {"train.schedule.name", "inverse_sqrt"},
                    {"train.schedule.rate", 1e-3},
                    {"train.schedule.warmup", 300}});
}

}  // namespace

const std::vector<Preset>& language_presets() {
  static const std::vector<Preset> list = {
      {"mikolov2010", "rnn", "Mikolov et al. 2010: Elman's network over words, truncated back-propagation",
       J::object({{"embedding", 200},
                  {"width", 200},
                  {"layers", 1},
                  {"dropout", 0},
                  {"kind", "word"},
                  {"vocabulary", 10'000},
                  {"length", 20}})},
      {"zaremba2014-small", "lstm", "Zaremba et al. 2014, section 4.1: 2 layers of 200, no dropout",
       zaremba(200, 0, 20, 4, 0.5)},
      {"zaremba2014-medium", "lstm", "Zaremba et al. 2014, section 4.1: 2 layers of 650, dropout 0.5",
       zaremba(650, 0.5, 35, 6, 1 / 1.2)},
      {"zaremba2014-large", "lstm", "Zaremba et al. 2014, section 4.1: 2 layers of 1,500, dropout 0.65",
       zaremba(1500, 0.65, 35, 14, 1 / 1.15)},
      {"awd2018", "lstm", "Merity et al. 2018: AWD-LSTM, 3 layers of 1,150, tied, NT-ASGD",
       with(zaremba(400, 0.4, 70, 1'000'000, 0.5), {{"width", 1150},
                                                    {"layers", 3},
                                                    {"tie", "output"},
                                                    {"input_dropout", 0.65},
                                                    {"hidden_dropout", 0.3},
                                                    {"locked", true},
                                                    {"embedding_dropout", 0.1},
                                                    {"weight_dropout", 0.5},
                                                    {"activation_penalty", 2},
                                                    {"temporal_penalty", 1},
                                                    {"vocabulary", 50'000},
                                                    {"streams", 80},
                                                    {"vary", true},
                                                    {"train.schedule.rate", 30},
                                                    {"clip_norm", 0.25},
                                                    {"weight_decay", 1.2e-6},
                                                    {"non_monotone", 5}})},
      {"char-rnn-small", "lstm", "Karpathy 2015, char-rnn: 2 layers of 128, characters", characters(128, 2, 0)},
      {"char-rnn-medium", "lstm", "Karpathy 2015, char-rnn: 2 layers of 256, characters", characters(256, 2, 0.25)},
      {"char-rnn-large", "lstm", "Karpathy 2015, char-rnn: 3 layers of 512, characters", characters(512, 3, 0.5)},
      {"transformer-lm-small", "transformer", "width 256, 4 heads, 4 layers, windows of 128 subwords",
       transformer(256, 4, 128)},
      {"transformer-lm-char", "transformer", "width 256, 4 heads, 4 layers, windows of 256 characters",
       with(transformer(256, 4, 256), {{"kind", "char"}, {"vocabulary", 5'000}})},
  };
  return list;
}

}  // namespace stemma
