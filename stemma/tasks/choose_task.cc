#include "stemma/tasks/choose_task.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/numbers.h"
#include "stemma/tasks/choose_model.h"
#include "stemma/tasks/input_notes.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

Choices read(const Json& data, const std::string& path) {
  auto source = from_json<ChoiceSource>(data, "data");
  source.path = path, source.answers = true;
  return read_choices(source);
}

int64_t best_of(const std::vector<double>& p) { return std::max_element(p.begin(), p.end()) - p.begin(); }

// ---- scores ---------------------------------------------------------------------------------------------------------
struct ChoiceScore {
  int64_t questions = 0;
  double accuracy = 0, log_loss = 0;
  double chance = 0;  // the accuracy to be expected of guessing
  FIELDS(questions, accuracy, log_loss, chance)
};

ChoiceScore score_of(const std::vector<Choice>& questions, const std::vector<std::vector<double>>& answers) {
  ChoiceScore out{.questions = int64_t(questions.size())};
  for (size_t i = 0; i < questions.size(); ++i) {
    const auto& p = answers[i];
    out.accuracy += best_of(p) == questions[i].answer;
    out.log_loss -= std::log(std::max(p[size_t(questions[i].answer)], 1e-12));
    out.chance += 1 / double(p.size());
  }
  const double n = double(std::max<size_t>(questions.size(), 1));
  out.accuracy /= n, out.log_loss /= n, out.chance /= n;
  return out;
}

TaskReport report_of(const ChoiceScore& s) {
  TaskReport out{"accuracy", s.accuracy, to_json(s), {}, {}};
  out.tables.push_back({"",
                        {"measure", ""},
                        {{"accuracy", percent(s.accuracy)},
                         {"by chance", percent(s.chance)},
                         {"log loss", fixed(s.log_loss, 2)},
                         {"questions", str(s.questions)}}});
  return out;
}

// ---- the system -----------------------------------------------------------------------------------------------------
// {"question": .., "options": [..], "context": ..}, context optional, or question and options with tabs between.
Choice choice_of(const std::string& line) {
  Choice out;
  if (line.starts_with("{")) {
    const Json json = Json::parse(line, "input");
    out.question = json["question"].text();
    if (const Json* context = json.find("context")) out.context = context->text();
    for (const auto& option : json["options"].array()) out.options.push_back(option.text());
  } else {
    size_t begin = 0;
    for (size_t tab = line.find('\t'); begin <= line.size(); begin = tab + 1, tab = line.find('\t', begin)) {
      tab = std::min(tab, line.size());
      const std::string part = line.substr(begin, tab - begin);
      if (begin == 0)
        out.question = part;
      else
        out.options.push_back(part);
    }
  }
  check(out.options.size() >= 2,
        "an input is a question and two options or more with tabs between, or {\"question\": .., ",
        "\"options\": [..]}, not ", in_quotes(line));
  check_utf8(out.context, "context"), check_utf8(out.question, "question");
  for (const auto& option : out.options) check_utf8(option, "option");
  return out;
}

class ChooseSystem : public TextSystem {
 public:
  explicit ChooseSystem(const std::string& directory)
      : recipe_(load_task_recipe(directory, "choose")), model_(load_network<ChooseModel>(recipe_, directory)) {}

  std::vector<TaskAnswer> answer(const std::vector<std::string>& inputs) const override {
    std::vector<Choice> questions;
    for (const auto& line : inputs) questions.push_back(choice_of(line));
    const ChoiceRows x = model_->encode(questions);
    const auto y = model_->answer(x);
    std::vector<TaskAnswer> out;
    for (size_t i = 0; i < y.size(); ++i) {
      out.push_back(answer_of(questions[i], y[i]));
      out.back().cut = x.is_cut(int64_t(i));
    }
    return out;
  }
  TaskReport evaluate(const std::string& file, const Json& data) const override {
    const Choices test = read(data.is_null() ? recipe_.data : data, file);
    const ChoiceRows x = model_->encode(test.questions);
    TaskReport out = report_of(score_of(test.questions, model_->answer(x)));
    out.notes = describe_skipped(test.report), out.examples = test.size();
    note_cut(out, count_cut(x));
    return out;
  }
  Json explain(const std::string& input) const override {
    const Choice one = choice_of(input);
    const auto p = model_->answer(model_->encode({one})).front();
    const int64_t best = best_of(p);
    return Json::object({{"texts", Json::Array{asked(one), one.options[size_t(best)]}},
                         {"answer", answer_of(one, p).json},
                         {"options", Json(one.options)},
                         {"measure", "gradient x input"},
                         {"saliency", to_json(model_->explain(one, best))},
                         {"attention", Json::Array{}}});
  }
  const TaskRecipe& recipe() const override { return recipe_; }
  int64_t parameters() const override { return count(model_->params()); }

