#include "stemma/ops/product.h"

#include <limits>
#include <thread>

#include "stemma/ops/amx.h"
#include "stemma/ops/dnnl.h"
#include "stemma/ops/dots.h"
#include "stemma/ops/gemm.h"
#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

constexpr float garbage = std::numeric_limits<float>::quiet_NaN();

struct Case {
  int64_t m, n, k;
  bool ta = false, tb = false, relu = false;
  Type a = Type::f32, b = Type::f32;
  float alpha = 1, beta = 0;
};

// An operand in memory whose rows are wider than its matrix; what lies between is not a number.
struct Stored {
  Tensor memory;
  Matrix matrix;
  MatrixView view;
  Stored(int64_t rows, int64_t cols, bool transposed, Type type, uint64_t seed)
      : memory(transposed ? cols : rows, (transposed ? rows : cols) + 3, type), matrix(rows, cols) {
    const auto values = random_matrix(rows, cols, seed);
    for (int64_t i = 0; i < memory.size(); ++i) put(i, garbage);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < cols; ++j) {
        const float v = type == Type::bf16 ? float(bf16(float(values(i, j)))) : float(values(i, j));
        matrix(i, j) = v;
        put(1 + (transposed ? j * memory.cols() + i : i * memory.cols() + j), v);
      }
    view = {static_cast<char*>(memory.raw()) + bytes_of(type), memory.cols(), type, transposed};
  }
  void put(int64_t i, float v) {
    if (i >= memory.size()) return;
    memory.type() == Type::bf16 ? void(memory.data<bf16>()[i] = bf16(v)) : void(memory.data()[i] = v);
  }
};

using Kernel = void (*)(const ProductCall&);

void check_product(Kernel kernel, const Case& c, Type precision) {
  SCOPED_TRACE(str(c.m, " ", c.n, " ", c.k, c.ta ? " a^T" : "", c.tb ? " b^T" : "", " alpha ", c.alpha, " beta ",
                   c.beta, " ", name_of(c.a), " ", name_of(c.b), " in ", name_of(precision)));
  const Stored a(c.m, c.k, c.ta, c.a, 1), b(c.k, c.n, c.tb, c.b, 2);
  const auto before = random_matrix(c.m, c.n, 3), bias = random_matrix(1, c.n, 4), more = random_matrix(c.m, c.n, 5);
  const int64_t stride = c.n + 2;
  std::vector<float> y(size_t(c.m * stride), 123.0f), r(y), bias_values(bias.v.begin(), bias.v.end());
  for (int64_t i = 0; i < c.m; ++i)
    for (int64_t j = 0; j < c.n; ++j) {
      y[size_t(i * stride + j)] = c.beta == 0 ? garbage : float(before(i, j));
      r[size_t(i * stride + j)] = float(more(i, j));
    }
  kernel({.m = c.m,
          .n = c.n,
          .k = c.k,
          .a = a.view,
          .b = b.view,
          .c = y.data(),
          .stride = stride,
          .alpha = c.alpha,
          .beta = c.beta,
          .bias = c.relu ? bias_values.data() : nullptr,
          .residual = c.relu ? r.data() : nullptr,
          .relu = c.relu,
          .precision = precision});
  const double tolerance = 1e-6 + 5e-6 * std::abs(c.alpha) * std::sqrt(double(c.k));
  const auto rounded = [&](double v) { return precision == Type::bf16 ? double(float(bf16(float(v)))) : v; };
  for (int64_t i = 0; i < c.m; ++i) {
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < c.k; ++k) sum += rounded(a.matrix(i, k)) * rounded(b.matrix(k, j));
      double expected = c.alpha * sum + (c.beta == 0 ? 0 : c.beta * before(i, j));
      if (c.relu) expected = std::max(expected + bias(0, j), 0.0) + more(i, j);
      ASSERT_NEAR(y[size_t(i * stride + j)], expected, tolerance) << i << ", " << j;
    }
    for (int64_t j = c.n; j < stride; ++j) ASSERT_EQ(y[size_t(i * stride + j)], 123.0f) << "written past a row";
  }
}

const std::vector<std::tuple<int64_t, int64_t, int64_t>> shapes{
    {1, 1, 1},   {1, 5, 3},     {4, 8, 16},    {3, 33, 17}, {12, 32, 64}, {13, 31, 63},
    {25, 65, 5}, {7, 100, 257}, {200, 40, 30}, {5, 4, 513}, {16, 12, 255}};

