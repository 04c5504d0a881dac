#include "stemma/tasks/label_tasks.h"

#include <algorithm>
#include <cmath>

#include "stemma/base/files.h"
#include "stemma/data/labelled_text.h"
#include "stemma/data/text_pairs.h"
#include "stemma/tasks/input_notes.h"
#include "stemma/tasks/label_model.h"
#include "stemma/tasks/label_scores.h"

namespace stemma {

namespace {

// Columns that nobody named are the first ones; in JSONL they are keys, called as the reader calls them.
const LabelledTextSource first_columns{.text = {"1"}, .label = "2"};
TextPairSource first_pair_columns() {
  TextPairSource out;
  out.first = "1", out.second = "2", out.label = "3";
  return out;
}
template <class Column>
void name_column(Column& column, const Column& unnamed, const Column& key) {
  if (column == unnamed) column = key;
}

// ---- files -> documents ---------------------------------------------------------------------------------------------
struct ReadDocuments {
  LabelledDocuments data;
  LabelTask task;
  std::string notes;
};

LabelledTextSource text_source(const TaskRecipe& recipe, const std::string& path) {
  auto source = from_json<LabelledTextSource>(recipe.data, "data");
  source.path = path;
  if (source.format != "fasttext" && table_format(path, source.format) != "jsonl") return source;
  const LabelledTextSource usual;
  name_column(source.text, first_columns.text, usual.text), name_column(source.label, first_columns.label, usual.label);
  return source;
}

// `known`: the task of a system that is trained already; null: it becomes what the file is.
ReadDocuments read_texts(const TaskRecipe& recipe, const std::string& path, const LabelTask* known) {
  const auto source = text_source(recipe, path);
  auto read = known ? read_labelled_texts(source, known->labels) : read_labelled_texts(source);
  ReadDocuments out{.data = {},
                    .task = known ? *known : LabelTask{"classify", LabelKind::one, read.names, false},
                    .notes = describe_skipped(read.report)};
  out.data.documents.first = std::move(read.texts);
  for (int64_t i = 0; i < read.labels.size(); ++i) {
    const auto ids = read.labels[i];
    out.data.labels.emplace_back(ids.begin(), ids.end());
    if (ids.size() == 1) continue;
    check(!known || out.task.kind == LabelKind::many, path, ": a text with ", ids.size(),
          " labels, but the system was trained on texts with one each");
    out.task.kind = LabelKind::many;
  }
  return out;
}

// A table, or three files of lines: FIRST,SECOND,LABEL.
TextPairSource pair_source(const TaskRecipe& recipe, const std::string& path) {
  auto source = from_json<TextPairSource>(recipe.data, "data");
  source.path = path;
  const auto comma = path.find(','), second = path.find(',', comma + 1);
  if (comma == path.npos || exists(path)) {
    if (table_format(path, source.table.format) != "jsonl") return source;
    const TextPairSource usual, unnamed = first_pair_columns();
    name_column(source.first, unnamed.first, usual.first), name_column(source.second, unnamed.second, usual.second);
    name_column(source.label, unnamed.label, usual.label);
    return source;
  }
  check(second != path.npos, path, ": pairs in files of lines are three: FIRST,SECOND,LABEL");
  source.path.clear();
  source.first = path.substr(0, comma), source.second = path.substr(comma + 1, second - comma - 1);
  source.label = path.substr(second + 1);
  return source;
}

ReadDocuments read_pairs_of(const TaskRecipe& recipe, const std::string& path, const LabelTask* known) {
  auto source = pair_source(recipe, path);
  if (known) source.scores = known->kind == LabelKind::score;
  auto read = known ? read_text_pairs(source, known->labels) : read_text_pairs(source);
  ReadDocuments out{.data = {},
                    .task = known           ? *known
                            : source.scores ? LabelTask{"pair", LabelKind::score, {}, true}
                                            : LabelTask{"pair", LabelKind::one, read.names, true},
                    .notes = describe_skipped(read.report)};
  out.data.documents = {std::move(read.first), std::move(read.second)};
  out.data.scores = std::move(read.scores);
  for (const int32_t label : read.labels) out.data.labels.push_back({label});
  return out;
}

ReadDocuments read_documents(const std::string& task, const TaskRecipe& recipe, const std::string& path,
                             const LabelTask* known) {
  return task == "pair" ? read_pairs_of(recipe, path, known) : read_texts(recipe, path, known);
}

LabelledDocuments some_of(LabelledDocuments all, const std::vector<int64_t>& which) {
  if (int64_t(which.size()) == all.size()) return all;
  const auto pick = [&](auto& list) {
    if (list.empty()) return;
    std::decay_t<decltype(list)> out;
    for (const int64_t i : which) out.push_back(std::move(list[size_t(i)]));
    list = std::move(out);
  };
  pick(all.documents.first), pick(all.documents.second), pick(all.labels), pick(all.scores);
  return all;
}

// ---- the system -----------------------------------------------------------------------------------------------------
class LabelSystem : public TextSystem {
 public:
  LabelSystem(const std::string& task, const std::string& directory)
      : directory_(directory),
        recipe_(load_task_recipe(directory, task)),
        task_(load_label_task(task, directory)),
        model_(load_label_model(recipe_, task_, directory)) {}

