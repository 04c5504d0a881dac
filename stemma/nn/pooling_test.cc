#include "stemma/nn/pooling.h"

#include "stemma/base/testing.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

const std::vector<std::string> kinds = {"last", "first", "max", "mean", "attention"};
constexpr int64_t width = 4, inside = 3;

struct Case {
  Pooling pool;
  Param h;
  Splits splits;
  FIELDS(pool, h)
  Tensor rows() const { return h.w.with_splits(splits); }
};
Case make_case(const std::string& pooling, const std::vector<int64_t>& lengths = {3, 1, 0, 5}) {
  Case c{randomised(Pooling({.pooling = pooling, .width = width, .attention_width = inside})), {}, {}};
  c.splits = splits_of_lengths(lengths);
  c.h.w = parameter(random_rows({c.splits->back()}, width, 7));
  return c;
}

double at(const Tensor& x, int64_t row, int64_t col) { return x.data()[row * x.cols() + col]; }

// The weight of row i of a sequence from `begin` to `end`, in column `col`.
double plain_weight(const Case& c, int64_t i, int64_t begin, int64_t end, int64_t col) {
  const auto& kind = c.pool.shape.pooling;
  if (kind == "last") return i == end - 1;
  if (kind == "first") return i == begin;
  if (kind == "mean") return 1 / double(end - begin);
  if (kind == "max") {
    for (int64_t j = begin; j < end; ++j)
      if (at(c.h, j, col) > at(c.h, i, col)) return 0;
    return 1;
  }
  const auto score = [&](int64_t row) {  // Yang et al. 2016, eq. 5-6
    double sum = 0;
    for (int64_t a = 0; a < inside; ++a) {
      double u = at(c.pool.W.b, 0, a);
      for (int64_t k = 0; k < width; ++k) u += at(c.pool.W.W, a, k) * at(c.h, row, k);
      sum += at(c.pool.v, 0, a) * std::tanh(u);
    }
    return std::exp(sum);
  };
  double total = 0;
  for (int64_t j = begin; j < end; ++j) total += score(j);
  return score(i) / total;
}

TEST(Pooling, is_a_weighted_sum_of_rows) {
  for (const auto& kind : kinds) {
    const Case c = make_case(kind);
    const Tensor found = c.pool(c.rows());
    ASSERT_EQ(found.rows(), c.rows().sequences());
    for (int64_t s = 0; s < found.rows(); ++s)
      for (int64_t col = 0; col < width; ++col) {
        double wanted = 0;
        for (int64_t i = c.rows().begin(s); i < c.rows().end(s); ++i)
          wanted += plain_weight(c, i, c.rows().begin(s), c.rows().end(s), col) * at(c.h, i, col);
        EXPECT_NEAR(at(found, s, col), wanted, 1e-6) << kind << " of sequence " << s;
      }
  }
}

TEST(Pooling, gradients_are_those_of_differences) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind);
    Case c = make_case(kind);
    check_gradients(params(c), [&] { return c.pool(c.rows()); });
  }
}

TEST(Pooling, a_sequence_does_not_feel_its_batch) {
  for (const auto& kind : kinds) {
    const Case c = make_case(kind);
    const NoGrad off;
    const auto pooled = [&](const std::vector<int64_t>& which) {
      return c.pool(pick(c.rows(), which)).with_splits(splits_of_lengths(std::vector<int64_t>(which.size(), 1)));
    };
    EXPECT_LT(batch_gap(pooled, 4), 1e-6) << kind;
  }
}

TEST(Pooling, whoever_listens_sees_the_weights) {
  const Case c = make_case("attention");
  Tensor seen;
  {
    const Listening on([&](const std::string& path, const Tensor& x) {
      EXPECT_EQ(path, "pooling");
      seen = x;
    });
    c.pool(c.rows());
  }
  ASSERT_EQ(seen.rows(), c.rows().rows());
  EXPECT_EQ(seen.splits(), c.splits);
  for (int64_t s = 0; s < seen.sequences(); ++s)
    for (int64_t i = seen.begin(s); i < seen.end(s); ++i)
      EXPECT_NEAR(at(seen, i, 0), plain_weight(c, i, seen.begin(s), seen.end(s), 0), 1e-6);
}

TEST(Pooling, an_unknown_kind_is_an_error) {
  EXPECT_EQ(error_of([] { Pooling({.pooling = "lats", .width = 3}); }),
            "pooling: unknown value 'lats' (did you mean 'last'?)");
}

}  // namespace
}  // namespace stemma