TEST(Product, PanelsOfEveryShapeAndType) {
  at_each_level([] {
    for (const auto& [m, n, k] : shapes)
      for (const bool ta : {false, true})
        for (const bool tb : {false, true}) {
          check_product(packed_product, {.m = m, .n = n, .k = k, .ta = ta, .tb = tb}, Type::f32);
          check_product(packed_product, {.m = m, .n = n, .k = k, .ta = ta, .tb = tb, .relu = true, .beta = 1},
                        Type::f32);
          check_product(packed_product, {.m = m, .n = n, .k = k, .ta = ta, .tb = tb, .alpha = -2, .beta = 0.5},
                        Type::bf16);
          check_product(packed_product, {.m = m, .n = n, .k = k, .ta = ta, .tb = tb, .b = Type::bf16}, Type::f32);
        }
  });
}

TEST(Product, MoreColumnsThanFitAtOnce) {
  check_product(packed_product, {.m = 3, .n = 8200, .k = 300, .tb = true, .relu = true}, Type::f32);
}

TEST(Product, LongSumsOfPanelsThatStayNear) {
  at_each_level([] {
    for (const auto& [ta, beta] : {std::pair{true, 0.0f}, {true, 1.0f}, {false, 0.5f}})
      check_product(packed_product, {.m = 269, .n = 70, .k = 1030, .ta = ta, .relu = beta == 1, .beta = beta},
                    Type::f32);
  });
}

TEST(Product, DotProductsOfFewRows) {
  at_each_level([] {
    for (const auto& [m, n, k] : shapes)
      for (const auto type : {Type::f32, Type::bf16})
        for (const auto precision : {Type::f32, Type::bf16}) {
          check_product(dot_product, {.m = m, .n = n, .k = k, .tb = true, .relu = true, .b = type}, precision);
          check_product(dot_product, {.m = m, .n = n, .k = k, .ta = true, .tb = true, .a = type, .alpha = 3, .beta = 1},
                        precision);
        }
  });
}

TEST(Product, OfBf16ByOneDnn) {
  if (!native_bf16()) GTEST_SKIP() << "this processor does not multiply bf16";
  for (const auto& [m, n, k] : shapes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const float beta : {0.0f, 1.0f})
          check_product(dnnl_product_bf16,
                        {.m = m, .n = n, .k = k, .ta = ta, .tb = tb, .a = Type::bf16, .b = Type::bf16, .beta = beta},
                        Type::f32);
}

TEST(Product, OfBf16OnTiles) {
  if (!has_amx()) GTEST_SKIP() << "this processor has no tile unit";
  auto all = shapes;
  all.insert(all.end(), {{70, 300, 262}, {300, 40, 700}, {40, 2100, 33}, {260, 2100, 5}});  // the last: past the caches
  for (const auto& [m, n, k] : all)
    for (const auto& [ta, tb] : {std::pair{false, false}, {false, true}, {true, false}, {true, true}})
      for (const auto& [a, b] : {std::pair{Type::f32, Type::f32}, {Type::bf16, Type::f32}, {Type::f32, Type::bf16}})
        for (const bool relu : {false, true})
          for (const float beta : {0.0f, 1.0f})
            check_product(amx_product,
                          {.m = m, .n = n, .k = k, .ta = ta, .tb = tb, .relu = relu, .a = a, .b = b, .beta = beta},
                          Type::bf16);
}

// A C of bf16 is that of f32 rounded; what is added to it is added before.
TEST(Product, RoundsItsResultOnTheWay) {
  auto all = shapes;
  all.insert(all.end(), {{70, 300, 700}, {260, 2112, 50}, {33, 96, 2600}});
  at_each_level([&] {
    for (const auto precision : {Type::f32, Type::bf16})
      for (const auto& [m, n, k] : all)
        for (const float beta : {0.0f, 1.0f}) {
          SCOPED_TRACE(str(m, " ", n, " ", k, " beta ", beta, " in ", name_of(precision)));
          const Precision on(precision);
          const auto a = to_tensor(random_matrix(m, k, 1)), b = to_tensor(random_matrix(k, n, 2));
          const auto before = cast(to_tensor(random_matrix(m, n, 3)), Type::bf16);
          const auto narrow = before.clone(), c = cast(before, Type::f32);
          product(a, b, narrow, {.beta = beta});
          product(a, b, c, {.beta = beta});
          const auto found = narrow.values(), wanted = c.values();
          for (size_t i = 0; i < found.size(); ++i)
            ASSERT_NEAR(found[i], wanted[i], 0.004 * std::abs(wanted[i]) + 1e-4 * std::sqrt(double(k))) << i;
        }
  });
}
TEST(Product, RoundsWhatFollowsTheSums) {
  const Precision on(Type::bf16);
  for (const auto& [m, n, k] : shapes) {
    const auto a = to_tensor(random_matrix(m, k, 1)), b = to_tensor(random_matrix(k, n, 2));
    const auto bias = to_tensor(random_matrix(1, n, 3)), r = to_tensor(random_matrix(m, n, 4));
    const Tensor narrow(m, n, Type::bf16), c(m, n);
    for (const auto& to : {narrow, c})
      product(into(to, {.m = m,
                        .n = n,
                        .k = k,
                        .a = view(a),
                        .b = view(b),
                        .bias = bias.data(),
                        .residual = r.data(),
                        .relu = true}));
    const auto found = narrow.values(), wanted = c.values();
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], wanted[i], 0.004 * std::abs(wanted[i]) + 1e-4 * std::sqrt(double(k))) << i;
  }
}

