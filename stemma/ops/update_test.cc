#include "stemma/ops/update.h"

#include <limits>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/ops/op_test.h"

namespace stemma {
namespace {

std::vector<float> floats(const Json& list) {
  std::vector<float> out;
  for (const auto& v : list.array()) out.push_back(float(v.number()));
  return out;
}

// One of the steps of tools/golden/optimizers.py; `first` and `second` are the state.
void golden_step(const Json& golden, int64_t t, const Tensor& w, const Tensor& g, const Tensor& first,
                 const Tensor& second) {
  const auto& options = golden["options"];
  const auto option = [&](const char* name, double otherwise) {
    const auto* value = options.find(name);
    return value && value->is_number() ? value->number() : otherwise;
  };
  const auto& name = golden["name"].text();
  const double lr = options["lr"].number(), decay = option("weight_decay", 0);
  if (name == "sgd") {
    sgd(w, g, options.find("momentum") ? first : Tensor(),
        {.lr = lr,
         .momentum = option("momentum", 0),
         .nesterov = options.find("nesterov") != nullptr,
         .weight_decay = decay,
         .grad_scale = 4});
  } else if (name == "adafactor") {
    adafactor(w, g, w.rows() == 1 ? Tensor() : first.reshaped(w.cols(), w.rows()).row_view(0, 1).reshaped(w.rows(), 1),
              second.row_view(0, 1),
              {.lr = lr,
               .beta2_decay = option("beta2_decay", -0.8),
               .clip = option("d", 1),
               .weight_decay = decay,
               .t = t,
               .grad_scale = 4});
  } else {
    const auto* betas = options.find("betas");
    adam(w, g, first, second,
         {.lr = lr,
          .beta1 = betas ? betas->array()[0].number() : 0.9,
          .beta2 = betas ? betas->array()[1].number() : 0.999,
          .eps = option("eps", 1e-8),
          .weight_decay = decay,
          .decoupled = name == "adamw",
          .t = t,
          .grad_scale = 4});
  }
}

TEST(Update, TenStepsAsPyTorch) {
  const auto golden = Json::parse(read_file(STEMMA_SOURCE_DIR "/tests/golden/optimizers.json"));
  ASSERT_EQ(golden.array().size(), 9u);
  at_each_level([&] {
    for (const auto& c : golden.array()) {
      SCOPED_TRACE(str(c["name"].text(), " ", c["options"]));
      const int64_t rows = c["shape"].array()[0].integer(), cols = c["shape"].array()[1].integer();
      const auto w = Tensor::from(rows, cols, floats(c["start"]));
      const auto first = Tensor::zeros(rows, cols), second = Tensor::zeros(rows, cols);
      for (int64_t t = 1; t <= 10; ++t) {
        auto g = floats(c["gradients"].array()[size_t(t - 1)]);
        for (auto& v : g) v *= 0.25f;  // undone by grad_scale
        golden_step(c, t, w, Tensor::from(rows, cols, g), first, second);
        const auto wanted = floats(c["weights"].array()[size_t(t - 1)]);
        for (size_t i = 0; i < wanted.size(); ++i)
          ASSERT_NEAR(w.data()[i], wanted[i], 1e-6 * std::max(1.0f, std::abs(wanted[i]))) << "step " << t << ", " << i;
      }
    }
  });
}

// Long enough to be cut into pieces for threads, not a whole number of vectors.
TEST(Update, ThreadsDoNotChangeTheBits) {
  const int before = threads();
  const auto start = random_matrix(331, 307, 1), gradient = random_matrix(331, 307, 2);
  const auto run = [&](int n) {
    set_threads(n);
    const auto w = to_tensor(start), g = to_tensor(gradient), average = Tensor::zeros(331, 307);
    const auto m = Tensor::zeros(331, 307), v = Tensor::zeros(331, 307);
    const auto row = Tensor::zeros(331, 1), col = Tensor::zeros(1, 307);
    sgd(w, g, m, {.momentum = 0.9, .nesterov = true});
    adam(w, g, m, v, {.weight_decay = 0.1});
    adafactor(w, g, row, col, {.weight_decay = 0.1});
    move_average(average, w, 0.9);
    auto all = average.values();
    for (const auto& x : {w, m, v, row, col}) {
      const auto values = x.values();
      all.insert(all.end(), values.begin(), values.end());
    }
    all.push_back(float(sum_of_squares(w)));
    return all;
  };
  at_each_level([&] {
    const auto one = run(1);
    EXPECT_EQ(run(2), one);
    EXPECT_EQ(run(3), one);
  });
  set_threads(before);
}

TEST(Update, AdafactorWithItsOwnRate) {
  const auto w = Tensor::full(2, 2, 10), g = Tensor::full(2, 2, 3);
  adafactor(w, g, Tensor::zeros(2, 1), Tensor::zeros(1, 2), {.lr = 0.5, .relative = false});
  for (const float v : w.values()) EXPECT_NEAR(v, 9.5, 1e-5);  // g / sqrt(v) is 1 in the first step
}

TEST(Update, AdafactorWithoutAnyGradient) {
  const auto w = Tensor::full(2, 3, 1), g = Tensor::zeros(2, 3), row = Tensor::zeros(2, 1), col = Tensor::zeros(1, 3);
  adafactor(w, g, row, col, {});
  EXPECT_EQ(w.values(), std::vector<float>(6, 1.0f));
}

TEST(Update, MovingAverage) {
  const auto average = Tensor::full(1, 37, 2), w = Tensor::full(1, 37, 4);
  move_average(average, w, 0.75);
  EXPECT_EQ(average.values(), std::vector<float>(37, 2.5f));
}

TEST(Update, SumOfSquares) {
  at_each_level([] {
    for (const int64_t n : {0, 1, 17, 1024, 5000, 100001}) {
      const auto x = random_matrix(1, n, uint64_t(n));
      double sum = 0;
      for (const double v : x.v) sum += v * v;
      EXPECT_NEAR(sum_of_squares(to_tensor(x)), sum, 1e-6 * sum) << n;
    }
    auto x = to_tensor(random_matrix(50, 50, 1));
    x.data()[777] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(sum_of_squares(x)));
    x.data()[777] = -std::numeric_limits<float>::infinity();
    EXPECT_TRUE(std::isinf(sum_of_squares(x)));
  });
}

TEST(Update, EmptyParameters) {
  const Tensor w(0, 3), row(0, 1), col = Tensor::zeros(1, 3);
  sgd(w, w, {}, {});
  adam(w, w, w, w, {});
  adafactor(w, w, row, col, {});
  move_average(w, w, 0.5);
  EXPECT_EQ(sum_of_squares(w), 0);
  EXPECT_EQ(col.values(), std::vector<float>(3, 0.0f));
}

TEST(Update, ShapesThatDoNotFit) {
  const Tensor w(2, 3), g(3, 2), s = Tensor::zeros(2, 3);
  EXPECT_THROW(sgd(w, g, {}, {}), Error);
  EXPECT_THROW(adam(w, s, s, g, {}), Error);
  EXPECT_THROW(adam(w, s, s, s, {.t = 0}), Error);
  EXPECT_THROW(adafactor(w, s, Tensor(), Tensor(1, 3), {}), Error);
  EXPECT_THROW(adafactor(w, s, Tensor(2, 1), Tensor(1, 2), {}), Error);
  EXPECT_THROW(move_average(w, g, 0.5), Error);
}

}  // namespace
}  // namespace stemma
