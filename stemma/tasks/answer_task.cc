#include "stemma/tasks/answer_task.h"

#include <algorithm>

#include "stemma/tasks/answer_scores.h"
#include "stemma/tasks/evidence.h"
#include "stemma/tasks/input_notes.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

// ---- the system -----------------------------------------------------------------------------------------------------
// {"context": .., "question": ..} or a question, a tab and its text.
void add_input(const std::string& line, Questions& out) {
  std::string question, context;
  if (line.starts_with("{")) {
    const Json json = Json::parse(line, "input");
    question = json["question"].text(), context = json["context"].text();
  } else {
    const auto tab = line.find('\t');
    check(tab != line.npos, "an input is a question, a tab and a text, or {\"question\": .., \"context\": ..}, not ",
          in_quotes(line));
    question = line.substr(0, tab), context = line.substr(tab + 1);
  }
  check_utf8(question, "question"), check_utf8(context, "context");
  out.questions.push_back(
      {.id = str(out.size() + 1), .text = question, .passage = int64_t(out.passages.size()), .answers = {}});
  out.passages.push_back({.title = "", .text = context});
}
Questions inputs_of(const std::vector<std::string>& lines) {
  Questions out;
  for (const auto& line : lines) add_input(line, out);
  return out;
}

class AnswerSystem : public TextSystem {
 public:
  explicit AnswerSystem(const std::string& directory)
      : recipe_(load_task_recipe(directory, "answer")), model_(load_network<AnswerModel>(recipe_, directory)) {}

  std::vector<TaskAnswer> answer(const std::vector<std::string>& inputs) const override {
    return answer(inputs_of(inputs));
  }
  std::vector<TaskAnswer> answer_file(const std::string& file) const override {
    const Questions questions = read_questions({.path = file, .misplaced = "keep"});
    auto out = answer(questions);
    for (size_t i = 0; i < out.size(); ++i) {
      Json json = Json::object({{"id", questions.questions[i].id}});
      for (const auto& [key, value] : out[i].json.object()) json[key] = value;
      out[i].json = std::move(json);
    }
    return out;
  }
  std::vector<TaskAnswer> answer(const Questions& questions) const {
    std::vector<TaskAnswer> out;
    const QuestionRows x = model_->encode(questions, 0);
    for (const auto& found : model_->answer(x, questions)) {
      const auto i = int64_t(out.size());
      out.push_back(answer_of(found, questions.context(questions.questions[size_t(i)])));
      out.back().cut = x.is_cut(i);
    }
    return out;
  }
  TaskReport evaluate(const std::string& file, const Json& data) const override {
    const auto how = from_json<AnswerData>(data.is_null() ? recipe_.data : data, "data");
    how.validate();
    const Questions questions = read_questions({.path = file, .misplaced = "keep"});
    const QuestionRows x = model_->encode(questions, 0);
    TaskReport out = score_answers(questions, model_->answer(x, questions), how.scoring);
    out.notes = describe_skipped(questions.report), out.examples = questions.size();
    note_cut(out, count_cut(x));
    return out;
  }
  Json explain(const std::string& input) const override;
  const TaskRecipe& recipe() const override { return recipe_; }
  int64_t parameters() const override { return count(model_->params()); }

 private:
  static TaskAnswer answer_of(FoundAnswers found, const std::string& context) {
    const auto characters = characters_before(context);
    for (auto& span : found.best) span.begin = characters[size_t(span.begin)], span.end = characters[size_t(span.end)];
    const std::string text = found.text();
    Json json = Json::object({{"answer", text}});
    if (!text.empty()) {
      json["begin"] = found.best[0].begin, json["end"] = found.best[0].end;
      json["probability"] = found.best[0].probability;
    }
    json["no_answer"] = found.no_answer;
    json["nbest"] = to_json(found.best);
    return {json, text};
  }
  TaskRecipe recipe_;
  std::unique_ptr<AnswerModel> model_;
};

// Beside what every task says: "start" and "end", probabilities of the text's tokens, and "question_of_context", for
// each of them the attention it pays to each token of the question.
Json AnswerSystem::explain(const std::string& input) const {
  const Questions one = inputs_of({input});
  const QuestionRows x = model_->encode(one, 0);
  const std::string &context = one.passages[0].text, &question = one.questions[0].text;
  Tensor attention, important;
  FlowReader::Scores s;
  const NoGrad off;
  const Evaluating on;
  {
    const Listening listener([&](const std::string& path, const Tensor& value) {
      if (path.ends_with("reader.attention")) attention = value;
      if (path.ends_with("query to context")) important = value;
    });
    const int64_t first = 0;
    s = model_->scores(x, {&first, 1});
  }
  const std::vector<double> none(size_t(x.questions.length(0)));
  const auto evidence = [&](const std::vector<std::vector<double>>& weights) {
    return to_json(evidence_of(model_->lexer(), {context, question}, weights));
  };
  const auto values = [](const Tensor& column) {
    const auto v = column.values();
    return std::vector<double>(v.begin(), v.end());
  };
  Json::Array matrix;
  const Json words = evidence({values(important)}), asked = evidence({{}, none});
  for (size_t t = 0; t < words.array().size(); ++t) {
    const float* row = attention.data() + int64_t(t) * attention.cols();
    matrix.push_back(Json(std::vector<float>(row, row + asked.array().size())));
  }
  return Json::object({{"texts", Json::Array{context, question}},
                       {"answer", answer_of(model_->answer(x, one).front(), context).json},
                       {"measure", "query to context attention"},
                       {"saliency", words},
                       {"attention", Json::Array{}},
                       {"start", evidence({values(segment_softmax(s.start))})},
                       {"end", evidence({values(segment_softmax(s.end))})},
                       {"question", asked},
                       {"question_of_context", matrix}});
}

