#include "stemma/models/encoder.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/models/golden_test.h"
#include "stemma/models/recurrent_encoder.h"
#include "stemma/models/text_cnn.h"
#include "stemma/models/transformer_encoder.h"
#include "stemma/nn/sentence_level.h"

namespace stemma::golden {
namespace {

const TokenCounts counts{vocabulary, vocabulary};

// Token i of each sequence has 1 + i % 3 letters.
Tensor letters() {
  std::vector<int32_t> all;
  std::vector<int64_t> lengths;
  for (size_t b = 0; b < source_lengths.size(); ++b)
    for (int64_t i = 0; i < source_lengths[b]; ++i) {
      lengths.push_back(1 + i % 3);
      for (const float v : numbers(str("letters ", b, " ", i), 1, lengths.back()).values())
        all.push_back(int32_t((double(v) + 1) / 2 * vocabulary));
    }
  return Tensor::ids(all, splits_of_lengths(lengths));
}
Params learning(Params all) {
  std::erase_if(all, [](const auto& p) { return !p.w.tracked(); });
  return all;
}

TEST(Encoders, TextCnnEqualsPytorch) {
  auto model =
      drawn(TextCnn({.input = {.embedding = width, .vectors = "both"}, .widths = {2, 3}, .filters = 3}, counts));
  const Tensor y = model({ids("source", source_lengths), {}});
  expect_golden("text cnn", learning(params(model)), {{"rows", y}, {"text", Pooling({.pooling = "max"})(y)}});
}

TEST(Encoders, BidirectionalLstmWithLettersEqualsPytorch) {
  struct Reader {
    RecurrentEncoder encoder;
    Pooling pool;
    FIELDS(encoder, pool)
  };
  const TokenInputShape shape{.embedding = width, .letters = "cnn", .letter_embedding = width, .letter_width = 4};
  auto model = drawn(Reader{RecurrentEncoder(Cell::lstm, {.input = shape, .width = 3}, counts),
                            Pooling({.pooling = "attention", .width = 6})});
  const Tensor y = model.encoder({ids("source", source_lengths), letters()});
  expect_golden("bidirectional lstm", params(model), {{"rows", y}, {"text", model.pool(y)}});
}

TEST(Encoders, HierarchicalAttentionEqualsPytorch) {
  struct Reader {
    RecurrentEncoder encoder;
    Pooling words;
    SentenceLevel sentences;
    FIELDS(encoder, words, sentences)
  };
  auto model =
      drawn(Reader{RecurrentEncoder(Cell::gru, {.input = {.embedding = width}, .width = 3}, counts),
                   Pooling({.pooling = "attention", .width = 6, .attention_width = 5}), SentenceLevel(6, 3, 5)});
  const Tensor s = model.words(model.encoder({ids("words", {2, 4, 1, 3, 1, 2}), {}}));
  const Tensor v = model.sentences(s.with_splits(splits_of_lengths(source_lengths)));
  expect_golden("hierarchical attention", params(model), {{"sentences", s}, {"documents", v}});
}

TEST(Encoders, TransformerEqualsPytorch) {
  TransformerEncoder::Config c;
  c.width = width, c.heads = heads, c.feed_forward = feed_forward, c.input.embedding = width;
  auto model = drawn(TransformerEncoder(c, counts));
  expect_golden("transformer encoder", params(model), {{"rows", model({ids("source", source_lengths), {}})}});
}

Json small(const std::string& name) {
  Json config = default_encoder_config(name);
  config["input"]["embedding"] = 8;
  config["input"]["letters"] = name == "gru" ? "lstm" : "cnn";
  if (config.find("width")) config["width"] = 8;
  if (name == "transformer") config["feed_forward"] = 16;
  return config;
}
TokenRows some_rows(const std::vector<int64_t>& which) {
  const Tensor tokens = random_ids({4, 1, 6, 2}, vocabulary, 2);
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < tokens.rows(); ++i) lengths.push_back(1 + i % 4);
  const Tensor letters = random_ids(lengths, vocabulary, 3);
  std::vector<int64_t> rows;
  for (const int64_t b : which)
    for (int64_t i = tokens.begin(b); i < tokens.end(b); ++i) rows.push_back(i);
  std::vector<int32_t> ids, in_letters;
  std::vector<int64_t> text_lengths, letter_lengths;
  for (const int64_t b : which) text_lengths.push_back(tokens.end(b) - tokens.begin(b));
  for (const int64_t i : rows) {
    ids.push_back(tokens.data<int32_t>()[i]);
    letter_lengths.push_back(letters.end(i) - letters.begin(i));
    for (int64_t k = letters.begin(i); k < letters.end(i); ++k) in_letters.push_back(letters.data<int32_t>()[k]);
  }
  return {Tensor::ids(ids, splits_of_lengths(text_lengths)),
          Tensor::ids(in_letters, splits_of_lengths(letter_lengths))};
}

TEST(Encoders, ATextDoesNotFeelItsBatch) {
  for (const auto& name : encoder_names()) {
    const auto encoder = make_encoder(name, small(name), counts);
    initialise([&](const ParamFn& f) { encoder->walk("", f); }, 1);
    const Deterministic on;
    const auto run = [&](const std::vector<int64_t>& which) { return (*encoder)(some_rows(which)); };
    EXPECT_EQ(batch_gap(run, 4), 0) << name;
    EXPECT_EQ(run({0}).cols(), encoder->width()) << name;
  }
}

TEST(Encoders, WhatReadsBackwardsEndsAtTheFirstRow) {
  const auto encoder = make_encoder("lstm", small("lstm"), counts);
  initialise([&](const ParamFn& f) { encoder->walk("", f); }, 1);
  const Tensor y = (*encoder)(some_rows({2}));
  const Tensor last = Pooling({.pooling = "last", .width = 16, .backwards = encoder->backwards()})(y);
  EXPECT_EQ(last.values()[0], y.values()[5 * 16]);
  EXPECT_EQ(last.values()[8], y.values()[8]);
}

TEST(Encoders, ErrorsNameTheField) {
  Json config = small("textcnn");
  config["input"]["vectors"] = "statik";
  EXPECT_THAT(error_of([&] { make_encoder("textcnn", config, counts); }), testing::HasSubstr("did you mean 'static'"));
  EXPECT_THAT(error_of([&] {
                make_encoder("lstm", Json::object({{"widht", 3}}), counts);
              }),
              testing::HasSubstr("widht"));
  EXPECT_THAT(error_of([&] { default_encoder_config("tranformer"); }),
              testing::HasSubstr("did you mean 'transformer'"));
  const auto encoder = make_encoder("gru", small("gru"), counts);
  EXPECT_THAT(error_of([&] { (*encoder)({random_ids({2}, vocabulary, 1), {}}); }), testing::HasSubstr("reads letters"));
}

TEST(Encoders, AProbeCatchesGradientsOfWhatIsRead) {
  const auto encoder = make_encoder("bag", small("bag"), counts);
  initialise([&](const ParamFn& f) { encoder->walk("", f); }, 1);
  const InputProbe probe;
  backward(sum((*encoder)(some_rows({1, 3}))));
  ASSERT_EQ(probe.inputs().size(), 1U);
  for (const float g : grad(probe.inputs()[0]).values()) EXPECT_EQ(g, 1);
}

}  // namespace
}  // namespace stemma::golden
