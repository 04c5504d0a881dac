// Additive attention against plain loops in double, alone and as the Look of a recurrence.
#include <cmath>

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

// q, keys, memory, v
Matrix plain_additive(const std::vector<Matrix>& x) {
  const auto &q = x[0], &keys = x[1], &memory = x[2], &v = x[3];
  Matrix c(q.rows, memory.cols);
  for (int64_t i = 0; i < q.rows; ++i) {
    std::vector<double> w;
    double sum = 0;
    for (int64_t j = memory.begin(i); j < memory.end(i); ++j) {
      double e = 0;
      for (int64_t k = 0; k < q.cols; ++k) e += v(0, k) * std::tanh(q(i, k) + keys(j, k));
      w.push_back(std::exp(e)), sum += w.back();
    }
    for (size_t j = 0; j < w.size(); ++j)
      for (int64_t k = 0; k < memory.cols; ++k) c(i, k) += w[j] / sum * memory(memory.begin(i) + int64_t(j), k);
  }
  return c;
}
OpCase additive_case(const std::vector<int64_t>& lengths, int64_t a, int64_t m) {
  const Splits splits = splits_of_lengths(lengths);
  return {.f = [](const std::vector<Tensor>& x) { return additive_attention(x[0], x[1], x[2], x[3]); },
          .reference = plain_additive,
          .inputs = {random_matrix(int64_t(lengths.size()), a, 1), random_matrix(splits->back(), a, 2),
                     random_matrix(splits->back(), m, 3, 1, splits), random_matrix(1, a, 4)}};
}

TEST(AdditiveAttention, equals_the_definition_in_double) {
  check_op(additive_case({3, 1, 5}, 4, 6));
  check_op(additive_case({18, 0, 2}, 17, 19));  // a source without rows gives zeros
  check_op(additive_case({0, 0}, 2, 3));
}
TEST(AdditiveAttention, large_scores_do_not_overflow) {
  auto op = additive_case({4}, 8, 8);
  for (auto& v : op.inputs[3].v) v *= 50;  // e^88 is infinite in f32
  at_each_level([&] { expect_near(op.f(op_test::leaves(op)), op.reference(op.inputs), 1e-3, "value"); });
}
TEST(AdditiveAttention, wrong_shapes_are_errors) {
  const auto t = [](int64_t rows, int64_t cols) { return Tensor::zeros(rows, cols); };
  EXPECT_THROW(additive_attention(t(2, 4), t(3, 4), t(3, 5), t(1, 4)), Error);
  EXPECT_THROW(additive_attention(t(1, 4), t(2, 4), t(3, 5), t(1, 4)), Error);
  EXPECT_THROW(additive_attention(t(1, 4), t(3, 3), t(3, 5), t(1, 4)), Error);
  EXPECT_THROW(additive_attention(t(1, 4), t(3, 4), t(3, 5), t(2, 4)), Error);
}

struct Looking {
  Tensor x = to_tensor(random_matrix(9, 4 * 20, 1, 1, splits_of_lengths({3, 1, 5}))),
         U = to_tensor(random_matrix(4 * 20, 20, 2, 0.2));
  Look look{.W = to_tensor(random_matrix(7, 20, 3)),
            .b = to_tensor(random_matrix(1, 7, 4)),
            .v = to_tensor(random_matrix(1, 7, 5)),
            .C = to_tensor(random_matrix(4 * 20, 6, 6)),
            .keys = to_tensor(random_matrix(10, 7, 7)),
            .memory = to_tensor(random_matrix(10, 6, 8, 1, splits_of_lengths({4, 2, 4})))};
};

TEST(Look, rows_may_be_listed_and_shared) {
  at_each_level([] {
    Looking a, b;
    const auto runs = [](const std::vector<RowRun>& one_each) {
      RowRuns out;
      for (const auto& run : one_each) out.add(run), out.end();
      return out;
    };
    b.look.rows = runs({{4, 2}, {0, 4}, {4, 2}});
    const std::vector<int64_t> all{4, 5, 0, 1, 2, 3, 4, 5};
    const Splits splits = splits_of_lengths({2, 4, 2});
    a.look.keys = gather(a.look.keys, all), a.look.memory = gather(a.look.memory, all, splits);
    const auto wanted = lstm(a.x, a.U, {}, {}, a.look), found = lstm(b.x, b.U, {}, {}, b.look);
    expect_same_bits(found.y, wanted.y, "y");
    expect_same_bits(found.context, wanted.context, "context");
    b.look.memory = parameter(b.look.memory);
    EXPECT_THROW(lstm(b.x, b.U, {}, {}, b.look), Error);  // two sequences would write the same gradient
    b.look.memory = b.look.memory.detach(), b.look.rows = runs({{4, 2}, {10, 1}, {4, 2}});
    EXPECT_THROW(lstm(b.x, b.U, {}, {}, b.look), Error);
  });
}
TEST(Look, a_sequence_gives_the_same_bits_alone_and_with_threads) {
  const int before = threads();
  at_each_level([&] {
    const Looking all;
    Looking one;
    one.x = rows(all.x, 4, 5), one.look.keys = rows(all.look.keys, 6, 4), one.look.memory = rows(all.look.memory, 6, 4);
    set_threads(4);
    const auto wanted = lstm(all.x, all.U, {}, {}, all.look);
    set_threads(1);
    const auto found = lstm(one.x, one.U, {}, {}, one.look);
    expect_same_bits(found.y, wanted.y.row_view(4, 5), "y");
    expect_same_bits(found.context, wanted.context.row_view(4, 5), "context");
  });
  set_threads(before);
}
TEST(Look, wrong_shapes_are_errors) {
  for (const auto member : {&Look::W, &Look::b, &Look::v, &Look::C, &Look::keys}) {
    Looking a;
    a.look.*member = Tensor::zeros(3, 3);
    EXPECT_THROW(lstm(a.x, a.U, {}, {}, a.look), Error);
  }
  Looking a;
  a.look.memory = a.look.memory.with_splits({});
  EXPECT_THROW(lstm(a.x, a.U, {}, {}, a.look), Error);
}

}  // namespace
}  // namespace stemma
