#include "stemma/models/flow_reader.h"

namespace stemma {

FlowReader::FlowReader(const Config& c, int64_t d, bool no_answer) : flow(d), config(c) {
  c.validate();
  const int64_t in = 4 * d + (c.matches ? 1 : 0), out = 2 * c.width;
  for (int64_t i = 0; i < c.layers; ++i) modelling.emplace_back(Cell::lstm, i ? out : in, c.width);
  if (c.ending) ending.emplace(Cell::lstm, out, c.width);
  seen = Linear(in, 2, false);
  start = Linear(out, 1, false), end = Linear(out, 1, false);
  if (no_answer) nowhere = Linear(d, 2);
}

// p_start = softmax(w [G; M]), p_end = softmax(w' [G; M2])        eq. 3 and 4, each product in its two parts
FlowReader::Scores FlowReader::operator()(const Tensor& H, const Tensor& U, const Tensor& match) const {
  const At here("reader");
  const auto [G, context] = flow(H, U);
  const Tensor g = dropout(config.matches ? hstack({G, match}) : G, config.dropout);
  Tensor M = g;
  for (size_t i = 0; i < modelling.size(); ++i) {
    RecurrentState s;
    M = modelling[i](i ? dropout(M, config.dropout) : M, s);
  }
  RecurrentState s;
  M = dropout(M, config.dropout);
  const Tensor M2 = ending ? dropout((*ending)(M, s), config.dropout) : M;
  const auto from_g = split<2>(seen(g));
  Scores out{start.onto(from_g[0], M), end.onto(from_g[1], M2)};
  if (!nowhere.W) return out;
  const auto none = split<2>(nowhere(context));
  return {append_rows(out.start, none[0]), append_rows(out.end, none[1])};
}

}  // namespace stemma
