#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

struct Plain {
  double loss, nll;
  bool correct;
};
// Of one row; inputs x, W and, when there is a third, b.
Plain plain_row(const std::vector<Matrix>& in, int64_t i, int32_t target, double smoothing) {
  const auto &x = in[0], &W = in[1];
  std::vector<double> z(size_t(W.rows));
  for (int64_t v = 0; v < W.rows; ++v) {
    z[size_t(v)] = in.size() > 2 ? in[2](0, v) : 0;
    for (int64_t k = 0; k < x.cols; ++k) z[size_t(v)] += x(i, k) * W(v, k);
  }
  const double most = *std::max_element(z.begin(), z.end());
  double sum = 0, all = 0;
  for (const double v : z) sum += std::exp(v - most), all += v;
  const double log_sum = most + std::log(sum), nll = log_sum - z[size_t(target)];
  return {(1 - smoothing) * nll + smoothing * (log_sum - all / double(W.rows)), nll,
          std::max_element(z.begin(), z.end()) - z.begin() == target};
}

std::vector<int32_t> some_targets(int64_t n, int64_t vocabulary) {
  std::vector<int32_t> y;
  for (int64_t i = 0; i < n; ++i) y.push_back(int32_t((i * 7 + 3) % vocabulary));
  return y;
}

OpCase loss_case(int64_t n, int64_t width, int64_t vocabulary, bool bias, float smoothing) {
  OpCase op;
  op.inputs = {random_matrix(n, width, 1), random_matrix(vocabulary, width, 2)};
  if (bias) op.inputs.push_back(random_matrix(1, vocabulary, 3));
  const auto y = some_targets(n, vocabulary);
  op.f = [=](auto& in) {
    return cross_entropy(in[0], in[1], bias ? in[2] : Tensor(), Tensor::ids(y), smoothing).total;
  };
  op.reference = [=](auto& in) {
    Matrix total(1, 1);
    for (int64_t i = 0; i < n; ++i) total(0, 0) += plain_row(in, i, y[size_t(i)], double(smoothing)).loss;
    return total;
  };
  return op;
}

TEST(CrossEntropy, ValueAndGradients) {
  for (const bool bias : {false, true})
    for (const float smoothing : {0.0f, 0.1f})
      for (const auto& [n, width, vocabulary] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{
               {1, 1, 1}, {0, 3, 4}, {3, 0, 4}, {5, 4, 37}, {20, 3, 9}}) {
        SCOPED_TRACE(str(n, " ", width, " ", vocabulary, bias ? " b" : "", " smoothing ", smoothing));
        check_op(loss_case(n, width, vocabulary, bias, smoothing));
      }
}

TEST(CrossEntropy, TiedWithTheTableThatMadeItsInput) {
  check_op({.f =
                [](auto& in) {
                  return cross_entropy(in[0], in[0], {}, Tensor::ids({1, 2, 2})).total;
                },
            .reference =
                [](auto& in) {
                  Matrix total(1, 1);
                  for (int32_t i = 0; i < 3; ++i) total(0, 0) += plain_row({in[0], in[0]}, i, (i * i + 1) % 3, 0).loss;
                  return total;
                },
            .inputs = {random_matrix(3, 4, 1)}});
}

// Rows come in blocks of 256 at least; what the blocks add up to is what the rows add up to.
TEST(CrossEntropy, ManyBlocks) {
  const int64_t n = 300, width = 6, vocabulary = 20000;
  const std::vector<Matrix> in{random_matrix(n, width, 1), random_matrix(vocabulary, width, 2),
                               random_matrix(1, vocabulary, 3)};
  const auto y = some_targets(n, vocabulary);
  double loss = 0, nll = 0;
  int64_t correct = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto row = plain_row(in, i, y[size_t(i)], 0.1);
    loss += row.loss, nll += row.nll, correct += row.correct;
  }
  const auto x = parameter(to_tensor(in[0])), W = parameter(to_tensor(in[1])), b = parameter(to_tensor(in[2]));
  const auto found = cross_entropy(x, W, b, Tensor::ids(y), 0.1f);
  EXPECT_NEAR(found.total.item(), loss, 1e-5 * loss);
  EXPECT_NEAR(found.nll, nll, 1e-6 * nll);
  EXPECT_EQ(found.correct, correct);
  backward(found.total, Tensor::full(1, 1, 0.5f));
  const auto dx = grad(x).values(), dW = grad(W).values();
  for (const int64_t part : {0, 255, 256, 299}) {  // each row by itself gives its own dx
    const auto row = parameter(to_tensor(in[0]).row_view(part, 1).clone());
    backward(cross_entropy(row, W.detach(), b.detach(), Tensor::ids({y[size_t(part)]}), 0.1f).total);
    for (int64_t k = 0; k < width; ++k)
      EXPECT_NEAR(dx[size_t(part * width + k)], 0.5f * grad(row).data()[k], 1e-5) << part;
  }
  double all = 0;  // each row of dz adds up to nothing, so that dW does over the vocabulary
  for (const float v : dW) all += v;
  EXPECT_NEAR(all, 0, 1e-2);
}