// ---- training -------------------------------------------------------------------------------------------------------
// Only questions that have something to learn from, and the texts they are about.
Questions some_of(const Questions& all, const std::vector<int64_t>& which) {
  Questions out;
  out.report = all.report;
  std::vector<int64_t> place(all.passages.size(), -1);
  for (const int64_t i : which) {
    PassageQuestion question = all.questions[size_t(i)];
    auto& at = place[size_t(question.passage)];
    if (at < 0) at = int64_t(out.passages.size()), out.passages.push_back(all.passages[size_t(question.passage)]);
    question.passage = at;
    out.questions.push_back(std::move(question));
  }
  return out;
}

std::vector<std::string_view> texts_of(const Questions& of) {
  std::vector<std::string_view> out;
  for (const auto& passage : of.passages) out.push_back(passage.text);
  for (const auto& question : of.questions) out.push_back(question.text);
  return out;
}

// The questions whose answer has rows.
std::vector<int64_t> learnable(const Questions& train, const QuestionRows& x, const TaskCallbacks& calls) {
  std::vector<int64_t> out;
  Skipped passed;
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.answers[size_t(i)].first >= 0)
      out.push_back(i);
    else
      passed.add(train.questions[size_t(i)].id);
  }
  const int64_t cut = std::count(x.contexts.cut.begin(), x.contexts.cut.end(), true);
  if (calls.say && cut) calls.say(str(cut, " of ", train.passages.size(), " texts are cut in training"));
  if (calls.say && passed.count)
    calls.say(str(passed.count,
                  " questions passed over, their answer is cut off or not to be learned, the first: ", passed.first));
  return out;
}

// The training file, and the run with what that file decides.
struct Begun {
  TaskTraining training;
  AnswerHead head;
  AnswerData data;
  Questions train;
};
Begun read_training(const TaskTraining& asked) {
  Begun out{
      asked, from_json<AnswerHead>(asked.recipe.head, "head"), from_json<AnswerData>(asked.recipe.data, "data"), {}};
  out.head.validate(), out.data.validate();
  out.train = read_questions({.path = asked.train, .misplaced = out.data.misplaced});
  if (out.head.no_answer == "auto") out.head.no_answer = out.train.report.impossible > 0 ? "yes" : "no";
  out.training.recipe.head = to_json(out.head);
  return out;
}

Summary train_answers(const TaskTraining& asked, const std::atomic<bool>& stop, const TaskCallbacks& calls) {
  Begun begun = read_training(asked);
  const auto& [training, head, data, train] = begun;
  const TaskRecipe recipe = begin_run(training, "answer");
  say_skipped(calls, training.train, describe_skipped(train.report));
  begun.train = some_of(train, sample(train.size(), training.most, recipe.train.seed));
  const NetworkRun run{recipe, training.out, training.resume};
  const auto model = begin_network<AnswerModel>(run, calls, begin_lexer(run, texts_of(train)));
  const QuestionRows x = model->encode(train, head.longest_context);
  const auto which = learnable(train, x, calls);
  Questions valid;
  if (!training.valid.empty()) valid = read_questions({.path = training.valid, .misplaced = "keep"});
  const QuestionRows v = model->encode(valid, 0);
  Lesson lesson = model->lesson(run);
  lesson.plan.labels = head.no_answer == "yes" ? "a span, or none" : "a span";
  lesson.plan.valid_examples = valid.size();
  lesson.examples = int64_t(which.size()), lesson.fingerprint = x.fingerprint();
  lesson.cost = [&](int64_t i) { return x.cost(which[size_t(i)]); };
  lesson.loss = [&](std::span<const int64_t> index) {
    std::vector<int64_t> questions;
    for (const int64_t i : index) questions.push_back(which[size_t(i)]);
    return model->loss(x, questions);
  };
  if (valid.size()) lesson.validate = [&] { return validation_of(valid, v, model->answer(v, valid), data.scoring); };
  return learn(lesson, recipe, training.out, training.resume, stop, calls);
}

// Widths of Seo et al. 2017 are 100; these learn SQuAD in an hour on two cores.
TaskRecipe answer_recipe(const std::string& encoder) {
  TaskRecipe out = default_recipe(encoder, default_encoder_config(encoder));
  out.architecture["input"]["dropout"] = 0.2f;
  if (out.architecture.find("width")) out.architecture["width"] = 64;
  out.text.max_length = 0;
  out.head = to_json(AnswerHead{}), out.data = to_json(AnswerData{});
  return out;
}

}  // namespace

TextTask answer_task() {
  return {.name = "answer",
          .about = "questions about a text: the span of it that answers",
          .files = "JSON as SQuAD 1.1, 2.0 and CMRC 2018 have it",
          .keys = {{"misplaced", "answers that do not stand where the file says: skip, or fail"},
                   {"scoring", "squad, cmrc, or auto: cmrc for Chinese"}},
          .input = "a question and a text with a tab between, or {\"question\": .., \"context\": ..}",
          .measure = "F1",
          .encoders = encoder_names,
          .recipe = answer_recipe,
          .train = train_answers,
          .load = load_system<AnswerSystem>};
}

}  // namespace stemma
