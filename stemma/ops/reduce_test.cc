#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix plain_sum(const Matrix& x, bool rows, bool cols) {
  Matrix y(rows ? 1 : x.rows, cols ? 1 : x.cols);
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < x.cols; ++c) y(rows ? 0 : r, cols ? 0 : c) += x(r, c);
  return y;
}
Matrix scaled(Matrix x, double by) {
  for (auto& v : x.v) v *= by;
  return x;
}

TEST(Reduce, SumsAndMeans) {
  for (const auto& [n, d] : {std::pair{5, 19}, {1, 3}, {131, 2}, {7, 1}}) {
    const auto x = random_matrix(n, d, 4);
    check_op({.f = [](auto& in) { return sum(in[0]); },
              .reference = [](auto& in) { return plain_sum(in[0], true, true); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return mean(in[0]); },
              .reference = [](auto& in) { return scaled(plain_sum(in[0], true, true), 1.0 / double(in[0].v.size())); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return sum_rows(in[0]); },
              .reference = [](auto& in) { return plain_sum(in[0], true, false); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return sum_cols(in[0]); },
              .reference = [](auto& in) { return plain_sum(in[0], false, true); },
              .inputs = {x}});
    check_op({.f = [](auto& in) { return mean_cols(in[0]); },
              .reference = [](auto& in) { return scaled(plain_sum(in[0], false, true), 1.0 / double(in[0].cols)); },
              .inputs = {x}});
  }
}

TEST(Reduce, Maxima) {
  check_op({.f = [](auto& in) { return max_cols(in[0]); },
            .reference =
                [](auto& in) {
                  Matrix y(in[0].rows, 1);
                  for (int64_t r = 0; r < y.rows; ++r) {
                    y(r, 0) = in[0](r, 0);
                    for (int64_t c = 1; c < in[0].cols; ++c) y(r, 0) = std::max(y(r, 0), in[0](r, c));
                  }
                  return y;
                },
            .inputs = {random_matrix(5, 37, 4)}});
}

TEST(Reduce, ArgmaxTakesTheFirstOfTies) {
  at_each_level([] {
    EXPECT_EQ(argmax(Tensor::from(3, 3, {1, 2, 2, -1, -3, -2, 0, 0, 0})), (std::vector<int32_t>{1, 0, 0}));
    const auto m = random_matrix(20, 101, 9);
    const auto found = argmax(to_tensor(m));
    for (int64_t r = 0; r < m.rows; ++r)
      for (int64_t c = 0; c < m.cols; ++c) EXPECT_LE(m(r, c), m(r, found[size_t(r)]));
  });
  EXPECT_THROW(argmax(Tensor(3, 0)), Error);
}

TEST(Reduce, LongSumsAreAccurateAndIndependentOfThreads) {
  for (const auto f : {sum, sum_rows, sum_cols})
    check_threads({.f = [f](auto& in) { return f(in[0]); }, .inputs = {random_matrix(999, 200, 1)}});
  EXPECT_EQ(sum(Tensor::full(3000, 1000, 1)).item(), 3e6f);
  EXPECT_EQ(sum_rows(Tensor::full(100000, 2, 0.1f)).values()[1], sum_rows(Tensor::full(100000, 1, 0.1f)).item());
  EXPECT_NEAR(sum_rows(Tensor::full(100000, 2, 0.1f)).values()[1], 1e4, 1e-2);
}

TEST(Reduce, NoRows) {
  const Tensor x(0, 3);
  EXPECT_EQ(sum(x).item(), 0);
  EXPECT_EQ(mean(x).item(), 0);
  EXPECT_EQ(sum_rows(x).values(), std::vector<float>(3, 0));
  EXPECT_EQ(sum_cols(x).rows(), 0);
  EXPECT_TRUE(argmax(x).empty());
}

}  // namespace
}  // namespace stemma
