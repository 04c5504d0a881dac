#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

const std::vector<int64_t> index{2, 0, 2, 3, 2};

Matrix plain_gather(const Matrix& x, const std::vector<int64_t>& from) {
  Matrix y(int64_t(from.size()), x.cols);
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t c = 0; c < y.cols; ++c) y(r, c) = x(from[size_t(r)], c);
  return y;
}

TEST(Gather, Gather) {
  check_op({.f = [](auto& in) { return gather(in[0], index); },
            .reference = [](auto& in) { return plain_gather(in[0], index); },
            .inputs = {random_matrix(4, 19, 1)}});
  const auto splits = make_splits({0, 2, 5});
  EXPECT_EQ(gather(Tensor(4, 2), index, splits).splits(), splits);
}

TEST(Gather, ScatterAdd) {
  check_op({.f = [](auto& in) { return scatter_add(in[0], index, 4); },
            .reference =
                [](auto& in) {
                  Matrix y(4, in[0].cols);
                  for (int64_t r = 0; r < 5; ++r)
                    for (int64_t c = 0; c < y.cols; ++c) y(index[size_t(r)], c) += in[0](r, c);
                  return y;
                },
            .inputs = {random_matrix(5, 19, 1)}});
}

TEST(Gather, Embedding) {
  const auto splits = make_splits({0, 2, 5});
  const auto ids = Tensor::ids({2, 0, 2, 3, 2}, splits);
  check_op({.f = [&](auto& in) { return embedding(in[0], ids); },
            .reference = [](auto& in) { return plain_gather(in[0], index); },
            .inputs = {random_matrix(4, 19, 1)}});
  EXPECT_EQ(embedding(Tensor(4, 3), ids).splits(), splits);
}

TEST(Gather, EmbeddingInBf16GivesFloats) {
  const auto E = cast(to_tensor(random_matrix(4, 19, 1)), Type::bf16);
  const auto ids = Tensor::ids({3, 1});
  const auto y = embedding(E, ids);
  EXPECT_EQ(y.type(), Type::f32);
  EXPECT_EQ(y.values(), gather(cast(E, Type::f32), {3, 1}).values());
  EXPECT_THROW(embedding(parameter(E), ids), Error);
}

TEST(Gather, ThreadsDoNotChangeBits) {
  std::vector<int32_t> ids(2000);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = int32_t(i * i % 37);
  check_threads(
      {.f = [&](auto& in) { return embedding(in[0], Tensor::ids(ids)); }, .inputs = {random_matrix(40, 300, 1)}});
}

TEST(Gather, NumbersOutsideTheTable) {
  const Tensor x(4, 2);
  EXPECT_THROW(gather(x, {0, 4}), Error);
  EXPECT_THROW(gather(x, {-1}), Error);
  EXPECT_THROW(scatter_add(x, {0, 1, 2, 3}, 3), Error);
  EXPECT_THROW(scatter_add(x, {0}, 3), Error);
  EXPECT_THROW(embedding(x, x), Error);
  try {
    embedding(x, Tensor::ids({1, 7}));
    FAIL();
  } catch (const Error& e) { EXPECT_EQ(std::string(e.what()), "embedding: row 1 asks for row 7 of 4"); }
  EXPECT_EQ(embedding(x, Tensor::ids({})).rows(), 0);
}

}  // namespace
}  // namespace stemma
