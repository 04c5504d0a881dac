#include "stemma/ops/panels.h"

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Tensor packed(Tensor W) {
  pack({&W});
  return W;
}

TEST(Panels, products_of_every_shape) {
  for (const auto& [m, n, k] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{{1, 1, 1},
                                                                                  {1, 33, 5},
                                                                                  {2, 32, 64},
                                                                                  {3, 70, 17},
                                                                                  {12, 64, 300},
                                                                                  {13, 31, 257},
                                                                                  {37, 100, 513},
                                                                                  {3000, 40, 130}})
    for (const bool extras : {false, true}) {
      SCOPED_TRACE(str(m, " x ", n, " x ", k, extras ? " with extras" : ""));
      const Matrix x = random_matrix(m, k, 1), W = random_matrix(n, k, 2), b = random_matrix(1, n, 3),
                   r = random_matrix(m, n, 4);
      Matrix wanted(m, n);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          for (int64_t q = 0; q < k; ++q) wanted(i, j) += x(i, q) * W(j, q);
          if (extras) wanted(i, j) = std::max(wanted(i, j) + b(0, j), 0.0);
        }
      at_each_level([&] {
        const Tensor w = packed(to_tensor(W)), y = linear(to_tensor(x), w,
                                                          {.b = extras ? to_tensor(b) : Tensor(),
                                                           .activation = extras ? Activation::relu : Activation::none});
        expect_near(y, wanted, 1e-5 * std::sqrt(double(k)), "packed");
        if (extras) {  // the product itself also adds a residual
          Tensor c(m, n);
          const Tensor in = to_tensor(x), bias = to_tensor(b), more = to_tensor(r);
          const ProductCall call{.m = m,
                                 .n = n,
                                 .k = k,
                                 .a = view(in),
                                 .b = view(w, true),
                                 .c = c.data(),
                                 .stride = n,
                                 .bias = bias.data(),
                                 .residual = more.data(),
                                 .relu = true};
          ASSERT_TRUE(in_panels(call));
          product(call);
          expect_near(c + -1.0f * more, wanted, 1e-5 * std::sqrt(double(k)), "with a residual");
        }
      });
    }
}

TEST(Panels, in_bf16_products_equal_those_of_rounded_operands) {
  const Precision on(Type::bf16);
  for (const auto& [m, n, k] :
       std::vector<std::tuple<int64_t, int64_t, int64_t>>{{1, 1, 1}, {3, 70, 17}, {33, 64, 300}, {100, 31, 600}}) {
    SCOPED_TRACE(str(m, " x ", n, " x ", k));
    const Matrix x = random_matrix(m, k, 1), W = random_matrix(n, k, 2), b = random_matrix(1, n, 3);
    Matrix wanted(m, n);
    const auto rounded = [](double v) { return double(float(bf16(float(v)))); };
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        for (int64_t q = 0; q < k; ++q) wanted(i, j) += rounded(x(i, q)) * rounded(W(j, q));
        wanted(i, j) = std::max(wanted(i, j) + b(0, j), 0.0);
      }
    const Tensor w = packed(to_tensor(W)), in = to_tensor(x);
    const Tensor y = linear(in, w, {.b = to_tensor(b), .activation = Activation::relu});
    expect_near(y, wanted, 1e-5 * std::sqrt(double(k)), "packed");
    for (int64_t i = 0; i < m; i += 7)
      expect_same_bits(linear(rows(in, i, 1), w, {.b = to_tensor(b), .activation = Activation::relu}), rows(y, i, 1),
                       str("row ", i, " alone"));
    const Precision off(Type::f32);  // panels of another precision are left alone
    EXPECT_FALSE(in_panels({.m = m, .n = n, .k = k, .a = view(in), .b = view(w, true)}));
  }
}

TEST(Panels, a_row_has_the_same_bits_in_every_batch_and_with_any_threads) {
  const Tensor x = to_tensor(random_matrix(100, 600, 1)), W = packed(to_tensor(random_matrix(333, 600, 2)));
  set_threads(1);
  const Tensor wanted = linear(x, W);
  for (const int threads : {1, 3})
    for (const int64_t n : {1, 2, 5, 12, 13, 30, 100}) {
      set_threads(threads);
      expect_same_bits(linear(rows(x, 100 - n, n), W), rows(wanted, 100 - n, n),
                       str(n, " rows, ", threads, " threads"));
    }
  set_threads(0);
}

TEST(Panels, several_weights_share_one_block_and_the_caller_is_told) {
  Tensor A = to_tensor(random_matrix(40, 8, 1)), B = to_tensor(random_matrix(5, 3, 2));
  int told = 0;
  pack({&A, &B}, [&] { ++told; });
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(A.panels()->shares_memory());
  EXPECT_FALSE(A.row_view(0, 3).panels());  // a part is not what was packed
  EXPECT_FALSE(A.clone().panels());
  Tensor trained = parameter(to_tensor(random_matrix(4, 4, 1)));
  EXPECT_THROW(pack({&trained}), Error);
}

}  // namespace
}  // namespace stemma
