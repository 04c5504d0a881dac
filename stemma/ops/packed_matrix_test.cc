// Products with a packed matrix against sums in double, and against themselves: packed ahead or on the way, in any
// batch.
#include "stemma/ops/packed_matrix.h"

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix plain_product(const Matrix& a, const Matrix& b, bool transposed, const Matrix& c) {
  Matrix out = c;
  for (int64_t i = 0; i < c.rows; ++i)
    for (int64_t j = 0; j < c.cols; ++j)
      for (int64_t k = 0; k < a.cols; ++k) out(i, j) += a(i, k) * (transposed ? b(j, k) : b(k, j));
  return out;
}
Tensor packed_product(const Matrix& a, const Matrix& b, bool transposed, const Matrix& c, int64_t products) {
  Tensor out = to_tensor(c);
  PackedMatrix(to_tensor(b), {.b = transposed}, products).multiply(to_tensor(a), out, true);
  return out;
}

TEST(PackedMatrix, equals_sums_in_double_in_every_corner) {
  for (const auto& [m, n, k] : {std::array{1, 1, 1}, {13, 33, 7}, {25, 64, 40}, {3, 47, 1030}, {0, 5, 4}, {12, 16, 5}})
    for (const bool transposed : {false, true}) {
      const auto a = random_matrix(m, k, 1), b = transposed ? random_matrix(n, k, 2) : random_matrix(k, n, 2),
                 c = random_matrix(m, n, 3), zero = Matrix(m, n);
      at_each_level([&] {
        const Tensor ahead = packed_product(a, b, transposed, c, 2);
        expect_near(ahead, plain_product(a, b, transposed, c), 1e-4, str(m, " ", n, " ", k));
        expect_same_bits(ahead, packed_product(a, b, transposed, c, 1), "packed on the way");
        Tensor fresh = Tensor::full(m, n, std::numeric_limits<float>::quiet_NaN());
        PackedMatrix(to_tensor(b), {.b = transposed}, 2).multiply(to_tensor(a), fresh, false);
        expect_near(fresh, plain_product(a, b, transposed, zero), 1e-4, "not added");
      });
    }
}

TEST(PackedMatrix, a_row_does_not_depend_on_the_others_nor_on_threads) {
  const auto a = random_matrix(50, 600, 1), b = random_matrix(200, 600, 2);
  at_each_level([&] {
    const PackedMatrix packed(to_tensor(b), {.b = true}, 2);
    const auto run = [&](int64_t begin, int64_t n, int threads) {
      const int before = stemma::threads();
      set_threads(threads);
      const Tensor c(n, 200);
      packed.multiply(to_tensor(a).row_view(begin, n), c, false);
      set_threads(before);
      return c;
    };
    const Tensor all = run(0, 50, 1);
    expect_same_bits(all, run(0, 50, 4), "4 threads");
    for (const int64_t n : {1, 7, 13}) expect_same_bits(all.row_view(5, n), run(5, n, 2), str(n, " rows"));
  });
}

TEST(PackedMatrix, rounds_its_operands_under_bf16) {
  const auto a = random_matrix(5, 40, 1), b = random_matrix(9, 40, 2);
  const auto rounded = [](Matrix m) {
    for (auto& v : m.v) v = double(float(bf16(float(v))));
    return m;
  };
  const Precision on(Type::bf16);
  expect_near(packed_product(a, b, true, Matrix(5, 9), 2), plain_product(rounded(a), rounded(b), true, Matrix(5, 9)),
              1e-4, "bf16");
}

}  // namespace
}  // namespace stemma
