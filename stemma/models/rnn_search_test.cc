#include "stemma/models/rnn_search.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/models/models_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;
using Config = RnnSearch::Config;

std::string name_of(const Config& c) {
  return str(c.attention, " ", c.style, c.input_feeding ? " fed " : " ", c.window, " ", c.context,
             c.bidirectional ? " both ways " : " one way ", c.decoder_layers, c.residual ? " residual " : " ", c.tie);
}

// Every attention x style x window, and none x context; each with the encoders and stacks that `stacks` lists.
struct Stack {
  bool bidirectional = true;
  int64_t layers = 1;
  bool residual = false;
};
const std::vector<Stack> all_stacks = {{true, 1, false},  {true, 2, false},  {true, 2, true},
                                       {false, 1, false}, {false, 2, false}, {false, 2, true}};

std::vector<Config> configs(int64_t width, const std::vector<Stack>& stacks) {
  std::vector<Config> out;
  const auto add = [&](Config c) {
    for (const auto& s : stacks) {
      c.embedding = c.width = width, c.dropout = 0, c.window_size = 2, c.max_source = 8;
      c.encoder_width = s.bidirectional ? width / 2 : width;
      c.bidirectional = s.bidirectional, c.residual = s.residual, c.encoder_layers = c.decoder_layers = s.layers;
      c.tie = out.size() % 2 ? "target" : "none";
      out.push_back(c);
    }
  };
  for (const auto* attention : {"additive", "dot", "scaled_dot", "general", "concat", "cosine", "location"})
    for (const auto* window : {"global", "monotonic", "predictive"}) {
      Config c;
      c.attention = attention, c.window = window;
      add(c);
      c.style = "luong";
      add(c);
      c.input_feeding = false;
      add(c);
    }
  Config none;
  none.attention = "none";
  add(none);
  none.context = "every";
  add(none);
  return out;
}

// Each cell in turn, so that all meet all.
RnnSearch make(const Config& c, size_t i, int64_t seed = 1) {
  constexpr Cell cells[] = {Cell::gru, Cell::lstm, Cell::rnn};
  return randomised(RnnSearch(cells[i % 3], c, test_vocabulary, test_vocabulary), uint64_t(seed));
}

TEST(RnnSearch, steps_equal_whole_sequences) {
  const auto all = configs(8, all_stacks);
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(name_of(all[i]));
    check_steps(make(all[i], i / all_stacks.size()));
  }
}

TEST(RnnSearch, states_follow_their_hypotheses) {
  const auto all = configs(8, {{true, 2, true}, {false, 1, false}});
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(name_of(all[i]));
    check_reorder(make(all[i], i));
  }
}

TEST(RnnSearch, a_sentence_does_not_depend_on_its_batch) {
  const auto all = configs(48, {{true, 1, false}});
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(name_of(all[i]));
    check_batches(make(all[i], i));
  }
}

TEST(RnnSearch, gradients) {
  auto all = configs(6, {{true, 1, false}, {false, 2, true}});
  for (size_t i = 0; i < all.size(); ++i) {
    auto& c = all[i];
    SCOPED_TRACE(name_of(c));
    c.window_size = 12;  // so wide that no step of the test crosses its edge
    c.dropout = 0.2f;
    auto model = make(c, i);
    check_gradients(params(model), [&] { return pairs_loss(model); }, {.entries = 2});
  }
}

TEST(RnnSearch, gradients_of_many_elements) {
  Config bahdanau, luong;
  luong.attention = "general", luong.style = "luong", luong.decoder_layers = 2, luong.residual = true;
  for (auto c : {bahdanau, luong}) {
    c.embedding = 5, c.width = 6, c.encoder_width = 4, c.attention_width = 3;
    auto model = make(c, c.luong());
    check_gradients(params(model), [&] { return pairs_loss(model); });
  }
}

// Sutskever et al. 2014: the source reaches the decoder through its first state alone; Cho et al. 2014: every step.
TEST(RnnSearch, without_attention_the_context_comes_at_the_start_or_every_step) {
  Config c;
  c.attention = "none", c.embedding = c.width = 6, c.encoder_width = 3;
  for (const auto* context : {"start", "every"}) {
    c.context = context;
    const auto model = make(c, 0);
    auto a = model.start(random_ids({4}, test_vocabulary, 1)), b = model.start(random_ids({5}, test_vocabulary, 2));
    for (size_t l = 0; l < a.layers.size(); ++l) b.layers[l] = a.layers[l];
    const Tensor y = random_ids({3}, test_vocabulary);
    EXPECT_EQ(gap(model(y, a), model(y, b)) < 1e-6, c.context == "start");
  }
}

// A decoder that only looks cannot tell two targets of the same words before the last one apart, except through s.
TEST(RnnSearch, input_feeding_carries_what_was_seen) {
  Config c;
  c.attention = "dot", c.style = "luong", c.embedding = 6, c.width = 6, c.encoder_width = 3;
  for (const bool feeding : {true, false}) {
    c.input_feeding = feeding;
    const auto model = make(c, 0);
    auto a = model.start(test_source()), b = model.start(test_source());
    b.feed = Tensor::full(b.feed.rows(), b.feed.cols(), 0.5f);
    EXPECT_EQ(gap(model(test_target(), a), model(test_target(), b)) < 1e-6, !feeding);
  }
}

