#include "stemma/tasks/label_tasks.h"

#include <gmock/gmock.h>

#include <cmath>

#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tasks/label_model.h"
#include "stemma/tasks/task_test.h"

namespace stemma {
namespace {

using testing::HasSubstr;

class LabelTasks : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return join_path(directory_.path(), name); }
  // n texts of 3 to 8 words: weather is "wet" or "dry" by the words in it.
  std::string weather(int64_t n, uint64_t seed) const {
    const std::vector<std::string> wet = {"rain", "storm", "flood", "drizzle"},
                                   dry = {"sun", "desert", "drought", "heat"},
                                   other = {"the", "town", "today", "again", "saw", "much"};
    Random random{seed};
    std::string out;
    for (int64_t i = 0; i < n; ++i) {
      const bool is_wet = random.below(2) == 0;
      const auto& telling = is_wet ? wet : dry;
      std::string text = telling[random.below(telling.size())];
      for (uint64_t k = 2 + random.below(6); k > 0; --k) text += " " + other[random.below(other.size())];
      out += text + "\t" + (is_wet ? "wet" : "dry") + "\n";
    }
    return out;
  }
  TaskTraining training(const TextTask& task, const std::string& encoder, const std::string& out) const {
    TaskTraining t{
        .recipe = task.recipe(encoder), .train = file("train.tsv"), .valid = file("valid.tsv"), .out = file(out)};
    RecipeTree tree(to_json(t.recipe));
    for (const char* set : {"text.min_count=1", "train.epochs=6", "train.precision=f32", "train.schedule.rate=0.01"})
      tree.set(set);
    if (t.recipe.architecture.find("input")) tree.set("embedding=16");
    for (const char* key : {"architecture.width", "architecture.filters"})
      if (t.recipe.architecture.find(std::string(key).substr(13))) tree.set(key, "16");
    if (encoder == "transformer") tree.set("architecture.heads=2"), tree.set("architecture.feed_forward=32");
    t.recipe = tree.build<TaskRecipe>();
    return t;
  }
  void set(TaskTraining& t, std::initializer_list<const char*> assignments) const {
    RecipeTree tree(to_json(t.recipe));
    for (const char* a : assignments) tree.set(a);
    t.recipe = tree.build<TaskRecipe>();
  }
  void SetUp() override {
    write_file(file("train.tsv"), weather(150, 1));
    write_file(file("valid.tsv"), weather(50, 2));
  }
  TemporaryDirectory directory_;
};

TEST_F(LabelTasks, EveryEncoderLearnsToClassify) {
  const auto task = classify_task();
  for (const auto& encoder : task.encoders()) {
    const auto t = training(task, encoder, encoder);
    const Summary summary = train(task, t);
    EXPECT_GE(summary.best, 0.95) << encoder;
    const auto system = task.load(t.out);
    const auto report = system->evaluate(t.valid, {});
    EXPECT_NEAR(report.score, summary.best, 1e-9) << encoder;
    EXPECT_EQ(report.measure, "accuracy");
    const auto answers = system->answer({"rain again today", "heat saw the town"});
    EXPECT_EQ(answers[0].text, "wet") << encoder;
    EXPECT_EQ(answers[1].json["label"].text(), "dry") << encoder;
    EXPECT_NEAR(answers[1].json["probabilities"]["dry"].number() + answers[1].json["probabilities"]["wet"].number(), 1,
                1e-4);
  }
}

TEST_F(LabelTasks, AnAnswerDoesNotDependOnItsBatch) {
  const auto task = classify_task();
  std::vector<std::string> texts;
  for (int64_t i = 0; i < 20; ++i) texts.push_back(str(i % 2 ? "storm " : "sun ", i % 3 ? "the town " : "", "today"));
  for (const auto& encoder : task.encoders()) {
    auto t = training(task, encoder, encoder);
    set(t, {"train.epochs=1"});
    train(task, t);
    const auto system = task.load(t.out);
    const auto together = system->answer(texts);
    for (size_t i = 0; i < texts.size(); ++i)
      EXPECT_EQ(system->answer({texts[i]})[0].json, together[i].json) << encoder << ": " << texts[i];
  }
}

