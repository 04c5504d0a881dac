#include "stemma/tasks/tag_task.h"

#include <gmock/gmock.h>

#include "stemma/base/testing.h"
#include "stemma/data/tag_scheme.h"
#include "stemma/tasks/task_test.h"

namespace stemma {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// "from PLACE to PLACE", "price of THING PLACE": places of one or two words; what a word is follows from those before.
std::string slots(int from, int to) {
  const std::vector<std::string> places = {"new:B-x york:I-x", "boston:B-x", "san:B-x jose:I-x", "york:B-x"};
  const std::vector<std::string> things = {"tea", "rice", "new"};
  const auto place = [&](size_t i, const char* role) {
    std::string out = places[i % places.size()];
    for (size_t at; (at = out.find("-x")) != out.npos;) out.replace(at, 2, str("-", role));
    return out;
  };
  std::string out;
  for (int i = from; i < to; ++i)
    out +=
        i % 3 ? str("from:O ", place(size_t(i), "origin"), " to:O ", place(size_t(i / 4), "goal"), " <=> fly\n")
              : str("price:O of:O ", things[size_t(i / 3) % 3], ":O in:O ", place(size_t(i / 2), "goal"), " <=> buy\n");
  return out;
}

class TagTask : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    write_file(directory_.file(name), text);
    return directory_.file(name);
  }
  TaskTraining training(const std::string& out, const std::vector<std::string>& set = {}) {
    RecipeTree tree(to_json(task_.recipe("lstm")));
    for (const char* s : {"embedding=12", "width=12", "train.steps=120", "rate=0.02", "batch.examples=8",
                          "train.log_every=20", "text.digits=true", "letter_width=8", "letter_embedding=6"})
      tree.set(s);
    for (const auto& s : set) tree.set(s);
    TaskTraining t;
    t.recipe = tree.build<TaskRecipe>();
    t.recipe.train.stop_on = "loss", t.out = directory_.file(out);
    return t;
  }
  std::unique_ptr<TextSystem> learn(const TaskTraining& t) {
    task_.train(t, stop_, {});
    return task_.load(t.out);
  }
  TextTask task_ = tag_task();
  TemporaryDirectory directory_;
  std::atomic<bool> stop_ = false;
};

TEST_F(TagTask, LearnsSlotsAndIntents) {
  auto t = training("m", {"letters=cnn"});
  t.train = file("train", slots(0, 60)), t.valid = file("valid", slots(60, 80));
  const auto system = learn(t);
  const auto report = system->evaluate(file("test", slots(80, 140)), {});
  EXPECT_EQ(report.measure, "span F1");
  EXPECT_DOUBLE_EQ(report.score, 1) << report.all.dump();
  EXPECT_EQ(report.all["spans"]["illegal_predictions"].integer(), 0);
  EXPECT_DOUBLE_EQ(report.all["intents"]["accuracy"].number(), 1);
  const std::string line = "from  new york to boston";
  const auto answer = system->answer({line}).at(0);
  EXPECT_EQ(answer.text, "from/O new/B-origin york/I-origin to/O boston/B-goal <=> fly");
  const auto& token = answer.json["tokens"].array()[1];
  EXPECT_EQ(line.substr(size_t(token["begin"].integer()), 3), "new");
  EXPECT_GT(token["probability"].number(), 0.5);
  const auto& span = answer.json["spans"].array().at(0);
  EXPECT_EQ(span["type"].text(), "origin");
  EXPECT_EQ(span["text"].text(), "new york");
  EXPECT_EQ(answer.json["intent"].text(), "fly");
}

TEST_F(TagTask, LearnsTagsOfWordsBySoftmaxAndByCrf) {
  std::string text;
  for (int i = 0; i < 30; ++i)
    text += str("the D\n", i % 2 ? "duck" : "dog", " N\n", i % 3 ? "sees" : "duck", " V\na D\n", i % 5 ? "cat" : "duck",
                " N\n\n");
  for (const std::string loss : {"softmax", "crf"}) {
    auto t = training(loss, {"head.loss=" + loss});
    t.train = file("t.conll", text);
    const auto system = learn(t);
    EXPECT_DOUBLE_EQ(system->evaluate(t.train, {}).score, 1) << loss;
    EXPECT_EQ(system->answer({"the duck sees a duck"})[0].text, "the/D duck/N sees/V a/D duck/N");
    const Json why = system->explain("the duck sees a cat");
    EXPECT_EQ(why["saliency"].array().size(), 5u);
    EXPECT_EQ(why["influence"]["values"].array().size(), 5u);
    EXPECT_EQ(why.find("transitions") != nullptr, loss == "crf");
  }
}

