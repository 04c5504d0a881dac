// The recurrent encoder-decoder: plain (Cho et al. 2014; Sutskever et al. 2014), and with attention (Bahdanau et al.
// 2015, "RNNsearch"; Luong et al. 2015). First of the family of sequence to sequence.
#pragma once
#include "stemma/models/output.h"
#include "stemma/nn/alignment.h"
#include "stemma/nn/recurrent.h"

namespace stemma {

struct RnnSearch {
  struct Config : AlignmentShape {
    int64_t embedding = 256, width = 512;  // width: the decoder's
    int64_t encoder_width = 256;           // of each direction
    int64_t encoder_layers = 1, decoder_layers = 1;
    bool bidirectional = true, residual = false;
    std::string context = "start";   // without attention: the source's summary at the start only (Sutskever), or at
                                     // every step too (Cho)
    std::string style = "bahdanau";  // bahdanau: looks with s_{t-1}, then steps; luong: steps, then looks with s_t
    bool input_feeding = true;       // luong: the attentional vector joins the next input (section 3.3)
    std::string tie = "none";        // none | target: output = target embedding (embedding = width then)
    float dropout = 0.2f;
    FIELDS(embedding, width, encoder_width, encoder_layers, decoder_layers, bidirectional, residual, attention, style,
           input_feeding, window, window_size, attention_width, max_source, context, tie, dropout)
    void validate() const;
    bool attends() const { return attention != "none"; }
    bool luong() const { return style == "luong"; }
  };
  struct State {
    std::vector<RecurrentState> layers;
    Tensor feed;                  // luong: the last attentional vector; context = every: the source's summary
    Tensor step;                  // [B, 1]: how many target tokens it has seen
    std::vector<int64_t> source;  // the sequence of `memory` that each hypothesis looks at
    FIELDS(layers, feed, step, source)
    Source memory;  // shared by all hypotheses
  };

  Embedding source, target;
  std::vector<BidirectionalRecurrent> both_ways;
  StackedRecurrent one_way;
  std::vector<Linear> bridge_h, bridge_c;  // the decoder's first state, s_0 = tanh(W_s h_last), Bahdanau A.2.2
  StackedRecurrent decoder;
  Linear C;  // the share of the context, or of the fed attentional vector, in the first layer's gates
  std::optional<Alignment> align;
  Linear readout;  // what the output is made of: tanh(W [s; c (; y)])
  Output output;
  FIELDS(source, target, both_ways, one_way, bridge_h, bridge_c, decoder, C, align, readout, output)
  Config config;

  RnnSearch(Cell cell, const Config& config, int64_t source_vocabulary, int64_t target_vocabulary);
  int64_t longest_source() const { return config.attention == "location" ? config.max_source : 0; }
  int64_t longest_target() const { return 0; }
  State start(const Tensor& source_ids) const;
  Tensor operator()(const Tensor& target_ids, State& s) const;

 private:
  Tensor whole(const Tensor& y, State& s) const;    // without attention: all steps at once
  Tensor looking(const Tensor& y, State& s) const;  // additive attention, all steps at once
  Tensor stepwise(const Tensor& y, State& s) const;
  Tensor one_step(const Tensor& Wy, const Tensor& y, const Source& memory, State& s) const;
};

}  // namespace stemma