TEST(Product, ChoosesAKernelForEveryCall) {
  at_each_level([] {
    for (const auto& [m, n, k] : shapes)
      for (const bool relu : {false, true})
        for (const auto precision : {Type::f32, Type::bf16})
          for (const float beta : {0.0f, 1.0f, 0.25f})
            for (const bool tb : {false, true})
              check_product(product, {.m = m, .n = n, .k = k, .tb = tb, .relu = relu, .beta = beta}, precision);
  });
}

TEST(Product, ATransposedAWiderThanB) {
  at_each_level([] {
    for (const auto& [m, n, beta] : {std::tuple{75, 33, 1.0f}, {40, 7, 0.0f}, {64, 32, 0.25f}})
      check_product(product, {.m = m, .n = n, .k = 1030, .ta = true, .relu = beta == 1, .alpha = 0.5f, .beta = beta},
                    Type::f32);
  });
}

TEST(Product, EmptyAndWithoutAnyInnerSize) {
  check_product(product, {.m = 0, .n = 4, .k = 3}, Type::f32);
  check_product(product, {.m = 4, .n = 0, .k = 3, .tb = true}, Type::f32);
  check_product(product, {.m = 4, .n = 5, .k = 0}, Type::f32);
  check_product(product, {.m = 4, .n = 5, .k = 0, .relu = true, .beta = 2}, Type::f32);
}

// A row alone, in any batch, at any place in it, with any number of threads.
TEST(Product, DeterministicRowsDoNotDependOnTheirBatch) {
  const Deterministic on;
  const int before = threads();
  const int64_t n = 70, k = 600;
  const auto a = to_tensor(random_matrix(301, k, 1)), b = to_tensor(random_matrix(n, k, 2));
  at_each_level([&] {
    for (const auto type : {Type::f32, Type::bf16}) {
      const Precision in(type);
      set_threads(1);
      Tensor whole(301, n);
      product(a, b, whole, {.transposed = {.b = true}});
      for (const int count : {1, 2, 3})
        for (const auto& [first, rows] :
             std::vector<std::pair<int64_t, int64_t>>{{0, 1}, {300, 1}, {7, 13}, {5, 290}}) {
          set_threads(count);
          Tensor part(rows, n);
          product(a.row_view(first, rows), b, part, {.transposed = {.b = true}});
          expect_same_bits(part, whole.row_view(first, rows), str(rows, " rows from ", first));
        }
    }
  });
  set_threads(before);
}

TEST(Product, DeterministicThreadsDoNotChangeTheBits) {
  const Deterministic on;
  const int before = threads();
  for (const int64_t m : {3, 130}) {
    const auto a = to_tensor(random_matrix(m, 300, 1)), b = to_tensor(random_matrix(900, 300, 2));
    Tensor one(m, 900), two(m, 900);
    set_threads(1), product(a, b, one, {.transposed = {.b = true}});
    set_threads(2), product(a, b, two, {.transposed = {.b = true}});
    expect_same_bits(one, two, str(m, " rows"));
  }
  set_threads(before);
}

TEST(Product, FromManyThreadsAtOnce) {
  const auto a = to_tensor(random_matrix(40, 64, 1)), b = to_tensor(random_matrix(48, 64, 2));
  for (const auto type : {Type::f32, Type::bf16}) {
    std::vector<Tensor> found(4);
    std::vector<std::thread> workers;
    for (auto& c : found)
      workers.emplace_back([&] {
        const Precision in(type);
        c = Tensor(40, 48);
        for (int i = 0; i < 50; ++i) product(a, b, c, {.transposed = {.b = true}});
      });
    for (auto& worker : workers) worker.join();
    for (const auto& c : found) expect_same_bits(c, found[0], name_of(type));
  }
}

TEST(Product, NotANumberSpreadsToItsRowOnly) {
  auto a = random_matrix(20, 9, 1);
  a(4, 3) = garbage;
  for (const auto type : {Type::f32, Type::bf16}) {
    const Precision in(type);
    Tensor c(20, 7);
    product(to_tensor(a), to_tensor(random_matrix(9, 7, 2)), c);
    for (int64_t i = 0; i < c.size(); ++i) EXPECT_EQ(std::isnan(c.data()[i]), i / 7 == 4) << i;
  }
}

TEST(Product, RateIsMeasured) {
  EXPECT_GT(product_rate(Type::f32, 64, 64, 64), 0);
  EXPECT_GT(product_rate(Type::bf16, 64, 64, 64), 0);
}

}  // namespace
}  // namespace stemma