TEST_F(TagTask, AnAnswerDoesNotDependOnItsBatch) {
  auto t = training("m", {"train.steps=10", "letters=lstm"});
  t.train = file("train", slots(0, 40));
  const auto system = learn(t);
  const std::vector<std::string> lines = {"from york to san jose", "", "price of tea in boston in new york", "to"};
  const auto together = system->answer(lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto alone = system->answer({lines[i]}).at(0);
    EXPECT_EQ(alone.json, together[i].json);
    EXPECT_EQ(alone.text, together[i].text);
  }
  EXPECT_EQ(together[1].text, "");
}

TEST_F(TagTask, GoingOnIsTrainingOnAndThreadsDoNotMatter) {
  auto whole = training("whole", {"train.steps=24", "letters=cnn", "train.checkpoint_every=12"});
  whole.train = file("train", slots(0, 40)), whole.valid = file("valid", slots(40, 50));
  expect_same_bits(task_, whole);
}

TEST_F(TagTask, NoWordOfALongSentenceGoesWithoutATag) {
  auto t = training("m", {"text.max_length=3", "train.steps=4", "text.input=char", "text.words=spaces"});
  t.train = file("train", slots(0, 40));
  const auto system = learn(t);
  const auto answer = system->answer({"from boston to incomprehensibilities and then to york again"})[0];
  EXPECT_EQ(answer.json["tokens"].array().size(), 9u);
  EXPECT_EQ(system->explain("from boston to york")["saliency"].array().size(), 4u);
}

TEST_F(TagTask, CountsWhatIsOddInAFile) {
  auto t = training("m", {"train.steps=4"});
  t.train = file("train", slots(0, 40));
  const auto system = learn(t);
  const auto report =
      system->evaluate(file("odd", "to:O rome:I-goal soon:B-when <=> sail\nto:O york:B-goal <=> fly\n"), {});
  EXPECT_THAT(report.notes, AllOf(HasSubstr("1 illegal bio"), HasSubstr("1 unseen tags"), HasSubstr("odd:1")));
  EXPECT_EQ(report.all["spans"]["illegal_targets"].integer(), 1);
  EXPECT_EQ(report.all["unknown_words"].integer(), 2);
  EXPECT_LE(report.all["intents"]["accuracy"].number(), 0.5);
}

TEST_F(TagTask, ChineseFallsIntoCharacters) {
  std::string text;
  for (int i = 0; i < 24; ++i) {
    const std::string place = i % 2 ? "北0 B-GPE\n京1 I-GPE\n" : "上0 B-GPE\n海1 I-GPE\n";
    text += i % 3 ? str("我0 O\n在0 O\n", place, "\n") : str(place, "好0 O\n\n");
  }
  auto t = training("m", {"data.spaces=false", "data.strip_index=true"});
  t.train = file("zh.conll", text);
  const auto system = learn(t);
  const auto answer = system->answer({"我在上海"})[0];
  EXPECT_EQ(answer.text, "我/O 在/O 上/B-GPE 海/I-GPE");
  EXPECT_EQ(answer.json["spans"].array().at(0)["text"].text(), "上海");
  EXPECT_EQ(answer.json["spans"].array().at(0)["begin"].integer(), 2);
}

TEST_F(TagTask, RefusesWhatCannotBeLearned) {
  const auto refusal = [&](const std::string& text, const std::vector<std::string>& set = {}) {
    auto t = training("no", set);
    t.train = file("bad.conll", text);
    return error_of([&] { task_.train(t, stop_, {}); });
  };
  EXPECT_THAT(refusal("a N\nb\n"), HasSubstr("bad.conll:2: 1 columns, expected 2"));
  EXPECT_THAT(refusal(""), HasSubstr("bad.conll: no sentence there"));
  EXPECT_THAT(refusal("a N\nb N\n"), HasSubstr("every word has the tag 'N'"));
  EXPECT_THAT(refusal("a N\nb V\n", {"head.scheme=bio"}), HasSubstr("label 'N' is neither O nor"));
  EXPECT_THAT(refusal("a N\nb V\n", {"head.loss=crv"}), HasSubstr("did you mean 'crf'"));
  EXPECT_THAT(refusal("a N\nb V\n", {"label_smoothing=0.1"}), HasSubstr("train.label_smoothing"));
}

}  // namespace
}  // namespace stemma
