// Layers and whole models against PyTorch and the papers' equations (tools/golden/models.py): values and gradients.
#include "stemma/models/golden_test.h"
#include "stemma/models/recurrent_language_model.h"
#include "stemma/models/rnn_search.h"
#include "stemma/models/transformer.h"
#include "stemma/models/transformer_language_model.h"
#include "stemma/nn/attention_flow.h"
#include "stemma/nn/pointers.h"

namespace stemma::golden {
namespace {

TEST(GoldenModels, transformer_layers_equal_pytorch) {
  struct Layers {
    EncoderLayer encoder;
    DecoderLayer decoder;
    FIELDS(encoder, decoder)
  };
  for (const std::string norm : {"post", "pre"})
    for (const std::string activation : {"relu", "gelu"}) {
      const TransformerShape shape{
          .width = width, .heads = heads, .feed_forward = feed_forward, .norm = norm, .activation = activation};
      auto layers = drawn(Layers{EncoderLayer(shape), DecoderLayer(shape)});
      const Tensor x = input("x", source_lengths), y = input("y", target_lengths);
      const Tensor memory = layers.encoder(x);
      DecoderLayer::State s{{}, layers.decoder.cross.remember(memory)};
      auto leaves = params(layers);
      leaves.push_back({"x", x}), leaves.push_back({"y", y});
      expect_golden(str("layers ", norm, " ", activation), leaves,
                    {{"memory", memory}, {"out", layers.decoder(y, s, {}, {})}});
    }
}

TEST(GoldenModels, transformer_loss_equals_pytorch) {
  struct Kind {
    std::string norm, activation, tie;
  };
  for (const auto& [norm, activation, tie] : {Kind{"post", "relu", "all"}, Kind{"pre", "gelu", "target"}}) {
    Transformer::Config c;
    c.width = width, c.heads = heads, c.feed_forward = feed_forward, c.encoder_layers = c.decoder_layers = 2;
    c.norm = norm, c.activation = activation, c.tie = tie;
    auto model = drawn(Transformer(c, vocabulary, vocabulary));
    for (Param* E : {&model.source.E, &model.target.E}) {  // tied: named after the first
      const auto values = numbers(tie == "all" || E == &model.source.E ? "source.E" : "target.E", vocabulary, width);
      std::copy_n(values.data(), values.size(), E->w.data());
    }
    auto s = model.start(ids("source", source_lengths));
    const Tensor hidden = model(ids("target", target_lengths), s);
    const auto loss = cross_entropy(hidden, model.output.W, model.output.b, ids("wanted", target_lengths), 0.1f);
    expect_golden(str("transformer ", norm, " ", activation, " ", tie), params(model), {{"loss", loss.total}});
  }
}

TEST(GoldenModels, positions_are_the_sinusoids_of_the_paper) {
  const Positions positions(TransformerShape{.width = 6, .heads = 1});
  expect_golden("sinusoids", {}, {{"P", gather(positions(Tensor::zeros(301, 6)), {0, 1, 2, 57, 300})}});
}

TEST(GoldenModels, additive_attention_is_that_of_the_paper) {
  auto align = drawn(Alignment({.attention = "additive"}, width, width));
  const Tensor query = input("query", {3}), memory = input("memory", source_lengths);
  auto leaves = params(align);
  leaves.push_back({"query", query}), leaves.push_back({"memory", memory});
  expect_golden("additive", leaves, {{"context", align(query, align.prepare(memory), Tensor::zeros(3, 1))}});
}

// The output layer, which the script leaves out, takes no part.
Params without_output(Params all) {
  std::erase_if(all, [](const auto& p) { return p.name.starts_with("output."); });
  return all;
}

TEST(GoldenModels, bahdanau_and_luong_are_those_of_the_papers) {
  RnnSearch::Config c;
  c.embedding = c.width = width, c.encoder_width = 3;
  RnnSearch::Config l = c;
  l.attention = "general", l.style = "luong", l.bidirectional = false, l.encoder_width = width;
  auto bahdanau = drawn(RnnSearch(Cell::gru, c, vocabulary, vocabulary));
  auto luong = drawn(RnnSearch(Cell::lstm, l, vocabulary, vocabulary));
  const auto hidden = [](const RnnSearch& model) {
    auto s = model.start(ids("source", source_lengths));
    return model(ids("target", target_lengths), s);
  };
  expect_golden("bahdanau", without_output(params(bahdanau)), {{"hidden", hidden(bahdanau)}});
  expect_golden("luong", without_output(params(luong)), {{"hidden", hidden(luong)}});
}

TEST(GoldenModels, lstm_language_model_equals_pytorch) {
  for (const std::string tie : {"none", "output"}) {
    auto model = drawn(
        RecurrentLanguageModel(Cell::lstm, {.embedding = width, .width = width, .dropout = 0, .tie = tie}, vocabulary));
    if (tie == "output") model.output = Output(model.embed = drawn_embedding());
    RecurrentLanguageModel::State s;
    const Tensor hidden = model(ids("target", target_lengths), s);
    const auto loss = cross_entropy(hidden, model.output.W, model.output.b, ids("wanted", target_lengths));
    expect_golden("lstm language model " + tie, params(model), {{"loss", loss.total}});
  }
}

TEST(GoldenModels, transformer_language_model_equals_pytorch) {
  TransformerLanguageModel::Config c;
  c.width = width, c.heads = heads, c.feed_forward = feed_forward, c.layers = 2, c.dropout = 0;
  auto model = drawn(TransformerLanguageModel(c, vocabulary));
  model.output = Output(model.embed = drawn_embedding());
  TransformerLanguageModel::State s;
  const Tensor hidden = model(ids("target", target_lengths), s);
  const auto loss = cross_entropy(hidden, model.output.W, model.output.b, ids("wanted", target_lengths));
  expect_golden("transformer language model", params(model), {{"loss", loss.total}});
}

TEST(GoldenModels, attention_flow_equals_the_matrix_of_similarities) {
  auto flow = drawn(AttentionFlow(width));
  auto leaves = params(flow);
  const Tensor H = input("H", source_lengths), U = input("U", target_lengths);
  leaves.push_back({"H", H}), leaves.push_back({"U", U});
  const auto [G, context] = flow(H, U);
  expect_golden("attention flow", leaves, {{"G", G}, {"context", context}});
}

TEST(GoldenModels, a_pointer_is_a_softmax_over_the_rows_of_its_sequence) {
  const auto splits = splits_of_lengths(target_lengths);
  const Tensor scores = parameter(numbers("scores", splits->back(), 1)).with_splits(splits);
  std::vector<int64_t> wanted;
  for (const int64_t n : target_lengths) wanted.push_back(n / 2);
  expect_golden("pointer", {{"scores", scores}}, {{"loss", pointer_loss(scores, wanted).total}});
}

}  // namespace
}  // namespace stemma::golden
