#include "stemma/nn/transformer.h"

#include "stemma/base/choice.h"

#include <cmath>

namespace stemma {

void TransformerShape::validate() const {
  check(width > 0 && heads > 0 && width % heads == 0, "heads: width ", width, " does not divide by ", heads, " heads");
  check(positions != "sinusoidal" || width % 2 == 0, "width: sinusoidal positions need an even width, not ", width);
  check(feed_forward > 0, "feed_forward: ", feed_forward, " is not positive");
  check(max_positions > 0, "max_positions: ", max_positions, " is not positive");
  for (const float p : {dropout, attention_dropout, activation_dropout})
    check(p >= 0 && p < 1, "dropout: ", p, " is not in [0, 1)");
  check_choice("norm", norm, {"post", "pre"});
  check_choice("norm_kind", norm_kind, {"layer", "rms"});
  check_choice("activation", activation, {"relu", "gelu", "swiglu"});
  check_choice("positions", positions, {"sinusoidal", "learned"});
}

FeedForward::FeedForward(const TransformerShape& s)
    : up(s.width, s.feed_forward),
      gate(s.activation == "swiglu" ? Linear(s.width, s.feed_forward) : Linear()),
      down(s.feed_forward, s.width),
      f(s.activation == "relu"   ? Activation::relu
        : s.activation == "gelu" ? Activation::gelu
                                 : Activation::silu),
      dropout_inside(s.activation_dropout) {}

Tensor FeedForward::operator()(const Tensor& x) const {
  const bool direct = !gate.W && dropout_inside == 0;
  const Tensor a = up(x, f, direct && f == Activation::relu ? multiplied_type() : Type::f32);
  return down(direct ? a : cast(dropout(gate.W ? a * gate(x) : a, dropout_inside), multiplied_type()));
}

EncoderLayer::EncoderLayer(const TransformerShape& s)
    : attend(s.width, s.width, {.heads = s.heads, .dropout = s.attention_dropout}),
      feed(s),
      attend_around(s),
      feed_around(s) {}

Tensor EncoderLayer::operator()(const Tensor& x) const {
  const Tensor a = attend_around(x, [&](const Tensor& v) {
    const At here("attend");
    return attend(v, attend.remember(v));
  });
  return feed_around(a, feed);
}

// Of the rows of x at their own past, which `own` remembers.
static Tensor look_back(const MultiHead& attend, const Tensor& x, KeyValues& own, const Continuation* more) {
  const At here("attend");
  if (!more) return attend(x, own = attend.remember(x));
  own.write(attend.K(x), attend.V(x), *more);
  return attend(x, own, more->seen);
}

CausalLayer::CausalLayer(const TransformerShape& s)
    : attend(s.width, s.width, {.heads = s.heads, .causal = true, .dropout = s.attention_dropout}),
      feed(s),
      attend_around(s),
      feed_around(s) {}

Tensor CausalLayer::operator()(const Tensor& x, KeyValues& own, const Continuation* more) const {
  return feed_around(attend_around(x, [&](const Tensor& v) { return look_back(attend, v, own, more); }), feed);
}

DecoderLayer::DecoderLayer(const TransformerShape& s)
    : attend(s.width, s.width, {.heads = s.heads, .causal = true, .dropout = s.attention_dropout}),
      cross(s.width, s.width, {.heads = s.heads, .dropout = s.attention_dropout}),
      feed(s),
      attend_around(s),
      cross_around(s),
      feed_around(s) {}

Tensor DecoderLayer::operator()(const Tensor& y, State& s, const Continuation* more, const RowRuns* source) const {
  const Tensor a = attend_around(y, [&](const Tensor& v) { return look_back(attend, v, s.own, more); });
  const Tensor c = cross_around(a, [&](const Tensor& v) {
    const At here("cross");
    return source ? cross(v, s.memory, *source) : cross(v, s.memory);
  });
  return feed_around(c, feed);
}

Positions::Positions(const TransformerShape& s)
    : P(s.positions == "learned" ? Param(s.max_positions, s.width, {Init::normal, 1 / std::sqrt(float(s.width))})
                                 : Param()),
      learned(s.positions == "learned") {}

static Tensor sinusoids(int64_t n, int64_t width) {
  Tensor table(n, width);
  for (int64_t pos = 0; pos < n; ++pos)
    for (int64_t i = 0; i < width; i += 2) {
      const double angle = double(pos) / std::pow(10000.0, double(i) / double(width));
      table.data()[pos * width + i] = float(std::sin(angle));
      table.data()[pos * width + i + 1] = float(std::cos(angle));
    }
  return table;
}

// The table is made once for each width and grows by doubling.
static Tensor sinusoid_table(int64_t n, int64_t width) {
  static thread_local std::vector<Tensor> tables;
  for (auto& t : tables)
    if (t.cols() == width) return t.rows() >= n ? t : t = sinusoids(2 * n, width);
  return tables.emplace_back(sinusoids(std::max<int64_t>(n, 256), width));
}

Tensor Positions::operator()(const Tensor& x, const std::vector<int64_t>& past) const {
  std::vector<int64_t> position(size_t(x.rows()));
  int64_t longest = 0;
  for (int64_t b = 0; b < x.sequences(); ++b) {
    const int64_t before = past.empty() ? 0 : past[size_t(b)];
    for (int64_t i = x.begin(b); i < x.end(b); ++i) position[size_t(i)] = before + i - x.begin(b);
    longest = std::max(longest, before + x.end(b) - x.begin(b));
  }
  check(!learned || longest <= P.w.rows(), "a sequence of ", longest, " tokens, but the model has ",
        learned ? P.w.rows() : 0, " learned positions; raise max_positions and train again, or shorten the input");
  const Tensor table = learned ? P.w : sinusoid_table(longest, x.cols());
  return x + gather(table, position, x.splits());
}

}  // namespace stemma
