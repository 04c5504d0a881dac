#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

struct Shape {
  int64_t heads, d, dv;
  bool causal;
};
Matrix constant(int64_t rows, int64_t cols, double value) {
  Matrix m(rows, cols);
  std::fill(m.v.begin(), m.v.end(), value);
  return m;
}
// Four sequences of queries, the last without keys; two share a run, as hypotheses of one source do.
const std::vector<std::vector<RowRun>> runs_of_each = {{{15, 3}, {2, 1}, {7, 5}}, {{7, 5}}, {{7, 5}}, {}};
const std::vector<int64_t> queries = {2, 1, 3, 1};

RowRuns all_runs() {
  RowRuns out;
  for (const auto& runs : runs_of_each) {
    for (const RowRun& run : runs) out.add(run);
    out.end();
  }
  return out;
}

Matrix reference(const Matrix& Q, const Matrix& K, const Matrix& V, const Shape& s) {
  Matrix Y(Q.rows, V.cols);
  for (size_t b = 0, row = 0; b < queries.size(); ++b) {
    std::vector<int64_t> keys;
    for (const RowRun& run : runs_of_each[b])
      for (int64_t r = 0; r < run.rows; ++r) keys.push_back(run.begin + r);
    for (int64_t i = 0; i < queries[b]; ++i, ++row) {
      const auto seen =
          s.causal ? std::max<int64_t>(0, i + 1 + int64_t(keys.size()) - queries[b]) : int64_t(keys.size());
      for (int64_t h = 0; h < s.heads; ++h) {
        std::vector<double> p;
        double sum = 0;
        for (int64_t j = 0; j < seen; ++j) {
          double score = 0;
          for (int64_t c = h * s.d; c < (h + 1) * s.d; ++c) score += Q(int64_t(row), c) * K(keys[size_t(j)], c);
          sum += p.emplace_back(std::exp(score / std::sqrt(double(s.d))));
        }
        for (int64_t j = 0; j < seen; ++j)
          for (int64_t c = h * s.dv; c < (h + 1) * s.dv; ++c)
            Y(int64_t(row), c) += p[size_t(j)] / sum * V(keys[size_t(j)], c);
      }
    }
  }
  return Y;
}

TEST(AttentionRows, equal_the_definition_in_double) {
  for (const Shape& s : {Shape{1, 3, 5, false},
                         {2, 4, 4, true},
                         {4, 16, 32, true},
                         {8, 64, 64, false},
                         {5, 32, 48, true},
                         {3, 16, 16, true},
                         {20, 16, 8, false}}) {
    SCOPED_TRACE(str(s.heads, " heads of ", s.d, " and ", s.dv, s.causal ? ", causal" : ""));
    const auto splits = splits_of_lengths(queries);
    const Matrix Q = random_matrix(7, s.heads * s.d, 1, 1, splits), K = random_matrix(20, s.heads * s.d, 2),
                 V = random_matrix(20, s.heads * s.dv, 3);
    const Matrix wanted = reference(Q, K, V, s);
    const Attention how{.heads = s.heads, .causal = s.causal};
    at_each_level([&] {
      const auto run = [&] { return attention_rows(to_tensor(Q), to_tensor(K), to_tensor(V), all_runs(), how); };
      expect_near(run(), wanted, 1e-5, "rows");
      int64_t seen = 0;
      const Listening on([&](const std::string&, const Tensor& A) { seen = A.rows(); });
      expect_near(run(), wanted, 1e-5, "rows, observed");
      EXPECT_EQ(seen, 7 * s.heads);
    });
  }
}

TEST(AttentionRows, large_scores_do_not_overflow) {
  RowRuns runs;
  runs.add({0, 2}), runs.end();
  const Tensor Q = Tensor::full(1, 16, 1e4f), K = Tensor::full(2, 16, 1e4f), V = Tensor::full(2, 16, 3);
  expect_near(attention_rows(Q, K, V, runs), constant(1, 16, 3), 1e-6, "large");
}

TEST(AttentionRows, a_sequence_gives_the_same_bits_alone_and_in_a_batch) {
  const Tensor Q = to_tensor(random_matrix(7, 128, 1, 1, splits_of_lengths(queries)));
  const Tensor K = to_tensor(random_matrix(20, 128, 2)), V = to_tensor(random_matrix(20, 128, 3));
  const Tensor together = attention_rows(Q, K, V, all_runs(), {.heads = 8});
  for (int64_t b = 0; b < Q.sequences(); ++b) {
    RowRuns own;
    for (const RowRun& run : runs_of_each[size_t(b)]) own.add(run);
    own.end();
    const int64_t n = Q.end(b) - Q.begin(b);
    expect_same_bits(attention_rows(rows(Q, Q.begin(b), n), K, V, own, {.heads = 8}), rows(together, Q.begin(b), n),
                     str("sequence ", b));
  }
}

TEST(AttentionRows, wrong_shapes_are_errors) {
  const auto t = [](int64_t rows, int64_t cols) { return Tensor::zeros(rows, cols); };
  const auto one = [](RowRun run) {
    RowRuns out;
    out.add(run), out.end();
    return out;
  };
  EXPECT_NO_THROW(attention_rows(t(1, 6), t(3, 6), t(3, 6), one({1, 2})));
  EXPECT_THROW(attention_rows(t(1, 6), t(3, 6), t(3, 6), one({2, 2})), Error);
  EXPECT_THROW(attention_rows(t(1, 6), t(3, 6), t(3, 6), one({-1, 1})), Error);
  EXPECT_THROW(attention_rows(t(1, 6), t(3, 6), t(3, 6), {}), Error);
}

}  // namespace
}  // namespace stemma
