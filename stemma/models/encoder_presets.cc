// Settings of encoders for tasks on texts, named after the papers they come from.
#include "stemma/models/registry.h"

namespace stemma {

const std::vector<Preset>& encoder_presets() {
  using J = Json;
  const auto kim = [](const char* vectors) {
    return J::object({{"widths", J::Array{3, 4, 5}},
                      {"filters", 100},
                      {"input.embedding", 300},
                      {"input.vectors", vectors},
                      {"input.dropout", 0},
                      {"head.dropout", 0.5}});
  };
  static const std::vector<Preset> list = {
      {"joulin2017", "fasttext", "Joulin et al. 2017: bags of words and of their pairs",
       J::object({{"dimension", 10}, {"word_ngrams", 2}, {"buckets", 1'000'000}})},
      {"iyyer2015", "bag", "Iyyer et al. 2015, deep averaging network, with one layer of 300",
       J::object({{"input.embedding", 300}, {"head.pooling", "mean"}, {"head.hidden", 300}})},
      {"kim2014", "textcnn", "Kim 2014, CNN-non-static: begin with --vectors", kim("tuned")},
      {"kim2014-static", "textcnn", "Kim 2014, CNN-static: begin with --vectors", kim("static")},
      {"kim2014-multichannel", "textcnn", "Kim 2014, CNN-multichannel: begin with --vectors", kim("both")},
      {"yang2016", "gru", "Yang et al. 2016, hierarchical attention: over the words of sentences, over the sentences",
       J::object({{"input.embedding", 200},
                  {"width", 50},
                  {"head.pooling", "attention"},
                  {"head.attention_width", 100},
                  {"head.sentence_width", 50}})},
      {"conneau2017", "lstm", "Conneau et al. 2017, InferSent's BiLSTM with max pooling, a quarter as wide",
       J::object({{"input.embedding", 300},
                  {"width", 512},
                  {"head.pooling", "max"},
                  {"head.pairs", "siamese"},
                  {"head.hidden", 512}})},
      {"lample2016", "lstm", "Lample et al. 2016: BiLSTM over words and the letters of each, read by an LSTM",
       J::object({{"input.embedding", 100},
                  {"letters", "lstm"},
                  {"letter_embedding", 25},
                  {"letter_width", 50},
                  {"width", 100},
                  {"input.dropout", 0.5}})},
      {"ma2016", "lstm", "Ma & Hovy 2016: BiLSTM over words and the letters of each, read by a CNN",
       J::object({{"input.embedding", 100},
                  {"letters", "cnn"},
                  {"letter_embedding", 30},
                  {"letter_width", 30},
                  {"width", 200},
                  {"input.dropout", 0.5}})},
  };
  return list;
}

}  // namespace stemma
