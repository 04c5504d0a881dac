// The CRF against a sum over every labelling, in double.
#include "stemma/ops/crf.h"

#include <cmath>

#include "stemma/base/testing.h"
#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

using Legal = std::shared_ptr<const LegalLabels>;

// scores, A, start, end
double plain_score(const std::vector<Matrix>& x, const Legal& legal, int64_t begin, const std::vector<int64_t>& y) {
  if (y.empty()) return 0;
  const int64_t k = x[0].cols;
  double sum = x[2](0, y.front()) + x[3](0, y.back());
  bool all = !legal || (legal->start[size_t(y.front())] && legal->end[size_t(y.back())]);
  for (size_t t = 0; t < y.size(); ++t) {
    sum += x[0](begin + int64_t(t), y[t]);
    if (t == 0) continue;
    sum += x[1](y[t - 1], y[t]);
    all = all && (!legal || legal->transitions[size_t(y[t - 1] * k + y[t])]);
  }
  return all ? sum : -INFINITY;
}

// Calls f(y, s(y)) for each of the k^n labellings of a sequence, in the order of numbers with the last digit greatest.
template <class F>
void each_labelling(const std::vector<Matrix>& x, const Legal& legal, int64_t s, F&& f) {
  const int64_t n = x[0].end(s) - x[0].begin(s), k = x[0].cols;
  std::vector<int64_t> y(size_t(n), 0);
  while (true) {
    f(y, plain_score(x, legal, x[0].begin(s), y));
    size_t t = 0;
    while (t < y.size() && ++y[t] == k) y[t++] = 0;
    if (t == y.size()) return;
  }
}
double plain_total(const std::vector<Matrix>& x, const Legal& legal, int64_t s) {
  double most = -INFINITY, sum = 0;
  each_labelling(x, legal, s, [&](auto&, double score) { most = std::max(most, score); });
  each_labelling(x, legal, s, [&](auto&, double score) { sum += std::exp(score - most); });
  return most + std::log(sum);
}

struct Case {
  std::vector<Matrix> x;  // scores, A, start, end
  Legal legal = {};
  std::vector<int32_t> y = {};
  CrfWeights weights(const std::vector<Tensor>& t) const {
    return {.A = t[1], .start = t[2], .end = t[3], .legal = legal};
  }
  CrfWeights weights() const { return {to_tensor(x[1]), to_tensor(x[2]), to_tensor(x[3]), legal}; }
  Tensor scores() const { return to_tensor(x[0]); }
  OpCase op() const {
    return {.f = [c = *this](auto& t) { return crf(t[0], c.weights(t), Tensor::ids(c.y)).total; },
            .reference = [c = *this](auto& m) { return c.loss(m); },
            .inputs = x};
  }
  Matrix loss(const std::vector<Matrix>& m) const {
    Matrix out(1, 1);
    for (int64_t s = 0; s < m[0].sequences(); ++s)
      out.v[0] += plain_total(m, legal, s) -
                  plain_score(m, legal, m[0].begin(s), {y.begin() + m[0].begin(s), y.begin() + m[0].end(s)});
    return out;
  }
};
Case make_case(const std::vector<int64_t>& lengths, int64_t k, double scale = 1) {
  const Splits splits = splits_of_lengths(lengths);
  Case c{{random_matrix(splits->back(), k, 1, scale, splits), random_matrix(k, k, 2, scale), random_matrix(1, k, 3),
          random_matrix(1, k, 4)}};
  Random rng{5};
  for (int64_t t = 0; t < splits->back(); ++t) c.y.push_back(int32_t(rng.below(uint64_t(k))));
  return c;
}
// Label j may follow i where j - i is 0 or 1 (cyclic); none may begin with label 1 nor end with label 0.
Case legal_case(const std::vector<int64_t>& lengths, int64_t k) {
  Case c = make_case(lengths, k);
  LegalLabels legal{std::vector<uint8_t>(size_t(k * k)), std::vector<uint8_t>(size_t(k), 1),
                    std::vector<uint8_t>(size_t(k), 1)};
  for (int64_t i = 0; i < k; ++i)
    legal.transitions[size_t(i * k + i)] = legal.transitions[size_t(i * k + (i + 1) % k)] = 1;
  legal.start[1] = legal.end[0] = 0;
  for (auto& y : c.y) y = 2;
  c.legal = std::make_shared<LegalLabels>(legal);
  return c;
}
const std::vector<Case>& cases() {
  static const std::vector<Case> all{make_case({3, 1, 0, 5}, 3), make_case({4}, 4, 8),     make_case({0, 2, 0}, 2),
                                     make_case({6, 2}, 1),       legal_case({4, 1, 3}, 3), make_case({2, 2}, 19)};
  return all;
}

TEST(Crf, likelihood_is_that_of_all_labellings_and_so_are_its_gradients) {
  for (const auto& c : cases()) check_op(c.op());
}

