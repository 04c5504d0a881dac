// Attention against plain loops in double; the definition, the listed rows, dropout and long sequences against it.
#include <cmath>

#include "stemma/ops/op_test.h"
#include "stemma/tensor/memory.h"

namespace stemma {
namespace {

Matrix plain_attention(const std::vector<Matrix>& x, const Attention& how) {
  const auto &Q = x[0], &K = x[1], &V = x[2];
  const int64_t d = Q.cols / how.heads, dv = V.cols / how.heads;
  const double scale = how.scale != 0 ? double(how.scale) : 1 / std::sqrt(double(d));
  Matrix Y(Q.rows, V.cols, Q.splits);
  for (int64_t b = 0; b < Q.sequences(); ++b)
    for (int64_t i = Q.begin(b); i < Q.end(b); ++i)
      for (int64_t h = 0; h < how.heads; ++h) {
        const int64_t end = how.causal ? std::min(K.end(b), K.end(b) - (Q.end(b) - 1 - i)) : K.end(b);
        std::vector<double> p;
        double sum = 0;
        for (int64_t j = K.begin(b); j < end; ++j) {
          double s = 0;
          for (int64_t c = h * d; c < (h + 1) * d; ++c) s += Q(i, c) * K(j, c);
          p.push_back(std::exp(scale * s)), sum += p.back();
        }
        for (size_t j = 0; j < p.size(); ++j)
          for (int64_t c = h * dv; c < (h + 1) * dv; ++c) Y(i, c) += p[j] / sum * V(K.begin(b) + int64_t(j), c);
      }
  return Y;
}

OpCase attention_case(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys, const Attention& how,
                      int64_t d, int64_t dv) {
  const Splits q = splits_of_lengths(queries), k = splits_of_lengths(keys);
  return {.f = [how](const std::vector<Tensor>& x) { return attention(x[0], x[1], x[2], how); },
          .reference = [how](const std::vector<Matrix>& x) { return plain_attention(x, how); },
          .inputs = {random_matrix(q->back(), how.heads * d, 1, 1, q), random_matrix(k->back(), how.heads * d, 2, 1, k),
                     random_matrix(k->back(), how.heads * dv, 3, 1, k)}};
}

TEST(Attention, equals_the_definition_in_double) {
  check_op(attention_case({3, 5, 2}, {3, 5, 2}, {.heads = 2, .causal = true}, 4, 4));
  check_op(attention_case({3, 1, 4}, {5, 7, 2}, {.heads = 3}, 5, 3));
  check_op(attention_case({2, 6}, {5, 4}, {.causal = true, .scale = 0.3f}, 17, 9));  // queries that see no key
  check_op(attention_case({2, 0, 3, 1}, {0, 2, 3, 0}, {.heads = 2}, 3, 4));
}
TEST(Attention, works_on_no_rows) {
  check_op(attention_case({0, 0}, {0, 0}, {.heads = 2}, 4, 4));
  check_op(attention_case({0}, {4}, {.heads = 2}, 4, 4));
}
TEST(Attention, one_tensor_may_be_all_three) {
  check_op({.f = [](auto& x) { return attention(x[0], x[0], x[0], {.heads = 2}); },
            .reference =
                [](auto& x) {
                  return plain_attention({x[0], x[0], x[0]}, {.heads = 2});
                },
            .inputs = {random_matrix(5, 6, 7)}});
}
TEST(Attention, large_scores_do_not_overflow) {
  auto op = attention_case({4}, {6}, {}, 8, 8);
  for (auto& v : op.inputs[0].v) v *= 100;
  at_each_level([&] { expect_near(op.f(op_test::leaves(op)), op.reference(op.inputs), 1e-4, "value"); });
}

TEST(Attention, what_is_not_a_number_is_not_hidden) {
  at_each_level([] {
    auto x = op_test::leaves(attention_case({3}, {40}, {}, 8, 8));
    x[0].data()[8] = std::numeric_limits<float>::quiet_NaN();  // of query 1
    const auto y = attention(x[0], x[1], x[2]).values();
    for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i / 8 == 1) << i;
    x[1].data()[30 * 8] = std::bit_cast<float>(0x7FFFFFFF);  // of key 30, with every bit set
    for (const float v : attention(x[0], x[1], x[2]).values()) EXPECT_TRUE(std::isnan(v));
  });
}

// Several blocks of queries and keys: values against double; gradients against those of the definition.
TEST(Attention, long_sequences_agree_in_every_block) {
  using Lengths = std::vector<int64_t>;
  const std::vector<std::pair<Lengths, Lengths>> edges{{{300, 7, 130}, {301, 129, 100}},
                                                       {{1, 15, 16, 17, 47, 48, 49}, {129, 128, 127, 17, 48, 1, 50}}};
  for (const int i : {0, 1, 2, 3}) {
    const bool causal = i % 2;
    const Attention how{.heads = 2, .causal = causal};
    const auto op = attention_case(edges[size_t(i / 2)].first, edges[size_t(i / 2)].second, how, 16, i / 2 ? 20 : 24);
    const auto weights = random_matrix(op.inputs[0].rows, op.inputs[2].cols, 5);
    std::vector<Tensor> defined;
    {
      const Listening on([](const std::string&, const Tensor&) {});
      defined = op_test::run(op, weights);
    }
    at_each_level([&] {
      expect_near(op.f(op_test::leaves(op)), op.reference(op.inputs), 1e-5, "value");
      const auto fused = op_test::run(op, weights);
      for (size_t i = 0; i < fused.size(); ++i) {
        const auto v = defined[i].values();
        Matrix wanted(fused[i].rows(), fused[i].cols());
        wanted.v.assign(v.begin(), v.end());
        expect_near(fused[i], wanted, 2e-5, str(i == 0 ? "output" : "gradient ", i));
      }
      check_threads(op);
    });
  }
}

// Q, K, V of bf16: the same as of f32 with their values, rounded. Gradients know the result as rounded.
TEST(Attention, of_bf16_is_that_of_f32_rounded) {
  for (const auto& [d, dv] : {std::pair<int64_t, int64_t>{16, 32}, {5, 3}, {17, 16}}) {
    SCOPED_TRACE(str(d, " ", dv));
    const Attention how{.heads = 2, .causal = true};
    auto op = attention_case({70, 3, 0, 130}, {72, 3, 2, 130}, how, d, dv);
    for (auto& m : op.inputs)
      for (auto& v : m.v) v = float(bf16(float(v)));
    const auto weights = random_matrix(203, 2 * dv, 5);
    at_each_level([&] {
      const auto wide = op_test::run(op, weights);
      auto narrow = op;
      narrow.f = [&](auto& x) {
        const auto y = attention(cast(x[0], Type::bf16), cast(x[1], Type::bf16), cast(x[2], Type::bf16), how);
        EXPECT_EQ(y.type(), Type::bf16);
        return cast(y, Type::f32);
      };
      const auto found = op_test::run(narrow, weights);
      expect_same_bits(cast(found[0], Type::bf16), cast(wide[0], Type::bf16), "value");
      ASSERT_EQ(found.size(), 4);
      for (size_t i = 1; i < 4; ++i) {
        const auto a = found[i].values(), b = wide[i].values();
        for (size_t j = 0; j < a.size(); ++j) ASSERT_NEAR(a[j], b[j], 0.03 * (1 + std::abs(b[j]))) << i << " " << j;
      }
      check_threads(narrow);
    });
  }
}

TEST(Attention, a_listener_gets_the_weights_and_the_result_stays) {
  const Attention how{.heads = 2, .causal = true};
  auto op = attention_case({2, 3}, {4, 3}, how, 4, 4);
  Tensor A;
  op.f = [&](const std::vector<Tensor>& x) {
    const Listening on([&](const std::string& path, const Tensor& value) {
      EXPECT_EQ(path, "attention");
      A = value;
    });
    return attention(x[0], x[1], x[2], how);
  };
  check_op(op);
  ASSERT_EQ(A.rows(), 5 * 2);
  ASSERT_EQ(A.cols(), 4);
  const auto a = A.values();
  const std::vector<int> seen{3, 4, 1, 2, 3};
  for (size_t r = 0; r < 10; ++r) {
    float sum = 0;
    for (size_t j = 0; j < 4; ++j) {
      sum += a[r * 4 + j];
      EXPECT_EQ(a[r * 4 + j] != 0, int(j) < seen[r / 2]) << r << " " << j;
    }
    EXPECT_NEAR(sum, 1, 1e-6);
  }
}

TEST(Attention, dropout_is_drawn_again_in_backward_and_by_the_definition) {
  const Attention how{.heads = 2, .dropout = 0.3f};
  auto op = attention_case({70, 3}, {150, 9}, how, 8, 8);
  op.f = [&](const std::vector<Tensor>& x) {
    Random rng{42};
    const Training on(rng);
    return attention(x[0], x[1], x[2], how);
  };
  const auto weights = random_matrix(73, 16, 5);
  std::vector<Tensor> defined;
  {
    const Listening on([](const std::string&, const Tensor&) {});
    defined = op_test::run(op, weights);
  }
  at_each_level([&] {
    const auto fused = op_test::run(op, weights);
    ASSERT_EQ(fused.size(), 4u);
    for (size_t i = 0; i < fused.size(); ++i) {
      const auto a = fused[i].values(), b = defined[i].values();
      for (size_t j = 0; j < a.size(); ++j) ASSERT_NEAR(a[j], b[j], 1e-5) << i << " " << j;
    }
    check_threads(op);
  });
}
TEST(Attention, dropout_keeps_the_mean) {
  Random rng{3};
  const Training on(rng);
  const Tensor Q = Tensor::zeros(200, 4), K = Tensor::zeros(300, 4), V = Tensor::full(300, 4, 1);
  const Tensor Y = attention(Q, K, V, {.dropout = 0.25f});
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < 200; ++i) sum += Y.data()[i * 4], squares += std::pow(Y.data()[i * 4], 2);
  EXPECT_NEAR(sum / 200, 1, 0.01);
  EXPECT_NEAR(squares / 200 - std::pow(sum / 200, 2), 0.25 / 0.75 / 300, 0.0004);  // p / (1 - p) / keys
  EXPECT_EQ(rng.position, 200u * 75u);
}

