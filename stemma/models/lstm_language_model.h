// The LSTM language model. Zaremba et al. 2014, "Recurrent neural network regularization"; child of Mikolov et al.
// 2010. What comes next, given all that came before: dropout on every connection but the recurrent ones.
#pragma once
#include <string>

#include "stemma/models/output.h"
#include "stemma/nn/recurrent.h"

namespace stemma {

struct LstmLanguageModel {
  struct Config {
    int64_t embedding = 650, width = 650, layers = 2;  // Zaremba et al. 2014, section 4.1: the medium one
    float dropout = 0.5f;
    std::string tie = "none";  // none | output: output = embedding (Press & Wolf 2017; embedding = width then)
    FIELDS(embedding, width, layers, dropout, tie)
    void validate() const;  // Error naming the field
  };
  struct State {
    std::vector<RecurrentState> layers;
    FIELDS(layers)
    State detached() const;  // the same values: gradients end here, where a text goes on in the next batch
  };

  Embedding embed;
  StackedRecurrent lstm;
  Output output;
  FIELDS(embed, lstm, output)
  Config config;

  LstmLanguageModel(const Config& config, int64_t vocabulary);
  // Sequences of ids continue from s, which becomes the state after them. Hidden rows [N, width], before the output.
  Tensor operator()(const Tensor& ids, State& s) const;
};

}  // namespace stemma