TEST_F(LabelTasks, TheMostTellingWordExplains) {
  const auto task = classify_task();
  for (const char* encoder : {"tfidf", "fasttext", "bag", "gru", "textcnn"}) {
    const auto t = training(task, encoder, encoder);
    train(task, t);
    const Json why = task.load(t.out)->explain("today the flood again");
    std::string most;
    double weight = -INFINITY;
    for (const auto& word : why["saliency"].array())
      if (word["weight"].number() > weight) most = word["text"].text(), weight = word["weight"].number();
    EXPECT_EQ(most, "flood") << encoder << " " << why.dump();
  }
}

TEST_F(LabelTasks, GoingOnIsTrainingOnAndThreadsDoNotMatter) {
  const auto task = classify_task();
  auto whole = training(task, "gru", "whole");
  set(whole, {"train.validate_every=5", "train.steps=20", "pooling=attention", "letters=cnn"});
  expect_same_bits(task, whole);
}

TEST_F(LabelTasks, ManyLabels) {
  const auto task = classify_task();
  std::string text;
  for (int64_t i = 0; i < 120; ++i)
    text += str(i % 2 ? "__label__wet " : "", i % 3 == 0 ? "__label__cold " : "",
                i % 2 == 0 && i % 3 ? "__label__none " : "", i % 2 ? "rain " : "", i % 3 == 0 ? "snow " : "",
                "again today\n");
  write_file(file("train.tsv"), text);
  for (const char* encoder : {"tfidf", "fasttext", "bag"}) {
    auto t = training(task, encoder, encoder);
    t.valid = t.train;
    set(t, {"data.format=fasttext", "train.epochs=20"});
    train(task, t);
    const auto system = task.load(t.out);
    EXPECT_GE(system->evaluate(t.train, {}).score, 0.95) << encoder;
    EXPECT_EQ(system->answer({"rain snow again today"})[0].json["labels"].array().size(), 2U) << encoder;
  }
}

TEST_F(LabelTasks, PairsWithLabelsAndWithScores) {
  const auto task = pair_task();
  std::string labels, scores;
  Random random{5};
  const std::vector<std::string> words = {"rain", "sun", "snow", "wind", "fog"};
  for (int64_t i = 0; i < 200; ++i) {
    const auto a = words[random.below(5)], b = random.below(2) ? a : words[random.below(5)];
    labels += str("the ", a, " today\tthe ", b, " again\t", a == b ? "same" : "other", "\n");
    scores += str("the ", a, " today\tthe ", b, " again\t", a == b ? 1.0 : 0.0, "\n");
  }
  for (const auto& [encoder, joint] : {std::pair{"tfidf", false}, {"bag", false}, {"lstm", true}})
    for (const bool as_scores : {false, true}) {
      write_file(file("train.tsv"), as_scores ? scores : labels);
      auto t = training(task, encoder, str(encoder, as_scores));
      t.valid = t.train;
      set(t, {"train.epochs=12", "head.dropout=0"});
      if (as_scores) set(t, {"data.scores=true"});
      if (joint) set(t, {"head.pairs=joint", "train.epochs=15"});
      train(task, t);
      EXPECT_GE(task.load(t.out)->evaluate(t.train, {}).score, joint ? 0.6 : 0.8) << encoder << as_scores;
    }
}

// Words that tell nothing: what is left is how often a label comes, or nothing where labels count alike.
TEST_F(LabelTasks, ClassWeightsHaveOneNameForEveryEncoder) {
  const auto task = classify_task();
  std::string text;
  for (const char* word : {"town", "today", "again"})
    for (int i = 0; i < 24; ++i) text += str(word, i % 6 == 0 ? "\twet\n" : "\tdry\n");
  write_file(file("train.tsv"), text);
  for (const char* encoder : {"tfidf", "bag"}) {
    auto wet = [&](const char* weights) {
      auto t = training(task, encoder, str(encoder, weights));
      t.valid = t.train;
      set(t, {"train.epochs=40", "train.stop_on=loss", weights});
      train(task, t);
      return task.load(t.out)->answer({"today"})[0].json["probabilities"]["wet"].number();
    };
    EXPECT_NEAR(wet("class_weights=none"), 1.0 / 6, 0.1) << encoder;
    EXPECT_NEAR(wet("class_weights=balanced"), 1.0 / 2, 0.1) << encoder;
    EXPECT_THAT(error_of([&] { wet("class_weights=even"); }), HasSubstr("class_weights: unknown value 'even'"));
  }
  write_file(file("train.tsv"), "rain\tstorm\t0.9\nsun\tstorm\t0.1\n");
  auto scores = training(pair_task(), "tfidf", "scores");
  scores.valid = scores.train;
  set(scores, {"data.scores=true", "class_weights=balanced"});
  EXPECT_THAT(error_of([&] { train(pair_task(), scores); }), HasSubstr("scores have no classes"));
}

