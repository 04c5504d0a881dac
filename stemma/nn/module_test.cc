#include "stemma/nn/module_test.h"

#include <gmock/gmock.h>

#include "stemma/nn/layers.h"

namespace stemma {
namespace {

using testing::ElementsAre;

struct Pair {
  Linear first, second{3, 2, false};
  Norm norm{2, true};
  FIELDS(first, second, norm)
  int64_t width = 7;
};
struct House {
  Embedding words{5, 3, {Init::normal, 0.5f}};
  std::vector<Pair> pairs = std::vector<Pair>(2);
  std::optional<Linear> open, shut;
  FIELDS(words, pairs, open, shut)
};

std::vector<std::string> names(const Params& params) {
  std::vector<std::string> out;
  for (const auto& p : params) out.push_back(p.name);
  return out;
}

TEST(Module, parameters_are_named_by_their_members) {
  House house;
  house.open.emplace(2, 4);
  EXPECT_THAT(names(params(house)), ElementsAre("words.E", "pairs.0.second.W", "pairs.0.norm.g", "pairs.1.second.W",
                                                "pairs.1.norm.g", "open.W", "open.b"));
  EXPECT_EQ(count(params(house)), 5 * 3 + 2 * (3 * 2 + 2) + 2 * 4 + 4);
}

TEST(Module, a_shared_tensor_appears_once_and_gathers_both_gradients) {
  House house;
  house.pairs.clear();
  house.open.emplace(3, 5, false);
  house.open->W = house.words.E;
  house = randomised(house);
  EXPECT_THAT(names(params(house)), ElementsAre("words.E"));
  const Tensor ids = Tensor::ids({4, 0, 4});
  check_gradients(params(house), [&] { return (*house.open)(house.words(ids)); });
}

TEST(Module, initial_values_depend_on_seed_and_path_alone) {
  const auto values = [](House house, uint64_t seed, const std::string& name) {
    initialise([&](const ParamFn& f) { walk("", house, f); }, seed);
    for (const auto& p : params(house))
      if (p.name == name) return p.w.clone();
    return Tensor();
  };
  House small, large;
  large.pairs.resize(4);
  large.open.emplace(9, 9);
  for (const auto* name : {"words.E", "pairs.1.second.W"}) {
    EXPECT_TRUE(same_bits(values(small, 3, name), values(large, 3, name))) << name;
    EXPECT_FALSE(same_bits(values(small, 3, name), values(small, 4, name))) << name;
  }
  EXPECT_FALSE(same_bits(values(small, 3, "pairs.0.second.W"), values(small, 3, "pairs.1.second.W")));
}

TEST(Module, initial_values_have_the_distribution_asked_for) {
  struct Kinds {
    Param zeros{40, 60}, ones{40, 60, {Init::ones}}, xavier{40, 60, {Init::xavier, 2}};
    Param uniform{40, 60, {Init::uniform, 0.3f}}, normal{40, 60, {Init::normal, 0.3f}};
    FIELDS(zeros, ones, xavier, uniform, normal)
  } kinds;
  initialise([&](const ParamFn& f) { walk("", kinds, f); }, 1);
  const auto expect = [](const Param& p, double mean, double deviation, double bound) {
    double sum = 0, squares = 0, largest = 0;
    for (const double v : p.w.values()) sum += v, squares += v * v, largest = std::max(largest, std::abs(v));
    const double n = double(p.w.size()), m = sum / n;
    EXPECT_NEAR(m, mean, 4 * deviation / std::sqrt(n));
    EXPECT_NEAR(std::sqrt(squares / n - m * m), deviation, 0.05 * deviation);
    EXPECT_LE(largest, bound);
    EXPECT_GE(largest, 0.98 * bound - 4 * (bound > 1.5 ? 1 : 0));  // uniform numbers fill their range
  };
  const double xavier = 2 * std::sqrt(6.0 / 100);
  expect(kinds.zeros, 0, 0, 0);
  expect(kinds.ones, 1, 0, 1);
  expect(kinds.xavier, 0, xavier / std::sqrt(3), xavier);
  expect(kinds.uniform, 0, 0.3 / std::sqrt(3), 0.3f);
  expect(kinds.normal, 0, 0.3, 6 * 0.3);
}

TEST(Module, leaves_have_the_gradients_of_their_equations) {
  struct Leaves {
    Embedding E{6, 5, {Init::normal, 1}};
    Norm layer{5, false}, rms{4, true};
    Linear up{5, 4};
    FIELDS(E, layer, rms, up)
  };
  auto leaves = randomised(Leaves{});
  const Tensor ids = random_ids({3, 0, 4}, 6);
  check_gradients(params(leaves), [&] {
    return leaves.up.onto(leaves.rms(leaves.up(leaves.layer(leaves.E(ids)), Activation::tanh)), leaves.E(ids));
  });
}

}  // namespace
}  // namespace stemma
