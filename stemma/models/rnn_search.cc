#include "stemma/models/rnn_search.h"

#include <algorithm>
#include <numeric>

namespace stemma {

void RnnSearch::Config::validate() const {
  AlignmentShape::validate();
  for (const int64_t n : {embedding, width, encoder_width, encoder_layers, decoder_layers})
    check(n > 0, "embedding, width, encoder_width, encoder_layers, decoder_layers: must be positive, not ", n);
  check(style == "bahdanau" || style == "luong", "style: unknown value '", style, "' (known: bahdanau, luong)");
  check(context == "start" || context == "every", "context: unknown value '", context, "' (known: start, every)");
  check(tie == "none" || tie == "target", "tie: unknown value '", tie, "' (known: none, target)");
  check(tie == "none" || embedding == width, "tie = target needs embedding = width, not ", embedding, " and ", width);
  check(dropout >= 0 && dropout < 1, "dropout: ", dropout, " is not in [0, 1)");
}

RnnSearch::RnnSearch(Cell cell, const Config& c, int64_t source_vocabulary, int64_t target_vocabulary) : config(c) {
  c.validate();
  const Init init{Init::uniform, 0.1f};
  source = Embedding(source_vocabulary, c.embedding, init);
  target = Embedding(target_vocabulary, c.embedding, init);
  const int64_t m = c.bidirectional ? 2 * c.encoder_width : c.encoder_width;
  if (c.bidirectional)
    for (int64_t i = 0; i < c.encoder_layers; ++i) both_ways.emplace_back(cell, i ? m : c.embedding, c.encoder_width);
  else
    one_way = StackedRecurrent(cell, c.embedding, c.encoder_width, c.encoder_layers, c.residual, c.dropout);
  for (int64_t i = 0; i < c.decoder_layers; ++i) {
    bridge_h.emplace_back(m, c.width);
    if (cell == Cell::lstm) bridge_c.emplace_back(m, c.width);
  }
  decoder = StackedRecurrent(cell, c.embedding, c.width, c.decoder_layers, c.residual, c.dropout);
  const bool feeds = c.attends() && c.luong() && c.input_feeding, summary = !c.attends() && c.context == "every";
  const bool context_in = c.attends() && !c.luong();
  if (feeds || summary || context_in) C = Linear(feeds ? c.width : m, gates(cell) * c.width, false);
  if (c.attends()) {
    align.emplace(c, c.width, m);
    readout = Linear(c.width + m + (c.luong() ? 0 : c.embedding), c.width);
  }
  output = c.tie == "target" ? Output(target) : Output(c.width, target_vocabulary, true);
}

RnnSearch::State RnnSearch::start(const Tensor& source_ids) const {
  const At here("encoder");
  Tensor x = dropout(source(source_ids), config.dropout);
  std::vector<RecurrentState> last(both_ways.size());
  if (both_ways.empty()) x = one_way(x, last);
  for (size_t i = 0; i < both_ways.size(); ++i) {
    const Tensor y = both_ways[i](i ? dropout(x, config.dropout) : x, last[i]);
    x = config.residual && i ? x + y : y;
  }
  observe("output", x);
  State s;
  for (size_t i = 0; i < decoder.layers.size(); ++i) {
    const auto& from = last[std::min(i, last.size() - 1)];
    s.layers.push_back({bridge_h[i](from.h, Activation::tanh), from.c ? bridge_c[i](from.c) : Tensor()});
  }
  s.step = Tensor::zeros(x.sequences(), 1);
  s.source = one_to_one(x);
  const Tensor memory = dropout(x, config.dropout);
  if (align) s.memory = align->prepare(memory);
  if (align && config.luong()) s.feed = Tensor::zeros(x.sequences(), config.width);
  if (!align && C.W) s.feed = last.back().h;
  return s;
}

Tensor RnnSearch::operator()(const Tensor& target_ids, State& s) const {
  const At here("decoder");
  const Tensor y = dropout(target(target_ids), config.dropout);
  const bool at_once = align && align->is_one_op() && !config.luong() && decoder.layers.size() == 1;
  const Tensor out = at_once ? looking(y, s) : align ? stepwise(y, s) : whole(y, s);
  observe("output", out);
  return out;
}

Tensor RnnSearch::whole(const Tensor& y, State& s) const {
  const Tensor Wy = decoder.layers[0].W(y);
  const Splits splits = y.splits() ? y.splits() : make_splits({0, y.rows()});
  return dropout(decoder.recur(C.W ? C.onto(Wy, spread(s.feed, splits)) : Wy, s.layers), config.dropout);
}

// The rows that the state's hypotheses look at, gathered into one sequence for each.
static Source gathered(const RnnSearch::State& s) {
  return {gather_sequences(s.memory.memory, s.source), gather_sequences(s.memory.keys, s.source)};
}

// Bahdanau et al. 2015, A.1.2 and A.2.2, with tanh for the maxout of the output
Tensor RnnSearch::looking(const Tensor& y, State& s) const {
  const bool moved = !is_one_to_one(s.source, s.memory.memory);
  const Source source = moved && recording() ? gathered(s) : s.memory;
  const Look look{.W = align->W.W,
                  .b = align->W.b,
                  .v = align->v,
                  .C = C.W,
                  .keys = source.keys,
                  .memory = source.memory,
                  .rows = moved && !recording() ? runs_of(s.memory.memory, s.source) : RowRuns()};
  const auto& layer = decoder.layers[0];
  const Recurrence r = layer.recur(layer.W(y), s.layers[0], look);
  return dropout(readout(hstack({r.y, r.context, y}), Activation::tanh), config.dropout);
}

// One row of y for each sequence of the state.
Tensor RnnSearch::one_step(const Tensor& Wy, const Tensor& y, const Source& memory, State& s) const {
  const auto climb = [&](const Tensor& gates) { return decoder.recur(gates.with_splits(Wy.splits()), s.layers); };
  if (config.luong()) {  // Luong et al. 2015, eq. 5, and input feeding
    const Tensor h = climb(C.W ? C.onto(Wy, s.feed) : Wy);
    const Tensor c = (*align)(h, memory, s.step);
    return s.feed = readout(hstack({c, h}), Activation::tanh);
  }
  // As in `looking`
  const Tensor c = (*align)(s.layers.back().h, memory, s.step);
  const Tensor h = climb(C.onto(Wy, c));
  return readout(hstack({h, c, y}), Activation::tanh);
}

namespace {

// Rows by step instead of by sequence. Sequences stand in order of falling length, so step t touches a prefix of them.
struct Steps {
  std::vector<int64_t> order, place;    // the sequence at place i, and the place of sequence b
  std::vector<int64_t> active;          // how many sequences have a step t
  std::vector<int64_t> packed, unpack;  // the row of y at packed place j, and the packed place of row r