TEST_F(LabelTasks, SymmetricPairsMayBeSwapped) {
  const auto task = pair_task();
  write_file(file("pairs.tsv"),
             "first\tsecond\tlabel\nthe rain\tthe sun\tother\nthe rain\train again\tsame\nsun\tthe sun\tsame\n");
  for (const char* pairs : {"head.pairs=symmetric", "head.pairs=siamese"}) {
    auto t = training(task, "bag", pairs);
    t.train = t.valid = file("pairs.tsv");
    set(t, {pairs, "train.epochs=2"});
    train(task, t);
    const auto y = task.load(t.out)->answer({"the rain\tsun again", "sun again\tthe rain"});
    EXPECT_EQ(y[0].json == y[1].json, std::string(pairs) == "head.pairs=symmetric");
  }
}

TEST_F(LabelTasks, WordVectorsBeginAndStay) {
  const auto task = classify_task();
  std::string vectors;
  for (const char* word : {"rain", "storm", "flood", "drizzle"}) vectors += str(word, " 1 0.5\n");
  for (const char* word : {"sun", "desert", "drought", "heat"}) vectors += str(word, " -1 0.25\n");
  write_file(file("vectors.txt"), "8 2\n" + vectors);
  auto t = training(task, "bag", "bag");
  set(t, {"embedding=2", "input.vectors=static", "architecture.input.dropout=0", "head.dropout=0", "train.epochs=20"});
  t.recipe.vectors = file("vectors.txt");
  EXPECT_GE(train(task, t).best, 0.75);  // two numbers a word, which do not move
  set(t, {"embedding=3"});
  t.out = file("other");
  EXPECT_THAT(error_of([&] { train(task, t); }), HasSubstr("have 2 numbers, but embedding = 3; --set embedding=2"));
}

TEST_F(LabelTasks, PresetsSetWhatTheEncodersHave) {
  for (const auto& preset : encoder_presets()) {
    const auto recipe = first_recipe(classify_task(), "", preset.name);
    EXPECT_EQ(recipe.encoder, preset.model);
    EXPECT_EQ(recipe.preset, preset.name);
    EXPECT_NE(recipe.architecture, classify_task().recipe(preset.model).architecture) << preset.name;
  }
  EXPECT_THAT(error_of([] { first_recipe(classify_task(), "lstm", "kim2014"); }), HasSubstr("for the encoder textcnn"));
  EXPECT_THAT(error_of([] { first_recipe(classify_task(), "", "kim2015"); }), HasSubstr("did you mean 'kim2014'"));
}

TEST_F(LabelTasks, AWrongCommandLeavesTheModelThatIsThere) {
  const auto task = classify_task();
  const auto t = training(task, "tfidf", "model");
  train(task, t);
  auto wrong = training(task, "bag", "model");
  wrong.train = file("nowhere.tsv");
  EXPECT_THAT(error_of([&] { train(task, wrong); }), HasSubstr("nowhere.tsv"));
  EXPECT_EQ(task.load(t.out)->answer({"rain again"})[0].text, "wet");
}

TEST_F(LabelTasks, ARunGoesOnWithItsOwnExamplesOnly) {
  const auto task = classify_task();
  auto t = training(task, "bag", "model");
  set(t, {"train.epochs=1"});
  train(task, t);
  set(t, {"train.epochs=2"});
  t.resume = true;
  std::string other = weather(150, 1);
  other.replace(other.find("town"), 4, "much");  // as long as before
  write_file(file("train.tsv"), other);
  EXPECT_THAT(error_of([&] { train(task, t); }), HasSubstr("the training examples are not those"));
  write_file(file("train.tsv"), "rain\tfluid\nsun\tdry\n");
  EXPECT_THAT(error_of([&] { train(task, t); }), HasSubstr("the labels in"));
}

