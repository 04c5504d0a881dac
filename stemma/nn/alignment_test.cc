#include "stemma/nn/alignment.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;

const std::vector<std::string> scores = {"additive", "dot", "scaled_dot", "general", "concat", "cosine", "location"};
const std::vector<std::string> windows = {"global", "monotonic", "predictive"};

struct Case {
  Alignment align;
  Tensor memory, query, step;
  FIELDS(align)
};
Case make_case(const std::string& attention, const std::string& window, int64_t size = 2) {
  const int64_t query = 6, memory = attention == "additive" || attention == "general" ? 4 : 6;
  AlignmentShape shape{.attention = attention, .window = window, .window_size = size, .max_source = 9};
  if (attention == "concat") shape.attention_width = 5;
  return {randomised(Alignment(shape, query, memory)), random_rows({5, 1, 9, 3}, memory, 2), random_rows({4}, query, 3),
          Tensor::from(4, 1, {0, 0, 6, 7})};
}

using Row = std::vector<double>;
Row row(const Tensor& x, int64_t i) { return Row(x.data() + i * x.cols(), x.data() + (i + 1) * x.cols()); }
double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
Row times(const Param& W, const Row& x, const Param& b = {}) {  // W x + b
  Row y;
  for (int64_t r = 0; r < W.w.rows(); ++r) y.push_back(dot(row(W, r), x) + (b ? double(b.w.data()[r]) : 0.0));
  return y;
}
Row squashed_sum(Row a, const Row& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = std::tanh(a[i] + b[i]);
  return a;
}

// The papers' equations, one pair at a time: s the query, h row i of its source.
double plain_score(const Alignment& m, const Row& s, const Row& h, int64_t i) {
  const auto& kind = m.shape.attention;
  if (kind == "additive") return dot(row(m.v, 0), squashed_sum(times(m.W.W, s, m.W.b), times(m.U.W, h)));
  if (kind == "concat") return dot(row(m.v, 0), squashed_sum(times(m.W.W, s), times(m.U.W, h)));
  if (kind == "general") return dot(s, times(m.U.W, h));
  if (kind == "location") return times(m.W.W, s)[size_t(i)];
  if (kind == "cosine") return m.b.w.item() * dot(s, h) / std::sqrt(dot(s, s) * dot(h, h));
  return dot(s, h) / (kind == "dot" ? 1 : std::sqrt(double(s.size())));
}

// Weights of query b over its source.
Row plain_weights(const Case& c, int64_t b) {
  const auto& [attention, window, size, width, longest] = c.align.shape;
  const int64_t begin = c.memory.begin(b), n = c.memory.end(b) - begin;
  const Row s = row(c.query, b);
  const double D = double(size);
  double p = std::min(double(c.step.data()[b]), double(n - 1));
  if (window == "predictive") {
    const Row inside = squashed_sum(times(c.align.W_p.W, s, c.align.W_p.b), Row(s.size()));
    p = double(n) / (1 + std::exp(-dot(row(c.align.v_p, 0), inside)));
  }
  const auto seen = [&](int64_t i) { return window == "global" || std::abs(double(i) - p) <= D; };
  Row weights;
  double total = 0;
  for (int64_t i = 0; i < n; ++i) {
    weights.push_back(seen(i) ? std::exp(plain_score(c.align, s, row(c.memory, begin + i), i)) : 0);
    total += weights.back();
  }
  for (int64_t i = 0; i < n; ++i)
    weights[size_t(i)] *= (window == "predictive" ? std::exp(-2 * std::pow((double(i) - p) / D, 2)) : 1) / total;
  return weights;
}

TEST(Alignment, weights_and_context_are_those_of_the_papers) {
  for (const auto& attention : scores)
    for (const auto& window : windows) {
      SCOPED_TRACE(attention + " " + window);
      const auto c = make_case(attention, window);
      Tensor seen;
      const Listening on([&](const std::string& path, const Tensor& A) {
        EXPECT_EQ(path, "attention");
        seen = A;
      });
      const Tensor context = c.align(c.query, c.align.prepare(c.memory), c.step);
      ASSERT_EQ(seen.rows(), 4);
      ASSERT_EQ(seen.cols(), 9);
      for (int64_t b = 0; b < 4; ++b) {
        Row weights = plain_weights(c, b), wanted(size_t(c.memory.cols()));
        for (size_t i = 0; i < weights.size(); ++i)
          for (size_t j = 0; j < wanted.size(); ++j)
            wanted[j] += weights[i] * row(c.memory, c.memory.begin(b) + int64_t(i))[j];
        weights.resize(9);  // zero beyond the sequence
        for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(row(seen, b)[i], weights[i], 2e-6) << b << ", " << i;
        for (size_t j = 0; j < wanted.size(); ++j) EXPECT_NEAR(row(context, b)[j], wanted[j], 1e-5) << b;
      }
    }
}

TEST(Alignment, gradients) {
  for (const auto& attention : scores)
    for (const auto& window : windows) {
      SCOPED_TRACE(attention + " " + window);
      auto c = make_case(attention, window, 12);  // so wide that no step of the test crosses its edge
      Params all = params(c);
      c.memory = parameter(c.memory), c.query = parameter(c.query);
      all.push_back({"memory", c.memory}), all.push_back({"query", c.query});
      check_gradients(all, [&] { return c.align(c.query, c.align.prepare(c.memory), c.step); });
    }
}

TEST(Alignment, sequences_do_not_touch_each_other) {
  for (const auto& attention : scores)
    for (const auto& window : windows) {
      SCOPED_TRACE(attention + " " + window);
      const auto c = make_case(attention, window);
      const auto run = [&](const std::vector<int64_t>& which) {
        const auto singles = splits_of_lengths(std::vector<int64_t>(which.size(), 1));
        const auto source = c.align.prepare(pick(c.memory, which));
        return c.align(gather(c.query, which), source, gather(c.step, which)).with_splits(singles);
      };
      EXPECT_LT(batch_gap(run, 4), 1e-5);
      const Deterministic on;
      EXPECT_EQ(batch_gap(run, 4), 0);
    }
}

TEST(Alignment, wrong_shapes_and_names_are_named) {
  const auto message = [](const AlignmentShape& s) { return error_of([&] { s.validate(); }); };
  EXPECT_THAT(message({.attention = "aditive"}),
              HasSubstr("attention: unknown value 'aditive' (did you mean 'additive'?)"));
  EXPECT_THAT(message({.window = "globul"}), HasSubstr("did you mean 'global'"));
  EXPECT_THAT(message({.window_size = 0}), HasSubstr("window_size: 0"));
  EXPECT_THAT(message({.max_source = -1}), HasSubstr("max_source: -1"));
  EXPECT_THAT(error_of([] { Alignment({.attention = "dot"}, 4, 6); }), HasSubstr("use attention = general"));
  const auto c = make_case("location", "global");
  EXPECT_THAT(error_of([&] {
                c.align(c.query, c.align.prepare(random_rows({1, 10, 2, 2}, 6)), c.step);
              }),
              HasSubstr("a source of 10 tokens, but the model has 9 locations"));
  EXPECT_THAT(error_of([&] {
                c.align(c.query, c.align.prepare(random_rows({1, 2}, 6)), c.step);
              }),
              HasSubstr("alignment"));
}

}  // namespace
}  // namespace stemma