TEST(Crf, best_labels_are_the_best_of_all) {
  at_each_level([] {
    for (const auto& c : cases()) {
      const auto found = best_labels(c.scores(), c.weights());
      for (int64_t s = 0; s < c.x[0].sequences(); ++s) {
        std::vector<int64_t> best;
        double most = -INFINITY;
        each_labelling(c.x, c.legal, s, [&](auto& y, double score) {
          if (score > most) most = score, best = y;
        });
        EXPECT_NEAR(found.scores[size_t(s)], most, 1e-9);
        EXPECT_EQ(std::vector<int64_t>(found.labels.begin() + c.x[0].begin(s), found.labels.begin() + c.x[0].end(s)),
                  best);
      }
    }
  });
}

TEST(Crf, marginals_are_sums_over_all_labellings) {
  at_each_level([] {
    for (const auto& c : cases()) {
      const auto found = label_marginals(c.scores(), c.weights());
      Matrix p(c.x[0].rows, c.x[0].cols);
      for (int64_t s = 0; s < c.x[0].sequences(); ++s) {
        const double total = plain_total(c.x, c.legal, s);
        EXPECT_NEAR(found.log_total[size_t(s)], total, 1e-9);
        each_labelling(c.x, c.legal, s, [&](auto& y, double score) {
          for (size_t t = 0; t < y.size(); ++t) p(c.x[0].begin(s) + int64_t(t), y[t]) += std::exp(score - total);
        });
      }
      expect_near(found.p, p, 1e-6, "marginals");
    }
  });
}

TEST(Crf, of_equal_labellings_the_smaller_label_wins) {
  Case c = make_case({3}, 4);
  for (auto& m : c.x)
    for (auto& v : m.v) v = 0;
  EXPECT_EQ(best_labels(c.scores(), c.weights()).labels, std::vector<int32_t>(3, 0));
}

// Numbers far apart leave the range of e^x, in scores and in transitions.
TEST(Crf, scores_of_any_size_are_exact) {
  for (const double scale : {100., 1000., 3000.}) {
    Case c = make_case({4, 3}, 3, scale);
    auto op = c.op();
    op.gradient_tolerance = 1e-3;  // of central differences at this size
    check_op(op);
  }
  Case c = make_case({3}, 2);  // the only way into label 1 is from a label 2000 behind
  c.x[0].v = {0, -2000, 0, 2000, 0, 2000}, c.x[1].v = {-3000, -3000, -3000, 0};
  check_op(c.op());
}

TEST(Crf, large_batches_have_the_same_bits_for_any_threads_and_alone) {
  std::vector<int64_t> lengths(40, 23);
  lengths[3] = 0, lengths[5] = 1;
  const Case c = make_case(lengths, 67);
  check_threads(c.op());
  const Tensor all = parameter(c.scores());
  const auto w = c.weights();
  const auto loss = crf(all, w, Tensor::ids(c.y));
  backward(loss.total);
  const auto best = best_labels(all, w);
  const auto sure = label_marginals(all, w);
  for (const int64_t s : {0, 3, 5, 39}) {
    const int64_t begin = all.begin(s), n = all.end(s) - begin;
    const Tensor one = parameter(all.row_view(begin, n).clone());
    const std::vector<int32_t> y(c.y.begin() + begin, c.y.begin() + begin + n);
    const auto alone = crf(one, w, Tensor::ids(y));
    EXPECT_EQ(alone.nll, std::vector<double>{loss.nll[size_t(s)]});
    EXPECT_EQ(best_labels(one, w).labels,
              std::vector<int32_t>(best.labels.begin() + begin, best.labels.begin() + begin + n));
    EXPECT_EQ(label_marginals(one, w).log_total[0], sure.log_total[size_t(s)]);
    backward(alone.total);
    expect_same_bits(grad(one), grad(all).row_view(begin, n), "gradient");
  }
}

TEST(Crf, errors_say_what_and_where) {
  Case c = legal_case({2, 2}, 3);
  const auto loss = [&] { crf(c.scores(), c.weights(), Tensor::ids(c.y)); };
  c.y = {2, 2, 0, 2};
  EXPECT_EQ(error_of(loss), "crf: label 2 of row 3 is not legal behind label 0");
  c.y = {1, 2, 2, 2};
  EXPECT_EQ(error_of(loss), "crf: label 1 of row 0 is not legal at the beginning");
  c.y = {2, 2, 0, 0};
  EXPECT_EQ(error_of(loss), "crf: label 0 of row 3 is not legal at the end");
  c.y = {2, 3, 2, 2};
  EXPECT_EQ(error_of(loss), "crf: target 3 of row 1 is outside the 3 labels");
  c.y = {2, 2, 2, 2};
  c.x[0].v[7] = NAN;
  EXPECT_EQ(error_of(loss), "crf: a score of sequence 1 is not a finite number");
  for (auto& v : c.x[0].v) v = -INFINITY;
  EXPECT_EQ(error_of(loss), "crf: sequence 0 has no legal labels");
  EXPECT_EQ(error_of([&] { best_labels(c.scores(), c.weights()); }), "best_labels: sequence 0 has no legal labels");
  c.x[1] = Matrix(2, 3);
  EXPECT_EQ(error_of(loss), "crf: transitions [2, 3] do not fit scores [4, 3 | 2 sequences]");
}

}  // namespace
}  // namespace stemma
