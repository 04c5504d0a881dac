#include "stemma/models/transformer.h"

#include <gmock/gmock.h>

#include <set>

#include "stemma/base/testing.h"
#include "stemma/models/models_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;
using Config = Transformer::Config;

std::string name_of(const Config& c) {
  return str(c.norm, " ", c.norm_kind, " ", c.activation, " ", c.positions, " ", c.tie);
}

std::vector<Config> configs(int64_t width, int64_t heads) {
  std::vector<Config> out;
  for (const auto* norm : {"post", "pre"})
    for (const auto* kind : {"layer", "rms"})
      for (const auto* activation : {"relu", "gelu", "swiglu"})
        for (const auto* positions : {"sinusoidal", "learned"})
          for (const auto* tie : {"none", "target", "all"}) {
            Config c;
            c.width = width, c.heads = heads, c.feed_forward = 2 * width, c.dropout = 0, c.max_positions = 20;
            c.norm = norm, c.norm_kind = kind, c.activation = activation, c.positions = positions, c.tie = tie;
            c.encoder_layers = 1, c.decoder_layers = 2;
            out.push_back(c);
          }
  return out;
}
Transformer make(const Config& c) { return randomised(Transformer(c, test_vocabulary, test_vocabulary)); }

TEST(Transformer, steps_equal_whole_sequences) {
  for (const auto& c : configs(8, 2)) {
    SCOPED_TRACE(name_of(c));
    check_steps(make(c));
  }
}

TEST(Transformer, states_follow_their_hypotheses) {
  for (const auto& c : configs(8, 2)) {
    SCOPED_TRACE(name_of(c));
    check_reorder(make(c));
  }
}

TEST(Transformer, a_sentence_does_not_depend_on_its_batch) {
  for (const auto& c : configs(48, 4)) {
    SCOPED_TRACE(name_of(c));
    check_batches(make(c));
  }
}

TEST(Transformer, gradients) {
  int i = 0;
  for (auto c : configs(6, 2)) {
    if (c.activation == "relu" || ++i % 2) continue;  // relu, with its kinks, is compared with PyTorch
    SCOPED_TRACE(name_of(c));
    c.dropout = c.attention_dropout = c.activation_dropout = 0.2f;
    auto model = make(c);
    check_gradients(params(model), [&] { return pairs_loss(model); },
                    {.entries = i == 2 ? 20 : 3,
                     .vanishing = {"encoder.0.attend.K.b", "decoder.0.attend.K.b", "decoder.0.cross.K.b",
                                   "decoder.1.attend.K.b", "decoder.1.cross.K.b"}});
  }
}

TEST(Transformer, tied_tables_are_one_tensor_with_one_name) {
  Config c;
  c.width = 8, c.heads = 2, c.feed_forward = 8;
  const auto tables = [&](const char* tie) {
    c.tie = tie;
    Transformer model(c, 11, 11);
    std::vector<std::string> names;
    for (const auto& p : params(model))
      if (p.w.rows() == 11) names.push_back(p.name);
    return names;
  };
  EXPECT_THAT(tables("none"), testing::ElementsAre("source.E", "target.E", "output.W"));
  EXPECT_THAT(tables("target"), testing::ElementsAre("source.E", "target.E"));
  EXPECT_THAT(tables("all"), testing::ElementsAre("source.E"));
}

// Vaswani et al. 2017, table 3: base has 65 million parameters with a joint vocabulary of about 37,000.
TEST(Transformer, base_has_the_parameters_of_the_paper) {
  const int64_t V = 37000, d = 512, f = 2048, attention = 4 * (d * d + d), feed = 2 * d * f + f + d, norm = 2 * d;
  Transformer model({}, V, V);
  EXPECT_EQ(count(params(model)), V * d + 6 * (attention + feed + 2 * norm) + 6 * (2 * attention + feed + 3 * norm));
  EXPECT_NEAR(double(count(params(model))), 63e6, 0.5e6);
}

TEST(Transformer, every_part_can_be_looked_at) {
  Config c;
  c.width = 8, c.heads = 2, c.feed_forward = 8, c.encoder_layers = 1, c.decoder_layers = 2;
  const auto model = make(c);
  std::set<std::string> paths;
  const Listening on([&](const std::string& path, const Tensor& x) {
    paths.insert(path);
    if (path.ends_with("cross.attention")) { EXPECT_EQ(x.rows(), 2 * test_target().rows()) << path; }
  });
  run_pairs(model, {0, 1, 2, 3, 4});
  EXPECT_THAT(paths, testing::IsSupersetOf({"encoder.layers.0.attend.attention", "encoder.layers.0.output",
                                            "decoder.layers.0.attend.attention", "decoder.layers.1.cross.attention",
                                            "decoder.layers.1.output"}));
}

TEST(Transformer, wrong_values_are_named) {
  const auto message = [](auto&& change) {
    Config c;
    c.width = 8, c.heads = 2, c.feed_forward = 8, c.max_positions = 4;
    change(c);
    return error_of([&] {
      const Transformer model(c, 11, 11);
      model.start(random_ids({5}, 11));
    });
  };
  EXPECT_EQ(message([](Config&) {}), "no error");
  EXPECT_THAT(message([](Config& c) { c.heads = 3; }), HasSubstr("heads"));
  EXPECT_THAT(message([](Config& c) { c.tie = "both"; }), HasSubstr("tie: unknown value 'both'"));
  EXPECT_THAT(message([](Config& c) { c.encoder_layers = 0; }), HasSubstr("encoder_layers"));
  EXPECT_THAT(message([](Config& c) { c.positions = "learned"; }), HasSubstr("5 tokens, but the model has 4"));
  EXPECT_THAT(error_of([] { Transformer({}, 10, 11); }), HasSubstr("one joint vocabulary, but the source has 10"));
}

}  // namespace
}  // namespace stemma
