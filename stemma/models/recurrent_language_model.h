// The recurrent language model: what comes next, given all that came before. Mikolov et al. 2010 (Elman's network);
// Zaremba et al. 2014, "Recurrent neural network regularization" (LSTM, dropout on every connection but the recurrent
// ones); Merity et al. 2018, "Regularizing and optimizing LSTM language models" (AWD).
#pragma once
#include <string>

#include "stemma/models/language_model.h"
#include "stemma/models/output.h"
#include "stemma/nn/recurrent.h"

namespace stemma {

struct RecurrentLanguageModel {
  struct Config {
    int64_t embedding = 650, width = 650, layers = 2;  // Zaremba et al. 2014, section 4.1: the medium one
    float dropout = 0.5f;
    std::string tie = "none";  // none | output: output = embedding; the last layer is as wide then (Press & Wolf 2017)
    // Merity et al. 2018. A share below 0: as `dropout`, which then is that of the output.
    float input_dropout = -1, hidden_dropout = -1;  // of the embedded words; between layers
    bool locked = false;          // one mask for all steps of a sequence (Gal & Ghahramani 2016; their section 4.2)
    float embedding_dropout = 0;  // of words, each wherever it stands (section 4.3)
    float weight_dropout = 0;     // of the recurrent matrices (section 2)
    float activation_penalty = 0, temporal_penalty = 0;  // alpha of AR and beta of TAR (section 4.6)
    FIELDS(embedding, width, layers, dropout, tie, input_dropout, hidden_dropout, locked, embedding_dropout,
           weight_dropout, activation_penalty, temporal_penalty)
    void validate() const;  // Error naming the field
  };
  struct State {
    std::vector<RecurrentState> layers;
    FIELDS(layers)
    State detached() const;  // the same values: gradients end here, where a text goes on in the next batch
  };

  Embedding embed;
  std::vector<Recurrent> layers;
  Output output;
  FIELDS(embed, layers, output)
  Config config;

  RecurrentLanguageModel(Cell cell, const Config& config, int64_t vocabulary);
  // Sequences of ids continue from s, which becomes the state after them. Hidden rows [N, width], before the output.
  Tensor operator()(const Tensor& ids, State& s) const { return run(embedded(ids), s).hidden; }
  Tensor embedded(const Tensor& ids) const;
  Reading run(const Tensor& rows, State& s) const;

  int64_t longest() const { return 0; }
  bool forgets() const { return layers[0].cell != Cell::rnn; }
  std::vector<int64_t> carried_widths() const;
  std::vector<Tensor> carried(const State& s) const;
  State start(const std::vector<Tensor>& carried) const;

 private:
  Tensor drop(const Tensor& x, float p) const;
  Tensor penalty(const Tensor& raw, const Tensor& dropped) const;
};

}  // namespace stemma
