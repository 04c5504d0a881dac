#include "stemma/ops/log_linear.h"

#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

using Floats = std::vector<float>;

double softplus(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }

// The loss as the papers write it, in double: h is the mean of the input rows.
double plain_loss(const Matrix& input, const Matrix& output, const std::vector<int32_t>& ids,
                  const std::vector<uint32_t>& meetings) {
  double loss = 0;
  for (const uint32_t m : meetings) {
    double x = 0;
    for (const int32_t id : ids)
      for (int64_t i = 0; i < input.cols; ++i) x += input(id, i) * output(int64_t(m >> 1), i) / double(ids.size());
    loss += softplus(m & 1 ? -x : x);
  }
  return loss;
}

struct Tables {
  Matrix in, out;
  Floats a, b;
  Tables(int64_t width, uint64_t seed)
      : in(random_matrix(30, width, seed, 0.3)),
        out(random_matrix(30, width, seed + 1, 0.3)),
        a(in.v.begin(), in.v.end()),
        b(out.v.begin(), out.v.end()) {}
  RowTable input() { return {a.data(), in.cols}; }
  RowTable output() { return {b.data(), out.cols}; }
};

const std::vector<uint32_t> few{meeting(4, true), meeting(7, false), meeting(1, false)};
std::vector<uint32_t> many() {  // more than are met at once, as on a long path of a tree
  std::vector<uint32_t> out;
  for (int32_t i = 0; i < 21; ++i) out.push_back(meeting(i, i % 3 == 0));
  return out;
}

// What rows and the hidden vector gain is -rate times the derivative of the loss, by central differences in double.
void check_gradient(int64_t width, const std::vector<uint32_t>& meetings) {
  SCOPED_TRACE(str("width ", width, ", ", meetings.size(), " meetings"));
  Tables t(width, 3);
  const std::vector<int32_t> ids{3, 11, 29};
  const std::vector<int32_t> ends{int32_t(meetings.size())};
  const float rate = 0.5f;
  const double h = 1e-5;
  const auto slope = [&](Matrix& where, int64_t row, int64_t col) {
    const double x = where(row, col);
    where(row, col) = x + h;
    const double above = plain_loss(t.in, t.out, ids, meetings);
    where(row, col) = x - h;
    const double below = plain_loss(t.in, t.out, ids, meetings);
    where(row, col) = x;
    return (above - below) / (2 * h);
  };
  Floats hidden(size_t(width), 0), gradient(size_t(2 * width), 0);
  mean_of_rows(t.input(), ids, hidden.data());
  EXPECT_NEAR(logistic_loss(t.output(), meetings, hidden.data()), plain_loss(t.in, t.out, ids, meetings), 1e-5);
  logistic_steps(t.output(), {.meetings = meetings, .ends = ends, .rate = rate}, hidden.data(), gradient.data());
  for (int64_t i = 0; i < width; ++i) {
    // d loss / d row = (d loss / d mean) / 3
    ASSERT_NEAR(gradient[size_t(i)], -rate * 3 * slope(t.in, ids[1], i), 2e-5) << i;
    for (const uint32_t m : meetings) {
      const int64_t row = m >> 1;
      ASSERT_NEAR(t.b[size_t(row * width + i)], t.out(row, i) - rate * slope(t.out, row, i), 2e-5) << row << ' ' << i;
    }
  }
}

TEST(LogLinear, StepIsTheGradientOfTheLoss) {
  at_each_level([] {
    for (const int64_t width : {1, 5, 16, 37, 100}) check_gradient(width, few), check_gradient(width, many());
  });
}