// A second layer of zeros says nothing: with the residual connection it is as if it were not there.
TEST(RnnSearch, residual_layers_add_their_input) {
  for (const std::string attention : {"none", "general"})
    for (const bool bidirectional : {true, false})
      for (const bool residual : {true, false}) {
        Config c;
        c.attention = attention, c.style = "luong", c.bidirectional = bidirectional, c.residual = residual;
        c.embedding = c.width = c.encoder_width = 6, c.encoder_layers = c.decoder_layers = 2;
        auto deep = randomised(RnnSearch(Cell::rnn, c, test_vocabulary, test_vocabulary));
        const auto mute = [](Recurrent& layer) {
          walk("", layer, [](const std::string&, Param& p) { std::fill_n(p.w.data(), p.w.size(), 0.0f); });
        };
        if (bidirectional) mute(deep.both_ways[1].forwards), mute(deep.both_ways[1].backwards);
        if (!bidirectional) mute(deep.one_way.layers[1]);
        auto shallow = deep;
        if (bidirectional) shallow.both_ways.resize(1);
        if (!bidirectional) shallow.one_way.layers.resize(1);
        const auto memory = [](const RnnSearch& model) {
          Tensor out;
          const Listening on([&](const std::string& path, const Tensor& x) {
            if (path == "encoder.output") out = x;
          });
          model.start(test_source());
          return out;
        };
        EXPECT_EQ(gap(memory(deep), memory(shallow)) == 0, residual) << attention << " encoder " << bidirectional;
        mute(deep.decoder.layers[1]);
        shallow = deep;
        shallow.decoder.layers.resize(1);
        EXPECT_EQ(gap(run_pairs(deep, {0, 1, 2}), run_pairs(shallow, {0, 1, 2})) == 0, residual) << attention;
      }
}

// Luong et al. 2015, local-m: at step t the decoder looks at t - D .. t + D, and at the end beyond it.
TEST(RnnSearch, a_monotonic_window_walks_along) {
  Config c;
  c.attention = "general", c.window = "monotonic", c.window_size = 1, c.embedding = c.width = c.encoder_width = 6;
  const auto model = make(c, 0);
  int64_t t = 0;
  const Listening on([&](const std::string& path, const Tensor& A) {
    if (path != "decoder.attention") return;
    for (int64_t i = 0; i < A.cols(); ++i) EXPECT_EQ(A.data()[i] > 0, std::abs(i - std::min<int64_t>(t, 4)) <= 1) << t;
    ++t;
  });
  auto s = model.start(random_ids({5}, test_vocabulary));
  model(random_ids({4}, test_vocabulary), s);
  model(random_ids({3}, test_vocabulary), s);
  EXPECT_EQ(t, 7);
}

TEST(RnnSearch, one_sequence_needs_no_splits) {
  auto all = configs(8, {{true, 1, false}, {false, 1, false}});
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(name_of(all[i]));
    const auto model = make(all[i], i);
    const Tensor x = random_ids({4}, test_vocabulary, 1), y = random_ids({3}, test_vocabulary, 2);
    auto a = model.start(x), b = model.start(x.with_splits({}));
    EXPECT_LT(gap(model(y, a), model(y.with_splits({}), b)), 1e-6);
  }
}

TEST(RnnSearch, attention_can_be_looked_at) {
  Config c;
  c.embedding = c.width = 6, c.encoder_width = 3;
  const auto model = make(c, 0);
  std::vector<Tensor> seen;
  const Listening on([&](const std::string& path, const Tensor& A) {
    if (path == "decoder.attention") seen.push_back(A);
  });
  run_pairs(model, {0, 1, 2, 3, 4});
  ASSERT_EQ(seen.size(), 7);  // one for each step, of the sequences that have it
  EXPECT_EQ(seen[0].rows(), 5);
  EXPECT_EQ(seen[6].rows(), 1);
  for (const auto& A : seen)
    for (const float total : sum_cols(A).values()) EXPECT_NEAR(total, 1, 1e-5);
}

TEST(RnnSearch, wrong_values_are_named) {
  const auto message = [](auto&& change) {
    Config c;
    change(c);
    return error_of([&] { c.validate(); });
  };
  EXPECT_EQ(message([](Config&) {}), "no error");
  EXPECT_THAT(message([](Config& c) { c.attention = "adtive"; }), HasSubstr("did you mean 'additive'"));
  EXPECT_THAT(message([](Config& c) { c.style = "cho"; }), HasSubstr("style: unknown value 'cho'"));
  EXPECT_THAT(message([](Config& c) { c.context = "always"; }), HasSubstr("known: start, every"));
  EXPECT_THAT(message([](Config& c) { c.tie = "all"; }), HasSubstr("known: none, target"));
  EXPECT_THAT(message([](Config& c) { c.tie = "target", c.embedding = 3; }), HasSubstr("embedding = width, not 3"));
  EXPECT_THAT(message([](Config& c) { c.decoder_layers = 0; }), HasSubstr("decoder_layers"));
  EXPECT_THAT(message([](Config& c) { c.dropout = 1.5f; }), HasSubstr("dropout: 1.5"));
}

}  // namespace
}  // namespace stemma
