#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

// The mask by its definition, mask.h.
Matrix plain_dropout(Matrix x, uint64_t key, uint64_t first, float p) {
  const auto least = uint32_t(std::lround(double(p) * 65536));
  const int64_t tiles = (x.cols + 127) / 128;
  for (int64_t i = 0; i < x.rows; ++i)
    for (int64_t j = 0; j < x.cols; ++j) {
      const auto block = philox(key, first + uint64_t((i * tiles + j / 128) * 16 + j % 16));
      const uint32_t half = block[size_t(j % 128 / 32)] >> (j / 16 % 2 * 16) & 0xFFFF;
      x(i, j) = half < least ? 0 : x(i, j) / (1 - double(least) / 65536);
    }
  return x;
}

TEST(Dropout, TheMaskIsAFunctionOfKeyAndPosition) {
  for (const auto& [n, d] : {std::pair{7, 11}, {1, 64}, {5, 1}, {3, 130}, {2, 300}})
    check_op({.f =
                  [](auto& in) {
                    Random rng{.key = 42, .position = 0xFFFFFFF0};
                    const Training on(rng);
                    return dropout(in[0], 0.3f);
                  },
              .reference = [](auto& in) { return plain_dropout(in[0], 42, 0xFFFFFFF0, 0.3f); },
              .inputs = {random_matrix(n, d, 1)}});
}

TEST(Dropout, EachCallDrawsAnew) {
  Random rng{7};
  const Training on(rng);
  const auto x = Tensor::full(10, 100, 1);
  const auto a = dropout(x, 0.5f).values(), b = dropout(x, 0.5f).values();
  EXPECT_NE(a, b);
  EXPECT_EQ(rng.position, 2u * 10 * 16);  // each row is a tile of 16 blocks
  rng.position = 0;
  EXPECT_EQ(dropout(x, 0.5f).values(), a);
}

TEST(Dropout, KeepsTheMean) {
  Random rng{7};
  const Training on(rng);
  for (const float p : {0.1f, 0.5f, 0.9f, 0.99999f}) {
    const auto y = dropout(Tensor::full(1000, 100, 1), p);
    EXPECT_NEAR(mean(y).item(), 1, 5 * std::sqrt(double(p) / (1 - double(p)) / 1e5));
  }
}

TEST(Dropout, OffOutsideTraining) {
  const auto x = parameter(Tensor::full(2, 3, 1));
  EXPECT_EQ(dropout(x, 0.5f).node(), x.node());
  Random rng{7};
  const Training on(rng);
  EXPECT_EQ(dropout(x, 0).node(), x.node());
  {
    const Evaluating off;
    EXPECT_EQ(dropout(x, 0.5f).node(), x.node());
  }
  EXPECT_EQ(rng.position, 0u);
  EXPECT_EQ(dropout(Tensor(0, 3), 0.5f).rows(), 0);
  EXPECT_THROW(dropout(x, 1), Error);
  EXPECT_THROW(dropout(x, -0.1f), Error);
}

TEST(Dropout, ThreadsDoNotChangeBits) {
  check_threads({.f =
                     [](auto& in) {
                       Random rng{3};
                       const Training on(rng);
                       return dropout(in[0], 0.1f);
                     },
                 .inputs = {random_matrix(333, 211, 1)}});
}

}  // namespace
}  // namespace stemma
