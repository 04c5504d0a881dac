#include "stemma/nn/alignment.h"

#include <cmath>

namespace stemma {

void AlignmentShape::validate() const {
  static const std::vector<std::string> scores = {"none",    "additive", "dot",    "scaled_dot",
                                                  "general", "concat",   "cosine", "location"};
  static const std::vector<std::string> windows = {"global", "monotonic", "predictive"};
  check(std::find(scores.begin(), scores.end(), attention) != scores.end(), "attention: unknown value '", attention,
        "'", suggestion(attention, scores));
  check(std::find(windows.begin(), windows.end(), window) != windows.end(), "window: unknown value '", window, "'",
        suggestion(window, windows));
  check(window_size > 0, "window_size: ", window_size, " is not positive");
  check(max_source > 0, "max_source: ", max_source, " is not positive");
}

Alignment::Alignment(const AlignmentShape& s, int64_t query_width, int64_t memory_width) : shape(s) {
  const int64_t a = s.attention_width ? s.attention_width : query_width;
  const auto needs_equal_widths = [&] {
    check(query_width == memory_width, "attention = ", s.attention, " needs equal widths, but the decoder's is ",
          query_width, " and the encoder's ", memory_width, "; use attention = general");
  };
  if (s.attention == "additive" || s.attention == "concat") {
    // W [s; h] = W_s s + W_h h: the two halves of one matrix, so that W_h h is computed once for each source.
    W = Linear(query_width, a, s.attention == "additive");
    U = Linear(memory_width, a, false);
    v = Param(1, a, {Init::xavier});
  } else if (s.attention == "general") {
    U = Linear(memory_width, query_width, false);
  } else if (s.attention == "location") {
    W = Linear(query_width, s.max_source, false);
  } else {
    needs_equal_widths();
    if (s.attention == "cosine") b = Param(1, 1, {Init::ones});
  }
  if (s.window == "predictive")
    W_p = Linear(query_width, query_width, false), v_p = Param(1, query_width, {Init::xavier});
}

// Row by row: a^T b.
static Tensor row_dot(const Tensor& a, const Tensor& b) { return sum_cols(a * b); }

Tensor Alignment::scores(const Tensor& query, const Source& source) const {
  const Splits& splits = source.memory.splits();
  const auto& kind = shape.attention;
  if (kind == "additive" || kind == "concat") return linear(tanh(spread(W(query), splits) + source.keys), v);
  if (kind == "location") {  // the first S numbers of each query's row
    std::vector<int64_t> at;
    const Tensor all = W(query);
    for (int64_t b = 0; b < source.memory.sequences(); ++b) {
      const int64_t n = source.memory.end(b) - source.memory.begin(b);
      check(n <= shape.max_source, "a source of ", n, " tokens, but the model has ", shape.max_source,
            " locations; raise max_source and train again, or shorten the input");
      for (int64_t i = 0; i < n; ++i) at.push_back(b * all.cols() + i);
    }
    return gather(reshape(all, all.size(), 1), at, splits);
  }
  const Tensor dots = row_dot(spread(query, splits), source.keys);
  if (kind == "scaled_dot") return (1 / std::sqrt(float(query.cols()))) * dots;
  if (kind != "cosine") return dots;
  const auto length = [](const Tensor& x) { return sqrt(sum_cols(square(x)) + 1e-6f); };
  return dots / (spread(length(query), splits) * length(source.keys)) * b.w;
}

// Position of each row in its sequence, [N, 1].
static Tensor positions_in(const Tensor& memory) {
  std::vector<float> s;
  for (int64_t b = 0; b < memory.sequences(); ++b)
    for (int64_t i = memory.begin(b); i < memory.end(b); ++i) s.push_back(float(i - memory.begin(b)));
  return Tensor::from(memory.rows(), 1, s, memory.splits());
}

static Tensor lengths_of(const Tensor& memory) {  // [B, 1]
  std::vector<float> n;
  for (int64_t b = 0; b < memory.sequences(); ++b) n.push_back(float(memory.end(b) - memory.begin(b)));
  return Tensor::from(memory.sequences(), 1, n);
}

static Tensor padded_rows(const Tensor& ragged) {  // [N, 1] -> [B, longest], zero beyond each sequence
  const int64_t B = ragged.sequences();
  int64_t longest = 0;
  for (int64_t b = 0; b < B; ++b) longest = std::max(longest, ragged.end(b) - ragged.begin(b));
  std::vector<int64_t> at;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < ragged.end(b) - ragged.begin(b); ++i) at.push_back(b * longest + i);
  return reshape(scatter_add(ragged, at, B * longest), B, longest);
}

// -1e9 where |x| > D, else 0; a constant.
static Tensor outside(const Tensor& x, float D) {
  const Tensor distance = maximum(x, -x).detach(), beyond = 1e30f * relu(distance + -D);
  return 1e9f * (relu(-beyond + 1) + -1);
}

Tensor Alignment::operator()(const Tensor& query, const Source& source, const Tensor& step) const {
  const Tensor& memory = source.memory;
  check(query.rows() == memory.sequences(), "alignment: ", query, " against ", memory);
  if (is_one_op()) return additive_attention(W(query), source.keys, memory, v);
  Tensor e = scores(query, source).with_splits(memory.splits());
  Tensor nearness;  // predictive: exp(-(s - p)^2 / 2 sigma^2), sigma = D / 2; Luong 2015, eq. 10
  if (shape.window != "global") {
    const float D = float(shape.window_size);
    const Tensor s = positions_in(memory), lengths = lengths_of(memory);
    Tensor p;
    if (shape.window == "predictive") {
      p = lengths * sigmoid(linear(tanh(W_p(query)), v_p));
      nearness = exp((-2 / (D * D)) * square(s - spread(p, memory.splits())));
    } else {
      p = -maximum(-step, -lengths + 1);  // a target longer than its source keeps looking at the end
    }
    e = e + outside(s - spread(p, memory.splits()), D);
  }
  Tensor weights = segment_softmax(e.with_splits(memory.splits()));
  if (nearness) weights = (weights * nearness).with_splits(memory.splits());
  if (observing()) observe("attention", padded_rows(weights.with_splits(memory.splits())));
  return segment_sum((memory * weights).with_splits(memory.splits()));
}

}  // namespace stemma
