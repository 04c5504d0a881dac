#include "stemma/tasks/comparison_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ComparisonGrid : public testing::Test {
 protected:
  ComparisonGrid() {
    std::string text;
    for (int i = 0; i < 40; ++i)
      text += i % 2 ? str("good film number ", i, "\tpos\n") : str("bad story ", i, "\tneg\n");
    write_file(directory_.file("texts.tsv"), text);
  }
  ComparisonRecipe recipe(const std::string& more = "") {
    write_file(directory_.file("tiny.toml"), str(R"(
task = "classify"
train = "texts.tsv"
test = "texts.tsv"
encoders = ["tfidf", "bag"]
seeds = [1, 2]
sizes = [0, 20]
)",
                                                 more));
    return load_comparison(directory_.file("tiny.toml"), directory_.path());
  }
  std::vector<CellResult> run(const ComparisonRecipe& r, bool resume = false, GridCallbacks calls = {}) {
    return run_grid(r, directory_.file("out"), resume, go_, calls);
  }
  TemporaryDirectory directory_;
  std::atomic<bool> go_ = false;
};

TEST_F(ComparisonGrid, CellsAreSizesThenSeedsThenEncoders) {
  auto r = recipe("[settings]\ntrain.epochs = 2\n[encoder.bag]\nembedding = 7\n");
  std::vector<std::string> names;
  for (const auto& cell : cells_of(r, "d")) {
    names.push_back(cell.name);
    const auto r = from_json<TaskRecipe>(cell.training.recipe);
    EXPECT_EQ(r.train.epochs, 2);
    EXPECT_EQ(r.train.seed, uint64_t(cell.seed));
    EXPECT_EQ(cell.training.most, cell.size);
    const bool own = r.architecture.dump().find("\"embedding\": 7") != std::string::npos;
    EXPECT_EQ(own, cell.encoder == "bag");
  }
  EXPECT_THAT(names, ElementsAre("tfidf-20-seed1", "bag-20-seed1", "tfidf-20-seed2", "bag-20-seed2", "tfidf-all-seed1",
                                 "bag-all-seed1", "tfidf-all-seed2", "bag-all-seed2"));
}

TEST_F(ComparisonGrid, TheFolderStandsInOptions) {
  const auto r = recipe("[test_data]\nnames = \"{data}/classes.txt\"\n");
  EXPECT_EQ(cells_of(r, "d")[0].test_data["names"].text(), directory_.path() + "/classes.txt");
  EXPECT_EQ(r.train, directory_.file("texts.tsv"));
}

TEST_F(ComparisonGrid, WrongRecipesGetOneLine) {
  const auto cells = [&](const std::string& more) { return error_of([&] { cells_of(recipe(more), "d"); }); };
  EXPECT_THAT(cells("minuts = 3\n"), HasSubstr("minutes"));
  EXPECT_THAT(cells("[settings]\ntrain.epocs = 3\n"), HasSubstr("epochs"));
  EXPECT_THAT(cells("[encoder.bug]\nembedding = 3\n"), HasSubstr("bag"));
  EXPECT_THAT(cells("valid = \"nowhere.tsv\"\n"), HasSubstr("nowhere.tsv"));
  EXPECT_THAT(cells("[data]\nlable = \"2\"\n"), HasSubstr("label"));
}

TEST_F(ComparisonGrid, RunsFailsAndGoesOn) {
  auto r = recipe("[settings]\ntrain.epochs = 30\nmin_count = 1\n[encoder.bag]\nbatch.examples = 4\n");
  r.encoders = {"tfidf", "bag", "lstm"};
  r.encoder["lstm"] = Json::object({{"vectors", "no such file"}});
  const auto cells = run(r);
  const Comparison c = summarise(r, cells);
  ASSERT_EQ(c.cells.size(), 12u);
  ASSERT_EQ(c.encoders.size(), 3u);
  for (const auto& e : {c.encoders[0], c.encoders[1]}) {
    EXPECT_EQ(e.score.n, 2);
    EXPECT_EQ(e.score.mean, 1) << e.encoder;
    EXPECT_GT(e.parameters, 0);
    EXPECT_GT(e.bytes, 0);
    EXPECT_GT(e.texts_per_second, 0);
    ASSERT_EQ(e.curve.size(), 2u);
    EXPECT_EQ(e.curve[0].examples, 20);
    EXPECT_EQ(e.curve[1].examples, 40);
    EXPECT_THAT(e.f1, ElementsAre(1, 1));
  }
  EXPECT_EQ(c.encoders[2].score.n, 0);
  EXPECT_THAT(c.cells[2].failed, HasSubstr("no such file"));
  EXPECT_EQ(c.measure, "accuracy");
  EXPECT_EQ(c.best["scores"]["confusion"].array().size(), 2u);
  EXPECT_EQ(from_json<Comparison>(Json::parse(to_json(c).dump())).cells.size(), 12u);
  // Models of smaller sets are not kept, nor are checkpoints.
  EXPECT_TRUE(exists(directory_.file("out/cells/bag-all-seed1/model.safetensors")));
  EXPECT_FALSE(exists(directory_.file("out/cells/bag-all-seed1/checkpoint-last.safetensors")));
  EXPECT_FALSE(exists(directory_.file("out/cells/bag-20-seed1/model.safetensors")));

  EXPECT_THAT(error_of([&] { run(r); }), HasSubstr("--resume"));
  std::vector<std::string> begun;
  GridCallbacks calls;
  calls.begin = [&](const Cell& cell) { begun.push_back(cell.name); };
  r.encoder["lstm"] = Json::object({{"embedding", 4}, {"hidden", 4}});
  r.encoders = {"tfidf", "lstm"}, r.sizes = {20}, r.seeds = {2};
  const auto again = run(r, true, calls);
  EXPECT_THAT(begun, ElementsAre("lstm-20-seed2"));  // failed ones and changed ones are tried again, the others stay
  EXPECT_EQ(to_json(again[0]), to_json(cells[3]));
  EXPECT_EQ(again[1].failed, "");
}

