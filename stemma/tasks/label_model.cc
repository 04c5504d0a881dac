#include "stemma/tasks/label_model.h"

#include <algorithm>

#include "stemma/base/choice.h"
#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/tasks/network.h"

namespace stemma {

void LabelHead::validate() const {
  check_pooling(pooling);
  check_choice("head.class_weights", class_weights, {"none", "balanced"});
  check_choice("head.pairs", pairs, {"siamese", "symmetric", "joint"});
  check(hidden >= 0 && attention_width >= 0 && sentence_width >= 0,
        "head.hidden, head.attention_width, head.sentence_width: must be at least 0");
  check(sentence_width == 0 || pairs != "joint", "head.sentence_width: a pair that is one text has no sentences");
  check(dropout >= 0 && dropout < 1, "head.dropout = ", dropout, ": must be in [0, 1)");
}

std::vector<std::string> label_encoders() {
  std::vector<std::string> names = {"tfidf", "fasttext"};
  for (auto& name : encoder_names()) names.push_back(std::move(name));
  return names;
}

TaskRecipe label_recipe(const std::string& encoder, const LabelTask& task) {
  const auto known = label_encoders();
  check(std::find(known.begin(), known.end(), encoder) != known.end(), "unknown encoder '", encoder, "'",
        suggestion(encoder, known));
  TaskRecipe out = default_recipe(encoder, encoder == "tfidf"      ? sparse_defaults()
                                           : encoder == "fasttext" ? bag_defaults()
                                                                   : default_encoder_config(encoder));
  LabelHead head;
  if (task.pairs) {  // Conneau et al. 2017, section 5: the maximum over time, a layer between
    head.hidden = 128, head.pooling = "max", head.dropout = 0.2f;
    out.train.schedule.rate = encoder == "bag" ? 4e-3 : 2e-3;
    if (out.architecture.find("input")) out.architecture["input"]["dropout"] = 0.2;
  }
  out.head = to_json(head);
  return out;
}

TrainedLabels train_label_model(const LabelTraining& training, const std::atomic<bool>& stop,
                                const TaskCallbacks& calls) {
  const auto& encoder = training.recipe.encoder;
  return encoder == "tfidf"      ? train_sparse_labels(training, calls)
         : encoder == "fasttext" ? train_bag_labels(training, stop, calls)
                                 : train_network_labels(training, stop, calls);
}

std::unique_ptr<LabelModel> load_label_model(const TaskRecipe& recipe, const LabelTask& task,
                                             const std::string& directory) {
  return recipe.encoder == "tfidf"      ? load_sparse_labels(directory)
         : recipe.encoder == "fasttext" ? load_bag_labels(recipe, task, directory)
                                        : load_network_labels(recipe, task, directory);
}

// ---- labels.json ----------------------------------------------------------------------------------------------------
static constexpr const char* kinds[] = {"one", "many", "score"};

void save_label_task(const LabelTask& task, const std::string& directory) {
  write_file(join_path(directory, "labels.json"),
             Json::object({{"kind", kinds[int(task.kind)]}, {"labels", task.labels.to_json()}}).dump(2) + "\n");
}

LabelTask load_label_task(const std::string& name, const std::string& directory) {
  const std::string path = join_path(directory, "labels.json");
  const Json json = Json::parse(read_file(path), path);
  check(json.find("kind") && json["kind"].is_string() && json.find("labels"), path, ": kind or labels are missing");
  const std::string kind = json["kind"].text();
  const auto found = std::find(std::begin(kinds), std::end(kinds), kind);
  check(found != std::end(kinds), path, ": kind: unknown '", kind, "'");
  return {name, LabelKind(found - std::begin(kinds)), LabelSet::from_json(json["labels"], path), name == "pair"};
}

// ---------------------------------------------------------------------------------------------------------------------
GradientFlow label_flow(const LabelFlow& asked) {
  const std::string& encoder = asked.recipe.encoder;
  check(encoder != "tfidf" && encoder != "fasttext", "gradients: ", encoder,
        " does not learn by gradients through a text's length");
  return network_label_flow(asked);
}

std::string describe_labels(const LabelTask& task) {
  return task.kind == LabelKind::score ? "a score" : task.labels.in_short();
}

std::string measure_of(const LabelTask& task) {
  return task.kind == LabelKind::one ? "accuracy" : task.kind == LabelKind::many ? "micro_f1" : "spearman";
}

TaskPlan shallow_plan(const LabelTraining& training) {
  TaskPlan plan;
  plan.task = training.task.name, plan.encoder = training.recipe.encoder, plan.preset = training.recipe.preset;
  plan.model = str(plan.task, " by ", plan.encoder);
  plan.precision = "f32", plan.threads = threads();
  plan.examples = training.train.size(), plan.valid_examples = training.valid.size();
  plan.measure = measure_of(training.task), plan.labels = describe_labels(training.task);
  plan.limit = plan.encoder == "tfidf" ? "the optimum" : "all epochs";
  plan.available_bytes = system_memory_available();
  return plan;
}

std::string unused_options(const LabelTraining& training) {
  const auto& recipe = training.recipe;
  TaskRecipe usual = label_recipe(recipe.encoder, training.task);
  // What these families do heed, or the run decides by itself.
  usual.train.seed = recipe.train.seed, usual.train.deterministic = recipe.train.deterministic;
  usual.train.stop_on = recipe.train.stop_on;
  if (recipe.architecture.find("epochs")) usual.train.epochs = recipe.train.epochs;  // --epochs sets both
  RecipeTree limited(to_json(usual));
  limit(limited, training.valid.size() > 0);
  const auto unasked = limited.build<TaskRecipe>().train;  // the limit of a run that was given none
  if (recipe.train.epochs == unasked.epochs) usual.train.epochs = unasked.epochs;
  if (recipe.train.early_stopping == unasked.early_stopping) usual.train.early_stopping = unasked.early_stopping;
  usual.train = resolved(usual.train);
  std::string out;
  const auto add = [&](std::string_view what) { out += str(out.empty() ? "" : ", ", what); };
  const auto add_changed = [&](const std::string& path, const Json& now, const Json& then) {
    for (const auto& [key, value] : now.object())
      if (value != then[key]) add(path + key);
  };
  if (recipe.encoder == "tfidf") {
    if (!recipe.vectors.empty()) add("vectors");
    add_changed("text.", to_json(recipe.text), to_json(usual.text));
    usual.head["class_weights"] = recipe.head["class_weights"];
  }
  add_changed("head.", recipe.head, usual.head);
  add_changed("batch.", to_json(recipe.batch), to_json(usual.batch));
  add_changed("train.", to_json(recipe.train), to_json(usual.train));
  return out.empty() ? "" : str(recipe.encoder, " makes no use of ", out);
}

std::vector<double> shares(std::vector<double> of_labels) {
  double sum = 0;
  for (const double p : of_labels) sum += p;
  for (double& p : of_labels) p = sum > 0 ? p / sum : 1 / double(of_labels.size());
  return of_labels;
}

TrainedLabels judged(const LabelTraining& training, TrainedLabels trained) {
  if (training.valid.size() == 0) return trained;
  trained.summary.best = *training.judge(trained.model->answer(training.valid.documents)).score;
  trained.summary.best_step = trained.summary.step = 1;
  return trained;
}

}  // namespace stemma
