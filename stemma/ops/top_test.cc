#include <limits>

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();

TEST(TopRows, equal_a_sort_and_the_sum_in_double) {
  for (const int64_t n : {1, 5, 16, 33, 1000})
    for (const int64_t k : {1, 2, 9, 40}) {
      Matrix x = random_matrix(7, n, uint64_t(n));
      for (int64_t i = 0; i < x.rows * n; i += 3) x.v[size_t(i)] = float(int64_t(x.v[size_t(i)] * 2));  // ties
      at_each_level([&] {
        const TopRows top = top_rows(to_tensor(x), k);
        for (int64_t i = 0; i < x.rows; ++i) {
          std::vector<int32_t> order(static_cast<size_t>(n));
          for (int64_t v = 0; v < n; ++v) order[size_t(v)] = int32_t(v);
          std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return x(i, a) > x(i, b); });
          order.resize(size_t(k), -1);
          EXPECT_EQ(std::vector<int32_t>(top.columns.begin() + i * k, top.columns.begin() + (i + 1) * k), order);
          double sum = 0;
          for (int64_t v = 0; v < n; ++v) sum += std::exp(x(i, v));
          EXPECT_NEAR(top.log_sum[size_t(i)], std::log(sum), 1e-5);
        }
      });
    }
}

TEST(TopRows, what_is_not_a_number_or_forbidden_is_never_among_them) {
  const Tensor x =
      Tensor::from(3, 4, {nan, 1, -infinity, 2, -infinity, -infinity, -infinity, -infinity, 500, 500, 0, 1});
  const TopRows top = top_rows(x, 3);
  EXPECT_EQ(top.columns, (std::vector<int32_t>{3, 1, -1, -1, -1, -1, 0, 1, 3}));
  EXPECT_TRUE(std::isnan(top.log_sum[0]));
  EXPECT_EQ(top.log_sum[1], -infinity);
  EXPECT_NEAR(top.log_sum[2], 500 + std::log(2), 1e-4);
  EXPECT_TRUE(top_rows(Tensor(0, 4), 2).columns.empty());
  EXPECT_THROW(top_rows(x, 0), Error);
}

}  // namespace
}  // namespace stemma