  std::vector<TaskAnswer> answer(const std::vector<std::string>& inputs) const override {
    const Documents asked = documents(inputs);
    const auto y = model_->answer(asked);
    std::vector<TaskAnswer> out;
    const auto cut = model_->cut(asked);
    for (size_t i = 0; i < y.size(); ++i) {
      out.push_back(answer_of(y[i]));
      out.back().cut = !cut.empty() && cut[i];
    }
    return out;
  }
  TaskReport evaluate(const std::string& file, const Json& data) const override {
    TaskRecipe recipe = recipe_;
    if (!data.is_null()) recipe.data = data;
    const auto read = read_documents(task_.name, recipe, file, &task_);
    TaskReport report = score_labels(task_, read.data, model_->answer(read.data.documents));
    report.notes = read.notes, report.examples = read.data.size();
    const auto cut = model_->cut(read.data.documents);
    note_cut(report, std::count(cut.begin(), cut.end(), true));
    return report;
  }
  Json explain(const std::string& input) const override {
    const Documents one = documents({input});
    const auto y = model_->answer(one).front();
    const auto best = int32_t(std::max_element(y.begin(), y.end()) - y.begin());
    const auto why = model_->explain(one, best);
    Json::Array texts{one.first[0]};
    if (one.pairs()) texts.push_back(one.second[0]);
    return Json::object({{"texts", texts},
                         {"answer", answer_of(y).json},
                         {"measure", why.measure},
                         {"saliency", to_json(why.saliency)},
                         {"attention", to_json(why.attention)}});
  }
  GradientFlow flow(const std::string& file, const FlowPlaces& places) const override {
    const auto read = read_documents(task_.name, recipe_, file, &task_);
    return label_flow({recipe_, task_, directory_, read.data, places});
  }
  const TaskRecipe& recipe() const override { return recipe_; }
  int64_t parameters() const override { return model_->parameters(); }
  Params params() const override { return model_->params(); }
  Json learned(const std::vector<std::string>& texts) const override {
    Json out = Json::Object{};
    Json::Array heaviest, filters;
    for (int32_t j = 0; j < std::max<int64_t>(task_.labels.size(), 1); ++j) {
      const auto features = model_->heaviest(j);
      if (!features.empty()) heaviest.push_back(Json::object({{"label", name_of(j)}, {"features", to_json(features)}}));
    }
    if (!texts.empty())
      for (const auto& f : model_->filters(documents(texts))) {
        Json::Array ngrams;
        for (const auto& n : f.ngrams) ngrams.push_back(Json::object({{"text", n.text}, {"activation", n.weight}}));
        filters.push_back(Json::object({{"filter", f.filter},
                                        {"width", f.width},
                                        {"label", name_of(f.label)},
                                        {"weight", f.weight},
                                        {"ngrams", ngrams}}));
      }
    if (!heaviest.empty()) out["heaviest"] = heaviest;
    if (!filters.empty()) out["filters"] = filters;
    return out;
  }