TEST_F(ComparisonGrid, StoppedAndResumedIsTheSame) {
  auto r = recipe("[settings]\ntrain.epochs = 4\nmin_count = 1\nprecision = \"f32\"\n");
  r.encoders = {"bag"}, r.seeds = {1}, r.sizes = {0};
  const auto whole = run(r);
  const auto score = [](const CellResult& cell) { return cell.scores.dump(); };
  GridCallbacks calls;
  calls.progress = [&](const Progress& p) { go_ = go_ || p.step == 3; };
  EXPECT_TRUE(run_grid(r, directory_.file("parts"), false, go_, calls).empty());
  go_ = false;
  const auto parts = run_grid(r, directory_.file("parts"), true, go_, {});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(score(parts[0]), score(whole[0]));
  const auto weights = [&](const char* out) {
    return read_file(directory_.file(str(out, "/cells/bag-all-seed1/model.safetensors")));
  };
  EXPECT_TRUE(weights("out") == weights("parts"));
}

TEST_F(ComparisonGrid, LanguageModelsAreComparedByPerplexity) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += str(i % 3 ? "the cat sees a dog." : "a bird likes the cat.", "\n");
  write_file(directory_.file("text"), text), write_file(directory_.file("unseen"), "the cat sees a bird.\n");
  write_file(directory_.file("lm.toml"), R"(
task = "lm"
train = "text"
valid = "unseen"
test = "unseen"
encoders = ["rnn", "lstm"]
sizes = [20, 0]
[settings]
kind = "char"
embedding = 6
width = 6
layers = 1
streams = 2
length = 8
train.epochs = 3
train.schedule.warmup = 0
)");
  const auto r = load_comparison(directory_.file("lm.toml"), directory_.path());
  const auto cells = run(r);
  const Comparison c = summarise(r, cells);
  ASSERT_EQ(cells.size(), 4u);
  for (const auto& cell : cells) {
    EXPECT_EQ(cell.failed, "");
    EXPECT_EQ(cell.measure, "perplexity");
    EXPECT_EQ(cell.second_measure, "bits/byte");
    // All of the text is ASCII and a token is a byte.
    EXPECT_NEAR(std::log2(cell.score), cell.second, 1e-9);
    EXPECT_GT(cell.parameters, 0);
  }
  EXPECT_LT(cells[0].examples, cells[2].examples);
  EXPECT_TRUE(c.smaller_is_better);
  EXPECT_EQ(c.unit, "tokens");
  for (const auto& cell : cells) EXPECT_GE(cell.score, c.best["score"].number());
  EXPECT_TRUE(exists(directory_.file("out/cells/lstm-all-seed1/model.safetensors")));
  EXPECT_FALSE(exists(directory_.file("out/cells/lstm-all-seed1/train.stream")));
  EXPECT_EQ(run(r, true).size(), 4u);

  auto wrong = r;
  wrong.test_data = Json::object({{"text", "1"}});
  EXPECT_THAT(error_of([&] { cells_of(wrong, "d"); }), HasSubstr("[test_data]"));
  wrong = r, wrong.encoders = {"tfidf"};
  EXPECT_THAT(error_of([&] { cells_of(wrong, "d"); }), HasSubstr("lm has no 'tfidf'"));
}

TEST(Spread, IsThatOfASample) {
  EXPECT_EQ(spread_of({}).n, 0);
  EXPECT_EQ(spread_of({3}).deviation, 0);
  const Spread s = spread_of({1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_NEAR(s.deviation, 2.160246899469287, 1e-15);  // statistics.stdev
}

}  // namespace
}  // namespace stemma
