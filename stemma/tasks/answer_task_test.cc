#include "stemma/tasks/answer_task.h"

#include "stemma/base/random.h"
#include "stemma/base/testing.h"
#include "stemma/data/questions.h"
#include "stemma/tasks/task_test.h"

namespace stemma {
namespace {

// Who is where: "The cat is in the garden . The dog is in the kitchen ." "Where is the dog ?"
struct Made {
  std::string context, question, answer;
};
Made make(Random& rng) {
  const std::vector<std::string> who = {"cat", "dog", "cow", "hen", "fox"},
                                 where = {"garden", "kitchen", "barn", "wood"};
  std::vector<std::string> order = who;
  Made out;
  std::vector<std::string> at;
  for (size_t i = 0; i < 3; ++i) {
    std::swap(order[i], order[i + rng.below(order.size() - i)]);
    at.push_back(where[rng.below(where.size())]);
    out.context += str(i ? " " : "", "The ", order[i], " is in the ", at[i], ".");
  }
  const size_t asked = rng.below(3);
  out.question = str("Where is the ", order[asked], "?"), out.answer = at[asked];
  return out;
}

// SQuAD's form; every `impossible`-th question asks for who is not there.
std::string squad(int n, uint64_t seed, int impossible = 0) {
  Random rng{seed};
  Json::Array paragraphs;
  for (int i = 0; i < n; ++i) {
    const Made m = make(rng);
    const bool none = impossible && i % impossible == 0;
    const std::string& name = m.question;
    const auto place = m.context.find(m.answer, m.context.find(name.substr(13, 3)));
    const Json answer = Json::object({{"text", m.answer}, {"answer_start", int64_t(place)}});
    Json qa = Json::object({{"id", str("q", i)},
                            {"question", none ? "Where is the bee?" : m.question},
                            {"answers", none ? Json::Array{} : Json::Array{answer}}});
    if (impossible) qa["is_impossible"] = none;
    paragraphs.push_back(Json::object({{"context", m.context}, {"qas", Json::Array{qa}}}));
  }
  const Json article = Json::object({{"title", "made"}, {"paragraphs", paragraphs}});
  return Json::object({{"version", "made"}, {"data", Json::Array{article}}}).dump();
}

TaskTraining training(const TemporaryDirectory& in, const std::string& out, int64_t steps) {
  TaskTraining t{
      .recipe = answer_task().recipe("lstm"), .train = in.file("train.json"), .valid = "", .out = in.file(out)};
  t.recipe.architecture["width"] = 12, t.recipe.architecture["input"]["embedding"] = 12;
  t.recipe.architecture["input"]["dropout"] = 0.0;
  t.recipe.head["reader"]["width"] = 12, t.recipe.head["reader"]["dropout"] = 0.0;
  t.recipe.batch.examples = 20, t.recipe.text.min_count = 1;
  t.recipe.train.schedule.rate = 2e-2, t.recipe.train.steps = steps, t.recipe.train.precision = "f32";
  t.recipe.train.stop_on = "loss";
  return t;
}
void train(const TaskTraining& t) { train(answer_task(), t); }

struct AnswerTask : testing::Test {
  TemporaryDirectory in;
  void write(const std::string& name, const std::string& text) { write_file(in.file(name), text); }
};

TEST_F(AnswerTask, learns_who_is_where_and_answers_by_characters) {
  write("train.json", squad(200, 1)), write("test.json", squad(60, 2));
  const auto t = training(in, "run", 120);
  train(t);
  const auto system = answer_task().load(t.out);
  const auto report = system->evaluate(in.file("test.json"), {});
  EXPECT_GT(report.score, 0.9);
  EXPECT_EQ(report.all["questions"].integer(), 60);
  const std::string context = "Thé cow is in the wood. The hen is in the barn.";
  const auto y = system->answer({"Where is the hen?\t" + context}).front();
  EXPECT_EQ(y.text, "barn");
  EXPECT_EQ(y.json["begin"].integer(), int64_t(context.find("barn")) - 1);  // é has two bytes
  EXPECT_EQ(y.json["end"].integer(), int64_t(context.find("barn") + 3));
  EXPECT_GT(y.json["probability"].number(), 0.3);
  EXPECT_EQ(y.json["nbest"].array().size(), 5u);
  const Json object = Json::object({{"question", "Where is the hen?"}, {"context", context}});
  EXPECT_EQ(system->answer({object.dump()}).front().json, y.json);
  const Json why = system->explain("Where is the hen?\t" + context);
  EXPECT_EQ(why["start"].array().size(), 14u);
  EXPECT_EQ(why["question_of_context"].array().size(), 14u);
  EXPECT_EQ(why["question_of_context"].array()[0].array().size(), 5u);
  double sum = 0;
  for (const auto& token : why["start"].array()) sum += token["weight"].number();
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST_F(AnswerTask, says_when_the_text_does_not_say) {
  write("train.json", squad(200, 3, 2)), write("test.json", squad(60, 4, 2));
  const auto t = training(in, "run", 120);
  train(t);
  const auto system = answer_task().load(t.out);
  const auto report = system->evaluate(in.file("test.json"), {});
  EXPECT_GT(report.all["details"]["without_answer"]["f1"].number(), 90);
  EXPECT_GT(report.all["details"]["with_answer"]["f1"].number(), 70);
  const auto y = system->answer({"Where is the bee?\tThe cow is in the wood. The hen is in the barn."}).front();
  EXPECT_EQ(y.text, "");
  EXPECT_GT(y.json["no_answer"].number(), 0.5);
}

TEST_F(AnswerTask, an_answer_does_not_depend_on_its_batch) {
  write("train.json", squad(40, 1));
  const auto t = training(in, "run", 4);
  train(t);
  const auto system = answer_task().load(t.out);
  Random rng{9};
  std::vector<std::string> inputs;
  for (int i = 0; i < 20; ++i) {
    const Made m = make(rng);
    inputs.push_back(m.question + "\t" + m.context + (i % 3 ? "" : " Nobody is in the house."));
  }
  inputs.push_back("Where?\t"), inputs.push_back("\tThe cow is here.");
  const auto together = system->answer(inputs);
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_EQ(system->answer({inputs[i]}).front().json.dump(), together[i].json.dump()) << inputs[i];
  EXPECT_EQ(together[20].text, "");
}

TEST_F(AnswerTask, a_file_of_questions_is_answered_as_its_lines_are) {
  write("train.json", squad(20, 1));
  const auto t = training(in, "run", 2);
  train(t);
  const auto system = answer_task().load(t.out);
  const auto answers = system->answer_file(t.train);
  const Questions questions = read_questions({.path = t.train});
  ASSERT_EQ(answers.size(), size_t(questions.size()));
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto& question = questions.questions[i];
    EXPECT_EQ(answers[i].json["id"].text(), question.id);
    EXPECT_EQ(answers[i].text, system->answer({question.text + "\t" + questions.context(question)})[0].text);
  }
}

TEST_F(AnswerTask, going_on_is_training_on_and_threads_do_not_matter) {
  write("train.json", squad(60, 1));
  auto whole = training(in, "whole", 6);
  whole.recipe.architecture["input"]["dropout"] = 0.2;
  expect_same_bits(answer_task(), whole);
}

TEST_F(AnswerTask, what_cannot_be_learned_is_counted_and_named) {
  std::string json = squad(20, 1);
  const auto place = json.find("answer_start\":");
  json.replace(place, 16, "answer_start\":1");
  write("train.json", json);
  auto t = training(in, "run", 2);
  t.recipe.head["longest_context"] = 8;  // one sentence and a word
  std::string said;
  const std::atomic<bool> go{false};
  answer_task().train(t, go, {.say = [&](const std::string& line) { said += line + "\n"; }});
  EXPECT_NE(said.find("1 misplaced answers, the first: q0"), said.npos) << said;
  EXPECT_NE(said.find("texts are cut in training"), said.npos) << said;
  EXPECT_NE(said.find("questions passed over, their answer is cut off or not to be learned, the first: q"), said.npos);
  const std::string text(60'000, 'a');
  EXPECT_EQ(answer_task().load(t.out)->answer({"Who?\t" + text}).front().json["end"].integer(), 60'000);
}

TEST_F(AnswerTask, bad_input_is_one_clear_line) {
  write("train.json", squad(20, 1));
  auto t = training(in, "run", 1);
  train(t);
  const auto system = answer_task().load(t.out);
  const auto error = [&](const std::string& line) { return error_of([&] { system->answer({line}); }); };
  EXPECT_EQ(error("no tab"),
            "an input is a question, a tab and a text, or {\"question\": .., \"context\": ..}, not 'no tab'");
  EXPECT_NE(error("{\"question\": \"a\"}").find("context"), std::string::npos);
  EXPECT_EQ(error("a\xff\tb"), "question: not valid UTF-8 at byte 2; convert the text to UTF-8");
  t.out = in.file("other"), t.recipe.head["no_answer"] = "perhaps";
  EXPECT_EQ(error_of([&] { train(t); }), "head.no_answer: unknown value 'perhaps' (known: yes, no, auto)");
  t.recipe.head["no_answer"] = "auto", t.recipe.head["longest_answer"] = 0;
  EXPECT_EQ(error_of([&] { train(t); }), "head.longest_answer, head.best: must be positive");
}

}  // namespace
}  // namespace stemma