 private:
  std::string name_of(int32_t label) const {
    return task_.kind == LabelKind::score ? "score" : task_.labels.name(label);
  }
  Documents documents(const std::vector<std::string>& inputs) const {
    Documents out;
    for (const auto& line : inputs) {
      if (!task_.pairs) {
        out.first.push_back(line);
        continue;
      }
      const auto tab = line.find('\t');
      check(tab != line.npos, "a pair is two texts with a tab between, not ", in_quotes(line));
      out.first.push_back(line.substr(0, tab)), out.second.push_back(line.substr(tab + 1));
    }
    return out;
  }
  TaskAnswer answer_of(const std::vector<double>& y) const {
    if (task_.kind == LabelKind::score) return {Json::object({{"score", y[0]}}), str(std::round(y[0] * 1e4) / 1e4)};
    Json probabilities = Json::Object{};
    Json::Array labels;
    std::string text;
    const auto best = std::max_element(y.begin(), y.end()) - y.begin();
    for (size_t j = 0; j < y.size(); ++j) {
      const auto& name = task_.labels.name(int32_t(j));
      probabilities[name] = y[j];
      if (task_.kind == LabelKind::one ? int64_t(j) != best : y[j] < 0.5) continue;
      labels.emplace_back(name);
      text += str(text.empty() ? "" : "\t", name);
    }
    Json json = Json::Object{};
    if (task_.kind == LabelKind::one)
      json["label"] = labels[0];
    else
      json["labels"] = labels;
    json["probabilities"] = probabilities;
    return {json, text};
  }
  std::string directory_;
  TaskRecipe recipe_;
  LabelTask task_;
  std::unique_ptr<LabelModel> model_;
};

// ---- training -------------------------------------------------------------------------------------------------------
// A run that goes on: its last layer has these labels, in this order.
void check_same_labels(const TaskTraining& training, const LabelTask& now) {
  if (!training.resume || !exists(join_path(training.out, "labels.json"))) return;
  const LabelTask begun = load_label_task(now.name, training.out);
  check(begun.kind == now.kind && begun.labels == now.labels, "the labels in ", training.train,
        " are not those that the run in ", training.out, " began with; give it the same file, or choose another --out");
}

Summary train_labels(const std::string& name, const TaskTraining& training, const std::atomic<bool>& stop,
                     const TaskCallbacks& calls) {
  from_json<LabelHead>(training.recipe.head, "head").validate();
  const std::string& encoder = training.recipe.encoder;
  check(!training.resume || (encoder != "tfidf" && encoder != "fasttext"), encoder,
        " learns in one go, so there is nothing to resume; leave --resume out");
  const TaskRecipe recipe = begin_run(training, name);
  auto train = read_documents(name, recipe, training.train, nullptr);
  say_skipped(calls, training.train, train.notes);
  train.data = some_of(std::move(train.data), sample(train.data.size(), training.most, recipe.train.seed));
  check_same_labels(training, train.task);
  LabelledDocuments valid;
  if (!training.valid.empty()) valid = read_documents(name, recipe, training.valid, &train.task).data;
  const auto judge = [&](const std::vector<std::vector<double>>& answers) {
    return validation_of(train.task, valid, answers);
  };
  return train_label_model({recipe, train.task, train.data, valid, judge, training.out, training.resume}, stop, calls)
      .summary;
}

TaskRecipe recipe_of(const LabelTask& task, const std::string& encoder, Json data) {
  TaskRecipe out = label_recipe(encoder, task);
  out.data = without_path(data);
  return out;
}

}  // namespace

TextTask classify_task() {
  return {
      .name = "classify",
      .about = "texts into classes: topics, sentiment, ...; one label each or many",
      .files =
          "a table (TSV, CSV, JSONL) with text and label in columns 1 and 2, or lines of fastText: __label__a text",
      .keys = {{"format", "tsv, csv, jsonl, fasttext, or auto: by the name and the first line"},
               {"header", "yes, no, or auto: whether the first row names the columns"},
               {"text", "columns of the text, by number or name; several are joined by data.join"},
               {"join", "what stands between them"},
               {"label", "column of the label"},
               {"separator", "where a label ends and the next begins, in cells with many"},
               {"names", "a file whose line n is the name of label n"}},
      .input = "a text",
      .measure = "accuracy",
      .encoders = label_encoders,
      .recipe =
          [](const std::string& encoder) { return recipe_of({.name = "classify"}, encoder, to_json(first_columns)); },
      .train = [](const TaskTraining& t, const std::atomic<bool>& stop,
                  const TaskCallbacks& calls) { return train_labels("classify", t, stop, calls); },
      .load = [](const std::string& directory) -> std::unique_ptr<TextSystem> {
        return std::make_unique<LabelSystem>("classify", directory);
      }};
}

TextTask pair_task() {
  return {.name = "pair",
          .about = "two texts: do they mean the same, does one follow from the other, how alike are they",
          .files =
              "a table (TSV, CSV, JSONL) with the texts and the label in columns 1, 2, 3, or three files of lines: "
              "FIRST,SECOND,LABEL",
          .keys = {{"table.format", "tsv, csv, jsonl, or auto: by the name"},
                   {"table.header", "yes, no, or auto: whether the first row names the columns"},
                   {"table.more_columns", "true: rows may be longer than the first one"},
                   {"first", "column of the first text, by number or name"},
                   {"second", "column of the second text"},
                   {"label", "column of the label, or of the score"},
                   {"scores", "true: labels are numbers, to be learned as such"},
                   {"leave", "labels whose pairs are left out, as [\"-\"]"}},
          .input = "two texts with a tab between",
          .measure = "score",
          .encoders = label_encoders,
          .recipe =
              [](const std::string& encoder) {
                return recipe_of({.name = "pair", .pairs = true}, encoder, to_json(first_pair_columns()));
              },
          .train = [](const TaskTraining& t, const std::atomic<bool>& stop,
                      const TaskCallbacks& calls) { return train_labels("pair", t, stop, calls); },
          .load = [](const std::string& directory) -> std::unique_ptr<TextSystem> {
            return std::make_unique<LabelSystem>("pair", directory);
          }};
}

}  // namespace stemma
