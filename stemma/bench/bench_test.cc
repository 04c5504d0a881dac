#include "stemma/bench/bench.h"

#include <gtest/gtest.h>

#include <set>

#include "stemma/base/profile.h"
#include "stemma/base/safetensors.h"
#include "stemma/base/testing.h"
#include "stemma/bench/process.h"
#include "stemma/bench/products.h"
#include "stemma/bench/rounds.h"
#include "stemma/bench/sentences.h"
#include "stemma/models/registry.h"

namespace stemma {
namespace {

TEST(Bench, names_are_found_and_misspelt_ones_corrected) {
  for (const auto& bench : benches()) EXPECT_EQ(&find_bench(bench.name), &bench);
  EXPECT_NE(error_of([] { find_bench("train-smal"); }).find("train-small"), std::string::npos);
}

TEST(Rounds, the_first_is_a_warm_up_and_the_rest_are_summed_up_by_part) {
  BenchOptions options;
  options.rounds = 3;
  Rounds rounds(options, {});
  for (double seconds = 100; rounds.another(); seconds = double(rounds.begun())) {
    rounds.add({.what = "a", .seconds = seconds, .tokens = 60, .flops = 3e9});
    rounds.add({.what = "b", .seconds = 1, .tokens = 7, .flops = 0, .latencies = {seconds, 1}});
  }
  EXPECT_EQ(rounds.begun(), 4);
  const BenchRows rows = rounds.rows(1);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["what"].text(), "a");
  EXPECT_DOUBLE_EQ(rows[0]["tokens/s"].number(), 30);  // 60 tokens in 1, 2 and 3 seconds
  EXPECT_DOUBLE_EQ(rows[0]["best"].number(), 60);
  EXPECT_DOUBLE_EQ(rows[0]["% of product limit"].number(), 150);
  EXPECT_DOUBLE_EQ(rows[1]["p99 ms"].number(), 3000);
}

TEST(Sentences, have_the_lengths_they_claim_and_words_that_the_tokenizer_knows) {
  const Sentences text = read_sentences("");
  ASSERT_EQ(text.pairs.size(), 29'000);
  ASSERT_EQ(text.tokenizer.size(), 8000);
  double s = 0, t = 0, ss = 0, tt = 0, st = 0;
  for (int64_t i = 0; i < text.pairs.size(); ++i) {
    const auto a = double(text.pairs.source_length(i)), b = double(text.pairs.target_length(i));
    s += a, t += b, ss += a * a, tt += b * b, st += a * b;
  }
  const auto n = double(text.pairs.size());
  s /= n, t /= n;
  const double vs = ss / n - s * s, vt = tt / n - t * t;
  EXPECT_NEAR(s, 14.8, 0.3);
  EXPECT_NEAR(t, 14.3, 0.3);
  EXPECT_NEAR(std::sqrt(vs), 5.4, 0.5);
  EXPECT_NEAR(std::sqrt(vt), 4.7, 0.5);
  EXPECT_NEAR((st / n - s * t) / std::sqrt(vs * vt), 0.87, 0.03);
  const auto ids = text.pairs.source(17);
  const auto again = text.tokenizer.encode(text.tokenizer.decode(ids));
  EXPECT_EQ(std::vector<int32_t>(ids.begin(), ids.end()), again);
}

TEST(Sentences, are_written_as_others_read_them) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/batches.safetensors";
  Ragged source, target;
  source.push_back(std::vector<int32_t>{5, 2}), target.push_back(std::vector<int32_t>{7, 8, 9});
  save_batches(path, {{source, target, {0}}, {source, target, {0}}});
  const SafetensorsFile file(path);
  EXPECT_EQ(file.find("target.ids")->shape, std::vector<int64_t>{6});
  EXPECT_EQ(file.find("batches")->shape, std::vector<int64_t>{3});
  EXPECT_EQ(file.find("source.splits")->dtype, "I64");
}

// Against what the kernels say of themselves while they run.
TEST(Products, are_those_that_a_pass_forwards_calls) {
  const Json config =
      Json::object({{"width", 16}, {"heads", 2}, {"feed_forward", 32}, {"encoder_layers", 2}, {"decoder_layers", 3}});
  const auto model = make_model("transformer", config, {50, 50}, 1);
  ParallelBatch batch;
  for (const int32_t n : {3, 7, 5}) {
    batch.source.push_back(std::vector<int32_t>(size_t(n), 4));
    batch.target.push_back(std::vector<int32_t>(size_t(n + 1), 4));
  }
  Ragged in;
  for (int64_t i = 0; i < 3; ++i) in.push_back(std::vector<int32_t>(batch.target[i].size() + 1, 4));
  const NoGrad off;
  const Profile profile;
  auto state = model->start(Tensor::ids(batch.source.ids, make_splits(batch.source.splits)));
  const Tensor h = model->decode(Tensor::ids(in.ids, make_splits(in.splits)), *state);
  linear(h, model->output_W());
  double flops = 0;
  for (const auto& line : summary(profile.events())) flops += line.cost.flops;
  const double counted = 2 * products_forward(from_json<Transformer::Config>(config), sums_of(batch), 50);
  EXPECT_NEAR(flops, counted, 0.03 * counted);  // attention counts its own flops a little differently
}

TEST(Process, memory_has_a_peak) { EXPECT_GT(peak_mebibytes(), 1); }

}  // namespace
}  // namespace stemma
