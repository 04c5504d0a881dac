// Where in a text the answer to a question begins and ends, from the rows of any encoder: BiDAF, Seo et al. 2017.
#pragma once
#include "stemma/nn/attention_flow.h"
#include "stemma/nn/pointers.h"
#include "stemma/nn/recurrent.h"

namespace stemma {

struct FlowReader {
  struct Config {
    int64_t width = 64;   // of one direction of the modelling layer
    int64_t layers = 1;   // of it; the paper has 2
    bool ending = true;   // the end is seen from a further layer, as in the paper; false: from the rows of the start
    bool matches = true;  // rows know whether their word is in the question: Chen et al. 2017, section 3.2
    float dropout = 0.2f;
    FIELDS(width, layers, ending, matches, dropout)
    void validate() const {
      check(width > 0 && layers > 0, "head.reader.width, head.reader.layers: must be positive");
      check(dropout >= 0 && dropout < 1, "head.reader.dropout = ", dropout, ": must be in [0, 1)");
    }
  };
  AttentionFlow flow;
  std::vector<BidirectionalRecurrent> modelling;
  std::optional<BidirectionalRecurrent> ending;
  Linear seen;        // [2, 4 d]: what G says of start and end
  Linear start, end;  // [1, 2 width]: and what the rows of modelling and ending say
  Linear nowhere;     // [2, d]: scores of "there is no answer" from h~
  FIELDS(flow, modelling, ending, seen, start, end, nowhere)
  Config config;

  FlowReader() = default;
  // d: of the encoder's rows. With `no_answer`, a row more behind each text stands for "there is none": its score is
  // learned (Levy et al. 2017, section 4.1, a bias there, here a function of what the question found in the text).
  FlowReader(const Config& config, int64_t d, bool no_answer);
  struct Scores {
    Tensor start, end;  // [N, 1], a row for each of H; with no_answer [N + B, 1], its row the last of each sequence
  };
  // H, U: [N, d], [M, d], texts and questions; match: [N, 1], 1 where the word of the row is in the question too.
  Scores operator()(const Tensor& H, const Tensor& U, const Tensor& match) const;
};

}  // namespace stemma
