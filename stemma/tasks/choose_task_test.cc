#include "stemma/tasks/choose_task.h"

#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/tasks/task_test.h"

namespace stemma {
namespace {

// Which of two to five animals eats what the question names.
std::string made(int n, uint64_t seed) {
  const std::vector<std::string> who = {"cow", "cat", "hen", "fox", "bee"},
                                 eats = {"grass", "fish", "corn", "meat", "honey"};
  Random rng{seed};
  std::string out;
  for (int i = 0; i < n; ++i) {
    std::vector<std::string> options = who;
    for (size_t k = 0; k < options.size(); ++k) std::swap(options[k], options[k + rng.below(options.size() - k)]);
    options.resize(2 + rng.below(4));
    const size_t answer = rng.below(options.size());
    const auto at = std::find(who.begin(), who.end(), options[answer]) - who.begin();
    const Json line = Json::object({{"context", i % 2 ? "We look around." : ""},
                                    {"question", str("Who eats ", eats[size_t(at)], "?")},
                                    {"options", Json(options)},
                                    {"answer", int64_t(answer)}});
    out += line.dump() + "\n";
  }
  return out;
}

TaskTraining training(const TemporaryDirectory& in, const std::string& out, int64_t steps) {
  TaskTraining t{
      .recipe = choose_task().recipe("lstm"), .train = in.file("train.jsonl"), .valid = "", .out = in.file(out)};
  t.recipe.architecture["width"] = 12, t.recipe.architecture["input"]["embedding"] = 12;
  t.recipe.architecture["input"]["dropout"] = 0.0, t.recipe.head["dropout"] = 0.0;
  t.recipe.batch.examples = 20, t.recipe.text.min_count = 1;
  t.recipe.train.schedule.rate = 2e-2, t.recipe.train.steps = steps, t.recipe.train.precision = "f32";
  t.recipe.train.stop_on = "loss";
  return t;
}
void train(const TaskTraining& t) { train(choose_task(), t); }

struct ChooseTask : testing::Test {
  TemporaryDirectory in;
  ChooseTask() { write_file(in.file("train.jsonl"), made(120, 1)), write_file(in.file("test.jsonl"), made(60, 2)); }
};

TEST_F(ChooseTask, learns_in_both_forms_and_says_what_chance_would) {
  for (const std::string form : {"joint", "siamese"}) {
    SCOPED_TRACE(form);
    auto t = training(in, form, 120);
    t.recipe.head["form"] = form;
    train(t);
    const auto system = choose_task().load(t.out);
    const auto report = system->evaluate(in.file("test.jsonl"), {});
    EXPECT_GT(report.score, 0.9);
    EXPECT_GT(report.all["chance"].number(), 0.2);
    EXPECT_LT(report.all["chance"].number(), 0.5);
    const auto y = system->answer({"Who eats honey?\tcat\tbee\tcow"}).front();
    EXPECT_EQ(y.text, "bee");
    EXPECT_EQ(y.json["answer"].integer(), 1);
    EXPECT_EQ(y.json["probabilities"].array().size(), 3u);
    const Json why = system->explain("Who eats honey?\tcat\tbee\tcow");
    ASSERT_EQ(why["saliency"].array().size(), 5u);
    EXPECT_EQ(why["saliency"].array()[2]["text"].text(), "honey");
    EXPECT_EQ(why["saliency"].array()[4]["text"].text(), "bee");
    EXPECT_NE(why["saliency"].array()[4]["weight"].number(), 0);
  }
}

TEST_F(ChooseTask, an_answer_does_not_depend_on_its_batch) {
  const auto t = training(in, "run", 3);
  train(t);
  const auto system = choose_task().load(t.out);
  std::vector<std::string> inputs = {
      "Who?\ta\tb", "Who eats grass?\tcow\tcat\then\tfox\tbee", "\t\t",
      "{\"context\": \"Look.\", \"question\": \"Who?\", \"options\": [\"x\", \"y y y\"]}"};
  const auto together = system->answer(inputs);
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_EQ(system->answer({inputs[i]}).front().json.dump(), together[i].json.dump()) << inputs[i];
}

TEST_F(ChooseTask, going_on_is_training_on_and_threads_do_not_matter) {
  auto whole = training(in, "whole", 6);
  whole.recipe.head["dropout"] = 0.2;
  expect_same_bits(choose_task(), whole);
}

TEST_F(ChooseTask, what_is_cut_is_said) {
  auto t = training(in, "run", 1);
  t.recipe.text.max_length = 3;
  train(t);
  write_file(in.file("test.jsonl"), R"({"question": "Who eats?", "options": ["a", "b"], "answer": 0})"
                                    "\n"
                                    R"({"question": "Who eats the hay?", "options": ["a", "b"], "answer": 0})"
                                    "\n");
  EXPECT_EQ(choose_task().load(t.out)->evaluate(in.file("test.jsonl"), {}).notes,
            "  1 of 2 inputs are longer than what is read of them, and were cut\n");
}

TEST_F(ChooseTask, bad_input_is_one_clear_line) {
  auto t = training(in, "run", 1);
  train(t);
  const auto system = choose_task().load(t.out);
  const auto error = [&](const std::string& line) { return error_of([&] { system->answer({line}); }); };
  EXPECT_EQ(
      error("Who?\tonly one"),
      "an input is a question and two options or more with tabs between, or {\"question\": .., \"options\": [..]}, "
      "not 'Who?\tonly one'");
  EXPECT_NE(error("{\"question\": \"a\"}").find("options"), std::string::npos);
  EXPECT_EQ(error("a\tb\xff\tc"), "option: not valid UTF-8 at byte 2; convert the text to UTF-8");
  t.out = in.file("other"), t.recipe.head["form"] = "siames";
  EXPECT_EQ(error_of([&] { train(t); }), "head.form: unknown value 'siames' (did you mean 'siamese'?)");
}

}  // namespace
}  // namespace stemma
