#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

// The block [rows, cols] of x from (row, col).
Matrix block(const Matrix& x, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  Matrix y(rows, cols);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) y(r, c) = x(row + r, col + c);
  return y;
}

TEST(Shape, RowsAndColumns) {
  const auto x = random_matrix(6, 21, 1);
  check_op({.f = [](auto& in) { return rows(in[0], 2, 3); },
            .reference = [](auto& in) { return block(in[0], 2, 0, 3, 21); },
            .inputs = {x}});
  check_op({.f = [](auto& in) { return cols(in[0], 1, 18); },
            .reference = [](auto& in) { return block(in[0], 0, 1, 6, 18); },
            .inputs = {x}});
  check_op({.f =
                [](auto& in) {
                  const auto [a, b, c] = split<3>(in[0]);
                  return a * b + c;
                },
            .reference =
                [](auto& in) {
                  Matrix y(6, 7);
                  for (int64_t r = 0; r < 6; ++r)
                    for (int64_t j = 0; j < 7; ++j) y(r, j) = in[0](r, j) * in[0](r, 7 + j) + in[0](r, 14 + j);
                  return y;
                },
            .inputs = {x}});
}

TEST(Shape, OverlappingPartsAddTheirGradients) {
  const auto x = parameter(Tensor::full(4, 1, 1));
  const auto h = 1.0f * x;
  backward(sum(vstack({rows(h, 0, 3), rows(h, 1, 3), h})));
  EXPECT_EQ(grad(x).values(), (std::vector<float>{2, 3, 3, 2}));
}

TEST(Shape, SideBySide) {
  check_op({.f =
                [](auto& in) {
                  return hstack({in[0], in[1], in[0]});
                },
            .reference =
                [](auto& in) {
                  Matrix y(5, 10);
                  for (int64_t r = 0; r < 5; ++r) {
                    for (int64_t c = 0; c < 3; ++c) y(r, c) = y(r, 7 + c) = in[0](r, c);
                    for (int64_t c = 0; c < 4; ++c) y(r, 3 + c) = in[1](r, c);
                  }
                  return y;
                },
            .inputs = {random_matrix(5, 3, 1), random_matrix(5, 4, 2)}});
}

TEST(Shape, OneBelowTheOther) {
  const OpCase op{.f =
                      [](auto& in) {
                        return vstack({in[0], in[1]});
                      },
                  .reference =
                      [](auto& in) {
                        Matrix y(7, 5);
                        for (int64_t r = 0; r < 7; ++r)
                          for (int64_t c = 0; c < 5; ++c) y(r, c) = r < 3 ? in[0](r, c) : in[1](r - 3, c);
                        return y;
                      },
                  .inputs = {random_matrix(3, 5, 1), random_matrix(4, 5, 2)}};
  check_op(op);
  for (const int constant : {0, 1}) {
    auto half = op;
    half.constant = {constant};
    check_op(half);
  }
}

TEST(Shape, StackedSequencesStaySequences) {
  const Tensor a(3, 2, Type::f32, make_splits({0, 1, 3})), b(2, 2, Type::f32, make_splits({0, 2, 2})), c(1, 2);
  EXPECT_EQ(*vstack({a, b}).splits(), (std::vector<int64_t>{0, 1, 3, 5, 5}));
  EXPECT_FALSE(vstack({a, c}).splits());
  EXPECT_EQ(hstack({a, a}).splits(), a.splits());
  EXPECT_EQ(cols(a, 0, 1).splits(), a.splits());
}

TEST(Shape, ReshapeAndTranspose) {
  check_op({.f = [](auto& in) { return square(reshape(in[0], 6, 3)); },
            .reference =
                [](auto& in) {
                  Matrix y(6, 3);
                  for (size_t i = 0; i < y.v.size(); ++i) y.v[i] = in[0].v[i] * in[0].v[i];
                  return y;
                },
            .inputs = {random_matrix(2, 9, 1)}});
  for (const auto& [n, d] : {std::pair{3, 5}, {33, 17}})
    check_op({.f = [](auto& in) { return transpose(in[0]); },
              .reference =
                  [](auto& in) {
                    Matrix y(in[0].cols, in[0].rows);
                    for (int64_t r = 0; r < y.rows; ++r)
                      for (int64_t c = 0; c < y.cols; ++c) y(r, c) = in[0](c, r);
                    return y;
                  },
              .inputs = {random_matrix(n, d, 1)}});
}

TEST(Shape, ThreadsDoNotChangeBits) {
  check_threads({.f =
                     [](auto& in) {
                       return transpose(hstack({cols(in[0], 3, 90), rows(in[1], 100, 400)}));
                     },
                 .inputs = {random_matrix(400, 100, 1), random_matrix(600, 60, 2)}});
}

TEST(Shape, PartsThatAreNotThere) {
  const Tensor x(3, 4);
  EXPECT_THROW(rows(x, 2, 2), Error);
  EXPECT_THROW(cols(x, -1, 2), Error);
  EXPECT_THROW(cols(x, 3, 2), Error);
  EXPECT_THROW(split<3>(x), Error);
  EXPECT_THROW(hstack({}), Error);
  EXPECT_THROW(hstack({x, Tensor(2, 4)}), Error);
  EXPECT_THROW(vstack({x, Tensor(3, 5)}), Error);
  EXPECT_THROW(reshape(x, 5, 2), Error);
  EXPECT_EQ(vstack({rows(x, 0, 0), x}).rows(), 3);
}

}  // namespace
}  // namespace stemma
