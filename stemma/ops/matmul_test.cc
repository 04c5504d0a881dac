#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

Matrix plain_product(const Matrix& a, const Matrix& b, Transposed t) {
  const int64_t m = t.a ? a.cols : a.rows, k = t.a ? a.rows : a.cols, n = t.b ? b.rows : b.cols;
  Matrix y(m, n);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      for (int64_t p = 0; p < k; ++p) y(i, j) += (t.a ? a(p, i) : a(i, p)) * (t.b ? b(j, p) : b(p, j));
  return y;
}

TEST(Matmul, EveryWayOfTransposing) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const auto& [m, n, k] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{
               {3, 4, 5}, {1, 1, 1}, {0, 2, 3}, {2, 0, 3}, {2, 3, 0}, {13, 34, 9}, {18, 3, 21}}) {
        SCOPED_TRACE(str(m, " ", n, " ", k, ta ? " a^T" : "", tb ? " b^T" : ""));
        const Transposed t{ta, tb};
        check_op({.f = [t](auto& x) { return matmul(x[0], x[1], t); },
                  .reference = [t](auto& x) { return plain_product(x[0], x[1], t); },
                  .inputs = {ta ? random_matrix(k, m, 1) : random_matrix(m, k, 1),
                             tb ? random_matrix(n, k, 2) : random_matrix(k, n, 2)}});
      }
}

TEST(Matmul, OfAMatrixWithItself) {
  check_op({.f = [](auto& x) { return matmul(x[0], x[0], {.b = true}); },
            .reference = [](auto& x) { return plain_product(x[0], x[0], {.b = true}); },
            .inputs = {random_matrix(4, 3, 1)}});
}

TEST(Matmul, ErrorNamesTheShapes) {
  try {
    matmul(Tensor(2, 3), Tensor(4, 5), {.b = true});
    ADD_FAILURE() << "no error";
  } catch (const Error& e) { EXPECT_STREQ(e.what(), "matmul of [2, 3] and [4, 5] transposed: the inner sizes differ"); }
}

}  // namespace
}  // namespace stemma
