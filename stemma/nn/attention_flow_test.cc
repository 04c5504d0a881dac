#include "stemma/nn/attention_flow.h"

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t d = 5;
const std::vector<int64_t> texts = {4, 1, 7}, questions = {3, 2, 1};

struct Case {
  AttentionFlow flow;
  Param H, U;
  FIELDS(flow, H, U)
  Tensor text() const { return H.w.with_splits(splits_of_lengths(texts)); }
  Tensor question() const { return U.w.with_splits(splits_of_lengths(questions)); }
};
Case make_case() {
  Case c{randomised(AttentionFlow(d)), {}, {}};
  c.H.w = parameter(random_rows({12}, d, 3)), c.U.w = parameter(random_rows({6}, d, 4));
  return c;
}

double at(const Tensor& x, int64_t row, int64_t col) { return x.data()[row * x.cols() + col]; }

// S_tj with the whole of w, in double.
double similarity(const Case& c, int64_t t, int64_t j) {
  double s = 0;
  for (int64_t k = 0; k < d; ++k) {
    const double h = at(c.H, t, k), u = at(c.U, j, k);
    s += at(c.flow.w_h, 0, k) * h + at(c.flow.w_u, 0, k) * u + at(c.flow.w_hu, 0, k) * h * u;
  }
  return s;
}

TEST(AttentionFlow, is_its_equations_in_plain_loops) {
  const Case c = make_case();
  const Tensor H = c.text(), U = c.question();
  const auto [G, context] = c.flow(H, U);
  ASSERT_EQ(G.cols(), 4 * d);
  for (int64_t b = 0; b < H.sequences(); ++b) {
    std::vector<double> found(d), greatest;
    double total = 0;
    for (int64_t t = H.begin(b); t < H.end(b); ++t) {
      double most = -1e9;
      for (int64_t j = U.begin(b); j < U.end(b); ++j) most = std::max(most, similarity(c, t, j));
      greatest.push_back(std::exp(most)), total += greatest.back();
    }
    for (int64_t t = H.begin(b); t < H.end(b); ++t)
      for (int64_t k = 0; k < d; ++k) found[size_t(k)] += greatest[size_t(t - H.begin(b))] / total * at(c.H, t, k);
    for (int64_t k = 0; k < d; ++k) EXPECT_NEAR(at(context, b, k), found[size_t(k)], 1e-5);
    for (int64_t t = H.begin(b); t < H.end(b); ++t) {
      double sum = 0;
      for (int64_t j = U.begin(b); j < U.end(b); ++j) sum += std::exp(similarity(c, t, j));
      for (int64_t k = 0; k < d; ++k) {
        double read = 0;
        for (int64_t j = U.begin(b); j < U.end(b); ++j) read += std::exp(similarity(c, t, j)) / sum * at(c.U, j, k);
        const double h = at(c.H, t, k);
        EXPECT_NEAR(at(G, t, k), h, 0);
        EXPECT_NEAR(at(G, t, d + k), read, 1e-5);
        EXPECT_NEAR(at(G, t, 2 * d + k), h * read, 1e-5);
        EXPECT_NEAR(at(G, t, 3 * d + k), h * found[size_t(k)], 1e-5);
      }
    }
  }
}

TEST(AttentionFlow, gradients_are_those_of_differences) {
  Case c = make_case();
  check_gradients(params(c), [&] { return c.flow(c.text(), c.question()).G; }, {.step = 2e-3, .tolerance = 4e-3});
}

TEST(AttentionFlow, a_text_does_not_feel_its_batch) {
  const Case c = make_case();
  const NoGrad off;
  const auto rows = [&](const std::vector<int64_t>& which) {
    return c.flow(pick(c.text(), which), pick(c.question(), which)).G;
  };
  EXPECT_LT(batch_gap(rows, 3), 1e-6);
}

TEST(AttentionFlow, whoever_listens_sees_both_attentions) {
  const Case c = make_case();
  Tensor to_question, to_text;
  const Listening on([&](const std::string& path, const Tensor& x) {
    (path.ends_with("query to context") ? to_text : to_question) = x;
  });
  c.flow(c.text(), c.question());
  ASSERT_EQ(to_question.rows(), 12);
  ASSERT_EQ(to_text.rows(), 12);
  double sum = 0;
  for (int64_t t = 0; t < 4; ++t) sum += at(to_text, t, 0);
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(AttentionFlow, texts_without_a_question_are_an_error) {
  const AttentionFlow flow(d);
  EXPECT_EQ(error_of([&] {
              flow(random_rows({2, 1}, d), random_rows({3}, d));
            }),
            "attention flow of [3, 5 | 2 sequences] and [3, 5 | 1 sequences] by w of [1, 5]");
  EXPECT_EQ(error_of([&] {
              flow(random_rows({2, 1}, d), random_rows({3, 0}, d));
            }),
            "attention flow: question 1 of [3, 5 | 2 sequences] has no row");
}

}  // namespace
}  // namespace stemma