 private:
  static TaskAnswer answer_of(const Choice& question, const std::vector<double>& p) {
    const int64_t best = best_of(p);
    const std::string& option = question.options[size_t(best)];
    return {Json::object({{"answer", best}, {"option", option}, {"probabilities", Json(p)}}), option};
  }
  TaskRecipe recipe_;
  std::unique_ptr<ChooseModel> model_;
};

// ---- training -------------------------------------------------------------------------------------------------------
std::vector<std::string_view> texts_of(const std::vector<Choice>& questions) {
  std::vector<std::string_view> out;
  for (const auto& one : questions) {
    out.push_back(one.question), out.push_back(one.context);
    out.insert(out.end(), one.options.begin(), one.options.end());
  }
  return out;
}

Summary train_choices(const TaskTraining& training, const std::atomic<bool>& stop, const TaskCallbacks& calls) {
  from_json<ChooseHead>(training.recipe.head, "head").validate();
  const TaskRecipe recipe = begin_run(training, "choose");
  const Choices all = read(recipe.data, training.train);
  say_skipped(calls, training.train, describe_skipped(all.report));
  std::vector<Choice> train, valid;
  for (const int64_t i : sample(all.size(), training.most, recipe.train.seed))
    train.push_back(all.questions[size_t(i)]);
  if (!training.valid.empty()) valid = read(recipe.data, training.valid).questions;
  const NetworkRun run{recipe, training.out, training.resume};
  const auto model = begin_network<ChooseModel>(run, calls, begin_lexer(run, texts_of(train)));
  const ChoiceRows x = model->encode(train), v = model->encode(valid);
  Lesson lesson = model->lesson(run);
  lesson.plan.labels = str(all.report.options, " options"), lesson.plan.valid_examples = v.size();
  lesson.examples = x.size(), lesson.fingerprint = x.fingerprint();
  lesson.cost = [&](int64_t i) { return x.cost(i); };
  lesson.loss = [&](std::span<const int64_t> index) { return model->loss(x, index); };
  if (!valid.empty())
    lesson.validate = [&] {
      const ChoiceScore s = score_of(valid, model->answer(v));
      return Validation{s.log_loss, {}, Json::object({{"accuracy", s.accuracy}}), s.accuracy};
    };
  return learn(lesson, recipe, training.out, training.resume, stop, calls);
}

TaskRecipe choose_recipe(const std::string& encoder) {
  TaskRecipe out = default_recipe(encoder, default_encoder_config(encoder));
  out.head = to_json(ChooseHead{});
  out.data = Json::object({{"format", ChoiceSource{}.format}, {"header", ChoiceSource{}.header}});
  return out;
}

}  // namespace

TextTask choose_task() {
  return {.name = "choose",
          .about = "questions with options: which of them is right",
          .files =
              "JSONL with question, options, answer (from 0) and perhaps context, or as CommonsenseQA; or a table of "
              "question, options, answer (A, B, ...)",
          .keys = {{"format", "jsonl, csv, tsv, or auto: by the name"},
                   {"header", "yes or no: whether the first row of a table names the columns"}},
          .input = "a question and its options with tabs between, or {\"question\": .., \"options\": [..]}",
          .measure = "accuracy",
          .encoders = encoder_names,
          .recipe = choose_recipe,
          .train = train_choices,
          .load = load_system<ChooseSystem>};
}

}  // namespace stemma