// The softmax over 11 rows, by central differences of its loss in double.
void check_softmax(int64_t width) {
  SCOPED_TRACE(width);
  Tables t(width, 5);
  Matrix hidden = random_matrix(1, width, 9, 0.5);
  std::vector<uint32_t> meetings;
  for (int32_t i = 0; i < 11; ++i) meetings.push_back(meeting(2 * i, i == 3));
  const auto loss = [&] {
    double sum = 0, right = 0;
    for (const uint32_t m : meetings) {
      double x = 0;
      for (int64_t i = 0; i < width; ++i) x += hidden(0, i) * t.out(m >> 1, i);
      sum += std::exp(x), right = m & 1 ? x : right;
    }
    return std::log(sum) - right;
  };
  const auto slope = [&](double& x) {
    const double h = 1e-5, was = x;
    x = was + h;
    const double above = loss();
    x = was - h;
    const double below = loss();
    x = was;
    return (above - below) / (2 * h);
  };
  const float rate = 0.5f;
  Floats h(hidden.v.begin(), hidden.v.end()), gradient(size_t(width), 9), products(meetings.size());
  EXPECT_NEAR(softmax_step(t.output(), meetings, rate, h.data(), gradient.data(), products.data()), loss(), 1e-5);
  for (int64_t i = 0; i < width; ++i) {
    ASSERT_NEAR(gradient[size_t(i)], -rate * slope(hidden(0, i)), 2e-5) << i;
    for (const uint32_t m : meetings) {
      const int64_t row = m >> 1;
      ASSERT_NEAR(t.b[size_t(row * width + i)], t.out(row, i) - rate * slope(t.out(row, i)), 2e-5) << row << ' ' << i;
    }
  }
}

TEST(LogLinear, SoftmaxStepIsTheGradientOfTheLoss) {
  at_each_level([] {
    for (const int64_t width : {1, 5, 16, 37, 100}) check_softmax(width);
  });
}

TEST(LogLinear, GroupsAreStepsOneAfterTheOther) {
  const std::vector<uint32_t> meetings{meeting(1, true), meeting(2, false), meeting(3, true), meeting(1, false)};
  const std::vector<int32_t> ends{2, 4}, ids{5, 9};
  at_each_level([&] {
    for (const int64_t width : {3, 64, 100}) {
      Tables together(width, 1), apart(width, 1);
      Floats h(size_t(width), 0), gradient(size_t(2 * width), 0);
      mean_of_rows(together.input(), ids, h.data());
      logistic_steps(together.output(), {.meetings = meetings, .ends = ends}, h.data(), gradient.data());
      add_to_rows(together.input(), ids, gradient.data());
      for (const size_t at : {0, 2}) {
        const std::vector<int32_t> end{2};
        mean_of_rows(apart.input(), ids, h.data());
        logistic_steps(apart.output(), {.meetings = std::span(meetings).subspan(at, 2), .ends = end}, h.data(),
                       gradient.data());
        add_to_rows(apart.input(), ids, gradient.data());
      }
      for (size_t i = 0; i < together.a.size(); ++i) {
        ASSERT_NEAR(together.a[i], apart.a[i], 1e-6);
        ASSERT_NEAR(together.b[i], apart.b[i], 1e-6);
      }
    }
  });
}

TEST(LogLinear, RowsThatPredictLearnOneAfterTheOther) {
  const std::vector<uint32_t> meetings{meeting(1, true), meeting(2, false), meeting(1, true), meeting(4, false)};
  const std::vector<int32_t> ends{2, 4};
  at_each_level([&] {
    for (const int64_t width : {3, 64, 100})
      for (const std::vector<int32_t>& ids : {std::vector{5, 9}, std::vector{7, 7}}) {
        Tables together(width, 1), apart(width, 1);
        Floats h(size_t(width), 0), gradient(size_t(2 * width), 0);
        logistic_row_steps(together.output(), {.meetings = meetings, .ends = ends}, together.input(), ids,
                           gradient.data());
        for (const size_t g : {0, 1}) {
          const std::vector<int32_t> end{2};
          const auto id = std::span(ids).subspan(g, 1);
          mean_of_rows(apart.input(), id, h.data());
          logistic_steps(apart.output(), {.meetings = std::span(meetings).subspan(2 * g, 2), .ends = end}, h.data(),
                         gradient.data());
          add_to_rows(apart.input(), id, gradient.data());
        }
        EXPECT_EQ(together.a, apart.a);
        EXPECT_EQ(together.b, apart.b);
      }
  });
}

