// What the network of classify shows of itself, and how it reads documents by their sentences.
#include <gmock/gmock.h>

#include "stemma/base/files.h"
#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tasks/label_tasks.h"

namespace stemma {
namespace {

using testing::HasSubstr;

const std::atomic<bool> go{false};

// Documents of three sentences; one of them says which it is.
class NetworkViews : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return join_path(directory_.path(), name); }
  void SetUp() override {
    Random random{3};
    std::string out;
    for (int64_t i = 0; i < 120; ++i) {
      const bool wet = random.below(2) == 0;
      const uint64_t telling = random.below(3);
      for (uint64_t s = 0; s < 3; ++s)
        out +=
            str(s == telling ? (wet ? "The rain fell again." : "The sun shone again.") : "We saw the old town.", " ");
      out += str("\t", wet ? "wet" : "dry", "\n");
    }
    write_file(file("train.tsv"), out);
  }
  std::unique_ptr<TextSystem> trained(const std::string& encoder, std::initializer_list<const char*> more) const {
    const TextTask task = classify_task();
    RecipeTree tree(to_json(task.recipe(encoder)));
    for (const char* set : {"text.min_count=1", "train.epochs=8", "train.precision=f32", "train.schedule.rate=0.01",
                            "train.stop_on=loss"})
      tree.set(set);
    for (const char* set : more) tree.set(set);
    const std::string out = file(str(encoder, more.size()));
    task.train({.recipe = tree.build<TaskRecipe>(), .train = file("train.tsv"), .valid = "", .out = out}, go, {});
    return task.load(out);
  }
  TemporaryDirectory directory_;
};

TEST_F(NetworkViews, HierarchicalAttentionFindsSentenceAndWord) {
  const auto system = trained("gru", {"embedding=12", "architecture.width=6", "pooling=attention", "letters=cnn",
                                      "sentence_width=5", "head.attention_width=7"});
  EXPECT_EQ(system->evaluate(file("train.tsv"), {}).score, 1);
  const std::vector<std::string> texts = {"We saw the old town. The sun shone again.", "The rain fell again.", "rain",
                                          "The rain fell again. We saw. We saw the town! The old town?", ""};
  const auto together = system->answer(texts);
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(system->answer({texts[i]})[0].json, together[i].json) << texts[i];
  EXPECT_EQ(together[0].text, "dry");
  EXPECT_EQ(together[3].text, "wet");

  const Json why = system->explain(texts[0]);
  ASSERT_EQ(why["attention"].array().size(), 11u);  // words and marks
  double of_first = 0, of_second = 0;
  for (const auto& word : why["attention"].array())
    (word["begin"].integer() < 20 ? of_first : of_second) += word["weight"].number();
  // Each sentence's words share the root of its attention; the squares of the two sum to 1.
  EXPECT_NEAR(of_first * of_first + of_second * of_second, 1, 1e-4);
  EXPECT_GT(of_second, of_first);
}

TEST_F(NetworkViews, GradientsOfAnElmanNetworkFadeWithDistance) {
  const auto system = trained(
      "rnn", {"embedding=8", "architecture.width=8", "bidirectional=false", "pooling=last", "clip_norm=0.000001"});
  const GradientFlow flow = system->flow(file("train.tsv"), {.distance = 12, .windows = 20});
  EXPECT_EQ(flow.windows, 20);
  ASSERT_EQ(flow.norm.size(), 13u);
  EXPECT_GT(flow.norm[0], 0);
  EXPECT_GT(flow.per_step, 0);
  EXPECT_NEAR(flow.clipped_share, 1,
              1e-12);  // there is a gradient of the parameters, far above the norm that training allowed
  EXPECT_LT(flow.clipped[0], flow.norm[0]);
  EXPECT_THAT(error_of([&] { system->flow(file("train.tsv"), {.distance = 99}); }), HasSubstr("--distance"));
  EXPECT_THAT(error_of([&] { trained("tfidf", {})->flow(file("train.tsv"), {}); }), HasSubstr("tfidf"));
}

}  // namespace
}  // namespace stemma