TEST(CrossEntropy, CountsTheRowsWhoseTargetIsMostLikely) {
  const auto W = Tensor::from(3, 1, {1, 3, 3});  // of equals the first is taken
  const auto x = Tensor::from(4, 1, {1, 1, -1, -1});
  EXPECT_EQ(cross_entropy(x, W, {}, Tensor::ids({1, 2, 0, 1})).correct, 2);
}

TEST(CrossEntropy, LargeLogitsStayFinite) {
  const auto x = parameter(Tensor::from(2, 1, {1000, -1000})), W = Tensor::from(3, 1, {1, 0, -1});
  const auto loss = cross_entropy(x, W, {}, Tensor::ids({0, 1}));
  EXPECT_NEAR(loss.total.item(), 1000, 1e-3);
  backward(loss.total);
  EXPECT_EQ(grad(x).values(), (std::vector<float>{0, -1}));
}

TEST(CrossEntropy, NotANumberShows) {
  const auto W = Tensor::from(2, 1, {1, std::numeric_limits<float>::quiet_NaN()});
  at_each_level([&] {
    EXPECT_TRUE(std::isnan(cross_entropy(Tensor::full(1, 1, 1), W, {}, Tensor::ids({0})).total.item()));
    EXPECT_TRUE(std::isnan(log_probability(Tensor::full(1, 1, 1), W, {}, Tensor::ids({0})).item()));
  });
}

TEST(CrossEntropy, NothingIsKeptOrComputedForInputsWithoutGradient) {
  const auto W = parameter(to_tensor(random_matrix(5, 3, 1)));
  const auto x = to_tensor(random_matrix(4, 3, 2));
  {
    const NoGrad off;
    EXPECT_FALSE(cross_entropy(x, W, {}, Tensor::ids({0, 1, 2, 3})).total.tracked());
  }
  backward(cross_entropy(x, W, {}, Tensor::ids({0, 1, 2, 3})).total);
  EXPECT_TRUE(bool(grad(W)));
}

TEST(LogProbability, OfEachTarget) {
  for (const auto& [n, vocabulary] : std::vector<std::pair<int64_t, int64_t>>{{0, 3}, {5, 1}, {7, 40}, {150, 20000}}) {
    const std::vector<Matrix> in{random_matrix(n, 4, 1, 1, splits_of_lengths({n})), random_matrix(vocabulary, 4, 2),
                                 random_matrix(1, vocabulary, 3)};
    const auto y = some_targets(n, vocabulary);
    Matrix expected(n, 1);
    for (int64_t i = 0; i < n; ++i) expected(i, 0) = -plain_row(in, i, y[size_t(i)], 0).nll;
    const auto x = parameter(to_tensor(in[0]));
    at_each_level([&] {
      const auto found = log_probability(x, to_tensor(in[1]), to_tensor(in[2]), Tensor::ids(y));
      EXPECT_FALSE(found.tracked());
      EXPECT_EQ(found.splits(), x.splits());
      expect_near(found, expected, 2e-6, str(n, " rows of ", vocabulary));
    });
  }
}

TEST(CrossEntropy, ErrorsNameWhatIsWrong) {
  const Tensor x(2, 3), W(5, 3);
  const auto message = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const Error& e) { return e.what(); }
    return "none";
  };
  EXPECT_EQ(message([&] {
              cross_entropy(x, W, {}, Tensor::ids({4, 5}));
            }),
            "cross_entropy: target 5 of row 1 is outside the vocabulary of 5");
  EXPECT_EQ(message([&] {
              log_probability(x, W, {}, Tensor::ids({-1, 0}));
            }),
            "log_probability: target -1 of row 0 is outside the vocabulary of 5");
  EXPECT_EQ(message([&] {
              cross_entropy(x, Tensor(5, 4), {}, Tensor::ids({0, 0}));
            }),
            "cross_entropy: x [2, 3] does not fit W [5, 4]");
  EXPECT_EQ(message([&] {
              cross_entropy(x, W, {}, Tensor::ids({0, 0}), 1);
            }),
            "cross_entropy: smoothing 1 is outside [0, 1)");
}

}  // namespace
}  // namespace stemma