// One after the other though met together, also a row that comes twice and more rows than are met at once.
TEST(LogLinear, RowsMeetAPathAsOneAfterTheOther) {
  at_each_level([&] {
    for (const int64_t width : {3, 64, 100})
      for (const std::vector<int32_t>& ids : {std::vector{5}, {5, 9}, {7, 7, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 10}})
        for (const auto& path : {few, many()}) {
          Tables together(width, 1), apart(width, 1);
          Floats gradient(size_t(width), 0);
          logistic_path_steps(together.output(), path, 0.5f, together.input(), ids);
          const std::vector<int32_t> end{int32_t(path.size())};
          for (const int32_t& id : ids)
            logistic_row_steps(apart.output(), {.meetings = path, .ends = end, .rate = 0.5f}, apart.input(), {&id, 1},
                               gradient.data());
          for (size_t i = 0; i < together.a.size(); ++i) {
            ASSERT_NEAR(together.a[i], apart.a[i], 5e-6);
            ASSERT_NEAR(together.b[i], apart.b[i], 5e-6);
          }
        }
  });
}

TEST(LogLinear, RowsAreAveragedAndAddedTo) {
  at_each_level([] {
    for (const int64_t width : {1, 7, 100}) {
      Tables t(width, 8);
      const std::vector<int32_t> ids{2, 2, 17};  // a row may be named twice
      Floats mean(size_t(width), 9);
      mean_of_rows(t.input(), ids, mean.data());
      for (int64_t i = 0; i < width; ++i) ASSERT_NEAR(mean[size_t(i)], (2 * t.in(2, i) + t.in(17, i)) / 3, 1e-6);
      add_to_rows(t.input(), ids, mean.data());
      for (int64_t i = 0; i < width; ++i) {
        ASSERT_NEAR(t.a[size_t(2 * width + i)], t.in(2, i) + 2 * mean[size_t(i)], 1e-6);
        ASSERT_NEAR(t.a[size_t(17 * width + i)], t.in(17, i) + mean[size_t(i)], 1e-6);
        ASSERT_EQ(t.a[size_t(3 * width + i)], float(t.in(3, i)));
      }
      mean_of_rows(t.input(), {}, mean.data());
      for (const float v : mean) ASSERT_EQ(v, 0);
      Floats products(30);
      dot_rows(t.output(), 30, t.a.data(), products.data());
      for (int64_t r = 0; r < 30; ++r) {
        double sum = 0;
        for (int64_t i = 0; i < width; ++i) sum += t.out(r, i) * double(t.a[size_t(i)]);
        ASSERT_NEAR(products[size_t(r)], sum, 1e-5);
        ASSERT_EQ(dot_row(t.output().row(r), t.a.data(), width), products[size_t(r)]);
      }
    }
  });
}

TEST(LogLinear, ExtremeProducts) {  // the loss is finite and the step vanishes where the answer is certain
  at_each_level([] {
    Floats row{100, 100}, h{100, 100}, gradient(4);
    const RowTable table{row.data(), 2};
    const std::vector<int32_t> end{1};
    EXPECT_EQ(logistic_loss(table, std::vector{meeting(0, true)}, h.data()), 0);
    EXPECT_EQ(logistic_loss(table, std::vector{meeting(0, false)}, h.data()), 20000);
    logistic_steps(table, {.meetings = std::vector{meeting(0, true)}, .ends = end}, h.data(), gradient.data());
    EXPECT_EQ(row, (Floats{100, 100}));
    EXPECT_EQ(gradient[0], 0);
  });
}

}  // namespace
}  // namespace stemma