  explicit Steps(const Tensor& y) {
    const auto length = [&](int64_t b) { return y.end(b) - y.begin(b); };
    order.resize(size_t(y.sequences())), place.resize(order.size()), unpack.resize(size_t(y.rows()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
    for (size_t i = 0; i < order.size(); ++i) place[size_t(order[i])] = int64_t(i);
    for (int64_t t = 0; !order.empty() && t < length(order[0]); ++t) {
      active.push_back(std::count_if(order.begin(), order.end(), [&](int64_t b) { return length(b) > t; }));
      for (int64_t i = 0; i < active.back(); ++i) {
        const int64_t row = y.begin(order[size_t(i)]) + t;
        unpack[size_t(row)] = int64_t(packed.size());
        packed.push_back(row);
      }
    }
  }
};

// The states of sequences [begin, begin + n); what all share is left out.
RnnSearch::State cut(const RnnSearch::State& s, int64_t begin, int64_t n) {
  const auto part = [&](const Tensor& t) { return t ? rows(t, begin, n) : Tensor(); };
  RnnSearch::State out;
  for (const auto& layer : s.layers) out.layers.push_back({part(layer.h), part(layer.c)});
  out.feed = part(s.feed), out.step = part(s.step);
  return out;
}

Source cut(const Source& source, int64_t sequences) {
  const auto& all = *source.memory.splits();
  const auto kept = make_splits({all.begin(), all.begin() + sequences + 1});
  return {rows(source.memory, 0, kept->back()).with_splits(kept), rows(source.keys, 0, kept->back()).with_splits(kept)};
}

// The last states of all sequences from those of the groups that ended together.
void join(RnnSearch::State& s, const std::vector<RnnSearch::State>& groups) {
  const auto stack = [&](auto member) {
    std::vector<Tensor> parts;
    for (const auto& group : groups)
      if (const Tensor t = member(group)) parts.push_back(t);
    return parts.empty() ? Tensor() : vstack(parts);
  };
  for (size_t l = 0; l < s.layers.size(); ++l) {
    s.layers[l].h = stack([l](const auto& g) { return g.layers[l].h; });
    s.layers[l].c = stack([l](const auto& g) { return g.layers[l].c; });
  }
  s.feed = stack([](const auto& g) { return g.feed; });
  s.step = stack([](const auto& g) { return g.step; });
}

}  // namespace

Tensor RnnSearch::stepwise(const Tensor& y, State& s) const {
  check(int64_t(s.source.size()) == y.sequences(), "decoder: ", y.sequences(), " sequences continue a state of ",
        s.source.size());
  const Steps steps(y);
  reorder(s, steps.order);
  Source memory = gathered(s);
  const Tensor packed = gather(y, steps.packed), Wy = decoder.layers[0].W(packed);
  std::vector<Tensor> out;
  std::vector<State> ended;  // in groups, the longest last
  State now = cut(s, 0, y.sequences());
  for (int64_t t = 0, row = 0; t < int64_t(steps.active.size()); ++t) {
    const int64_t n = steps.active[size_t(t)], before = now.step.rows();
    if (n < before) {
      ended.push_back(cut(now, n, before - n));
      now = cut(now, 0, n);
      memory = cut(memory, n);
    }
    const auto singles = splits_of_lengths(std::vector<int64_t>(size_t(n), 1));
    out.push_back(one_step(rows(Wy, row, n).with_splits(singles), rows(packed, row, n), memory, now));
    now.step = now.step + 1;
    row += n;
  }
  ended.push_back(std::move(now));
  std::reverse(ended.begin(), ended.end());
  join(s, ended);
  reorder(s, steps.place);
  return gather(dropout(vstack(out), config.dropout), steps.unpack, y.splits());
}

}  // namespace stemma
