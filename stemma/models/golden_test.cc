// Layers and whole models against PyTorch and the papers' equations (tools/golden/models.py): values and gradients.
#include <map>

#include "stemma/base/files.h"
#include "stemma/base/json.h"
#include "stemma/models/recurrent_language_model.h"
#include "stemma/models/rnn_search.h"
#include "stemma/models/transformer.h"
#include "stemma/models/transformer_language_model.h"
#include "stemma/nn/module_test.h"

namespace stemma {
namespace {

constexpr int64_t width = 4, heads = 2, feed_forward = 6, vocabulary = 7;
const std::vector<int64_t> target_lengths = {2, 4, 1}, source_lengths = {3, 1, 2};

// The numbers that the script draws from a name.
Tensor numbers(const std::string& name, int64_t rows, int64_t cols) {
  uint64_t x = 7;
  for (const unsigned char c : name) x = (31 * x + c) % 2147483647;
  Tensor t(rows, cols);
  for (int64_t i = 0; i < t.size(); ++i) {
    x = x * 48271 % 2147483647;
    t.data()[i] = float(2 * double(x) / 2147483647 - 1);
  }
  return t;
}
Tensor ids(const std::string& name, const std::vector<int64_t>& lengths) {
  std::vector<int32_t> out;
  for (size_t b = 0; b < lengths.size(); ++b)
    for (const float v : numbers(str(name, " ", b), 1, lengths[b]).values())
      out.push_back(int32_t((double(v) + 1) / 2 * vocabulary));
  return Tensor::ids(out, splits_of_lengths(lengths));
}
template <HasFields M>
M drawn(M module) {
  walk("", module, [](const std::string& path, Param& p) {
    const auto values = numbers(path, p.w.rows(), p.w.cols()).values();
    std::copy(values.begin(), values.end(), p.w.data());
  });
  return module;
}
Embedding drawn_embedding() {  // tied: named after the first of its names
  struct Named {
    Embedding embed;
    FIELDS(embed)
  };
  return drawn(Named{Embedding(vocabulary, width, {})}).embed;
}
Tensor input(const std::string& name, const std::vector<int64_t>& lengths) {
  const auto splits = splits_of_lengths(lengths);
  return parameter(numbers(name, splits->back(), width)).with_splits(splits);
}

void expect_near(const Tensor& found, const Json& wanted, const std::string& what) {
  ASSERT_TRUE(bool(found)) << what;
  ASSERT_EQ(found.size(), int64_t(wanted.array().size())) << what;
  for (int64_t i = 0; i < found.size(); ++i) {
    const double w = wanted.array()[size_t(i)].number();
    EXPECT_NEAR(found.data()[i], w, 2e-5 * std::max(1.0, std::abs(w))) << what << ", element " << i;
  }
}

// Outputs, and the gradients of all parameters and inputs, which are all that the script has.
void expect_golden(const std::string& name, const Params& leaves, const std::map<std::string, Tensor>& outputs) {
  SCOPED_TRACE(name);
  static const Json all = Json::parse(read_file(str(STEMMA_SOURCE_DIR, "/tests/golden/models.json")));
  const Json& wanted = all[name];
  ASSERT_EQ(outputs.size(), wanted["outputs"].object().size());
  Tensor loss = Tensor::zeros(1, 1);
  for (const auto& [key, y] : outputs) {
    expect_near(y, wanted["outputs"][key], key);
    loss = loss + sum(y * numbers("d " + key, y.rows(), y.cols()));
  }
  const Json* gradients = wanted.find("gradients");
  if (!gradients) return;
  backward(loss);
  ASSERT_EQ(leaves.size(), gradients->object().size());
  for (const auto& [path, w] : leaves) expect_near(grad(w), (*gradients)[path], "gradient of " + path);
}

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

}  // namespace
}  // namespace stemma
