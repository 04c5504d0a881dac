// What must hold for every system of the registry, at sizes where kernels cut their work and choose their ways.
#include "stemma/models/translation_model.h"

#include "stemma/base/parallel.h"
#include "stemma/models/registry.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t vocabulary = 300, sentences = 40;

struct System {
  std::string name, config;
};
const std::vector<System> systems = {
    {"rnn", R"({"attention": "none", "context": "every", "embedding": 64, "width": 64, "encoder_width": 64})"},
    {"gru", R"({"embedding": 48, "width": 64, "encoder_width": 40, "dropout": 0.3})"},
    {"lstm", R"({"attention": "general", "style": "luong", "window": "predictive", "window_size": 5, "embedding": 64,
                 "width": 64, "encoder_width": 32, "encoder_layers": 2, "decoder_layers": 2, "residual": true})"},
    {"transformer", R"({"width": 64, "heads": 4, "feed_forward": 128, "encoder_layers": 2, "decoder_layers": 2})"},
    {"transformer", R"({"width": 64, "heads": 4, "feed_forward": 128, "encoder_layers": 1, "decoder_layers": 1,
                        "norm": "pre", "activation": "swiglu", "positions": "learned", "tie": "none"})"}};

std::unique_ptr<TranslationModel> make(const System& system) {
  auto model = make_model(system.name, Json::parse(system.config), {vocabulary, vocabulary}, 7);
  randomise([&](const ParamFn& f) { model->walk(f); }, 7);
  return model;
}

std::vector<int64_t> lengths(uint64_t seed) {
  Random rng{seed};
  std::vector<int64_t> out;
  for (int64_t i = 0; i < sentences; ++i) out.push_back(1 + int64_t(rng.below(30)));
  return out;
}
const Tensor& source() {
  static const Tensor ids = random_ids(lengths(1), vocabulary, 1);
  return ids;
}
const Tensor& target() {
  static const Tensor ids = random_ids(lengths(2), vocabulary, 2);
  return ids;
}

Tensor log_p(const TranslationModel& model, const std::vector<int64_t>& which) {
  const Tensor ids = pick(target(), which);
  auto s = model.start(pick(source(), which));
  return log_softmax(linear(model.decode(ids, *s), model.output_W(), {.b = model.output_b()}))
      .with_splits(ids.splits());
}

Tensor loss(const TranslationModel& model, const std::vector<int64_t>& which) {
  const Tensor ids = pick(target(), which);
  auto s = model.start(pick(source(), which));
  return cross_entropy(model.decode(ids, *s), model.output_W(), model.output_b(), ids, 0.1f).total;
}
std::vector<int64_t> range(int64_t begin, int64_t end) {
  std::vector<int64_t> out;
  for (int64_t i = begin; i < end; ++i) out.push_back(i);
  return out;
}

// Copies of all gradients after f(), which runs backward as often as it likes.
template <class F>
std::vector<Tensor> gradients(TranslationModel& model, F&& f) {
  std::vector<Tensor> out;
  for (const auto& p : model.params()) clear_grad(p.w);
  f();
  for (const auto& p : model.params()) out.push_back(grad(p.w).clone());
  return out;
}

TEST(TranslationModel, probabilities_do_not_depend_on_the_batch) {
  for (const auto& system : systems) {
    SCOPED_TRACE(system.name);
    const auto model = make(system);
    const auto run = [&](const std::vector<int64_t>& which) { return log_p(*model, which); };
    const NoGrad off;
    EXPECT_LT(batch_gap(run, sentences), 1e-5 * 5);  // log p is around 5
    const Deterministic on;
    EXPECT_EQ(batch_gap(run, sentences), 0);
  }
}

TEST(TranslationModel, parts_of_a_batch_add_up_to_its_gradient) {
  for (const auto& system : systems) {
    SCOPED_TRACE(system.name);
    const auto model = make(system);
    const auto params = model->params();
    const auto at_once = gradients(*model, [&] { backward(loss(*model, range(0, sentences))); });
    const auto in_parts = gradients(*model, [&] {
      for (const auto& [begin, end] : {std::pair{0, 3}, {3, 25}, {25, 40}}) backward(loss(*model, range(begin, end)));
    });
    for (size_t i = 0; i < params.size(); ++i) {
      const double largest = gap(at_once[i], Tensor::zeros(at_once[i].rows(), at_once[i].cols()));
      EXPECT_LT(gap(at_once[i], in_parts[i]), 1e-5 * std::max(1.0, largest)) << params[i].name;
    }
  }
}

TEST(TranslationModel, threads_change_no_bit_of_a_deterministic_gradient) {
  const int before = threads();
  const Deterministic on;
  for (const auto& system : systems) {
    SCOPED_TRACE(system.name);
    const auto model = make(system);
    const auto run = [&](int n) {
      set_threads(n);
      return gradients(*model, [&] {
        Random rng{3};
        const Training dropping(rng);
        backward(loss(*model, range(0, sentences)));
      });
    };
    const auto wanted = run(1);
    for (const int n : {2, 3}) {
      const auto found = run(n);
      for (size_t i = 0; i < wanted.size(); ++i)
        EXPECT_TRUE(same_bits(found[i], wanted[i])) << model->params()[i].name << " with " << n << " threads";
    }
  }
  set_threads(before);
}

TEST(TranslationModel, the_same_command_gives_the_same_bits) {
  for (const auto& system : systems) {
    const auto once = [&] {
      const auto model = make(system);
      return gradients(*model, [&] { backward(loss(*model, range(0, sentences))); });
    };
    const auto first = once(), second = once();
    for (size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(same_bits(first[i], second[i])) << system.name << " " << i;
  }
}

// Dropout acts in training alone.
TEST(TranslationModel, dropout_sleeps_outside_training) {
  for (const auto& system : systems) {
    const auto model = make(system);
    const Tensor calm = log_p(*model, {0, 1});
    EXPECT_EQ(gap(calm, log_p(*model, {0, 1})), 0);
    Random rng{3};
    const Training on(rng);
    EXPECT_GT(gap(calm, log_p(*model, {0, 1})), 1e-3);
    const Evaluating off;
    EXPECT_EQ(gap(calm, log_p(*model, {0, 1})), 0);
  }
}

}  // namespace
}  // namespace stemma