TEST_F(LabelTasks, ABagSaysSoWhereItsFileCannotHoldTheLabels) {
  const auto task = classify_task();
  write_file(file("train.tsv"), "rain\tvery wet\nsun\tvery_wet\n");
  auto t = training(task, "fasttext", "model");
  t.valid = t.train;
  EXPECT_THAT(error_of([&] { train(task, t); }), HasSubstr("labels 'very wet' and 'very_wet' are the same"));
}

TEST_F(LabelTasks, ABagThatIsStoppedKeepsNothing) {
  const auto task = classify_task();
  const auto t = training(task, "fasttext", "model");
  EXPECT_EQ(task.train(t, std::atomic<bool>{true}, {}).reason, "stopped");
  EXPECT_THAT(error_of([&] { task.load(t.out); }), HasSubstr("no such directory"));
  auto again = t;
  again.resume = true;
  EXPECT_THAT(error_of([&] { train(task, again); }), HasSubstr("nothing to resume"));
}

TEST_F(LabelTasks, WhatIsCutIsSaid) {
  const auto task = classify_task();
  auto t = training(task, "bag", "model");
  set(t, {"train.epochs=1", "text.max_length=3"});
  train(task, t);
  const auto system = task.load(t.out);
  const auto answers = system->answer({"rain the town today", "rain the town"});
  EXPECT_TRUE(answers[0].cut);
  EXPECT_FALSE(answers[1].cut);
  write_file(file("test.tsv"), "rain the town today\twet\nsun the town\tdry\n");
  EXPECT_EQ(system->evaluate(file("test.tsv"), {}).notes,
            "  1 of 2 inputs are longer than what is read of them, and were cut\n");
}

TEST_F(LabelTasks, ARefusedRunLeavesNothingBehind) {
  const auto task = classify_task();
  write_file(file("v.vec"), "1 2\nrain 1 2\n");
  for (const auto& [encoder, refused] :
       {std::pair{"bag", "vectors=" + file("v.vec")}, {"fasttext", "autotune=1"}, {"tfidf", "features.ngrams=0"}}) {
    auto t = training(task, encoder, "model");
    if (std::string_view(encoder) != "bag") t.valid.clear(), t.recipe.train.stop_on = "loss";
    RecipeTree tree(to_json(t.recipe));
    EXPECT_NE(error_of([&] { tree.set(refused), t.recipe = tree.build<TaskRecipe>(), train(task, t); }), "") << encoder;
    EXPECT_FALSE(exists(t.out)) << encoder;
  }
}

TEST_F(LabelTasks, ProbabilitiesOfOneLabelSumToOne) {
  const auto task = classify_task();
  for (const auto& [encoder, loss] : {std::pair{"fasttext", "loss=each"}, {"tfidf", "linear.loss=svm"}}) {
    auto t = training(task, encoder, encoder);
    set(t, {loss});
    train(task, t);
    const auto p = task.load(t.out)->answer({"rain again"})[0].json["probabilities"];
    EXPECT_NEAR(p["wet"].number() + p["dry"].number(), 1, 1e-6) << encoder;
  }
}

TEST_F(LabelTasks, BadInputIsOneLine) {
  const auto task = classify_task();
  const auto says = [&](const std::string& train_text, const std::string& valid_text) {
    write_file(file("train.tsv"), train_text), write_file(file("valid.tsv"), valid_text);
    return error_of([&] { train(task, training(task, "bag", "bad")); });
  };
  EXPECT_THAT(says("a\tx\nb\tx\n", "a\tx\n"), HasSubstr("x"));            // one class only
  EXPECT_THAT(says("a\tx\nb\n", "a\tx\n"), HasSubstr("train.tsv:2"));     // ragged
  EXPECT_THAT(says("a\tx\nb\ty\n", "a\tz\n"), HasSubstr("valid.tsv:1"));  // unseen label
  EXPECT_THAT(says("", "a\tx\n"), HasSubstr("train.tsv"));                // nothing
  EXPECT_THAT(error_of([&] { task.recipe("lstn"); }), HasSubstr("did you mean 'lstm'"));
  EXPECT_THAT(error_of([&] { task.load(file("nowhere")); }), HasSubstr("no such directory"));
  EXPECT_THAT(error_of([&] { pair_task().load(file("nowhere")); }), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace stemma