TEST(Attention, a_sequence_gives_the_same_bits_alone_and_in_a_batch) {
  const Attention how{.heads = 2, .causal = true};
  const auto op = attention_case({9, 60, 1}, {9, 200, 1}, how, 8, 8);
  const auto x = op_test::leaves(op);
  const NoGrad off;
  at_each_level([&] {
    const Tensor all = op.f(x);
    const Tensor one = attention(rows(x[0], 9, 60), rows(x[1], 9, 200), rows(x[2], 9, 200), how);
    expect_same_bits(all.row_view(9, 60), one, "alone");
  });
}

TEST(Attention, memory_is_linear_in_the_length) {
  const int64_t T = 4096;
  const Tensor x = parameter(to_tensor(random_matrix(T, 8, 1)));
  const int64_t before = memory_use().now;
  reset_memory_peak();
  const Tensor Y = attention(x, x, x, {.heads = 2, .causal = true});
  backward(sum(Y));
  EXPECT_LT(memory_use().peak - before, 2000 * T);  // T x T floats would take 16,384 T
}

TEST(Attention, wrong_shapes_are_errors) {
  const auto t = [](int64_t rows, int64_t cols) { return Tensor::zeros(rows, cols); };
  EXPECT_THROW(attention(t(2, 6), t(3, 6), t(3, 6), {.heads = 4}), Error);
  EXPECT_THROW(attention(t(2, 6), t(3, 4), t(3, 6)), Error);
  EXPECT_THROW(attention(t(2, 6), t(3, 6), t(2, 6)), Error);
  EXPECT_THROW(attention(t(2, 6).with_splits(make_splits({0, 1, 2})), t(3, 6), t(3, 6)), Error);
  EXPECT_THROW(attention(t(2, 6), t(3, 6), t(3, 6), {.dropout = 1}), Error);
}

}  // namespace
}  // namespace stemma
