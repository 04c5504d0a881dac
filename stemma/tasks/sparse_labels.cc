// Labels by TF-IDF and a linear model: no network, no epochs. See sparse/text_model.h.
#include <chrono>
#include <cmath>

#include "stemma/base/files.h"
#include "stemma/base/parallel.h"
#include "stemma/sparse/text_model.h"
#include "stemma/tasks/label_model.h"

namespace stemma {

namespace {

TextInput input_of(const Documents& documents) { return {documents.first, documents.second}; }

class SparseLabels : public LabelModel {
 public:
  explicit SparseLabels(TextModel model) : model_(std::move(model)) {}

  std::vector<std::vector<double>> answer(const Documents& documents) const override {
    const Predictions y = model_.predict(input_of(documents));
    std::vector<std::vector<double>> out;
    for (int64_t i = 0; i < documents.size(); ++i) {
      const auto row = y.row(i);
      out.emplace_back(row.begin(), row.end());
      if (!model_.has_probabilities() && model_.outcome() != Outcome::score)
        for (double& margin : out.back()) margin = 1 / (1 + std::exp(-margin));  // monotone, not calibrated
      if (model_.outcome() == Outcome::classes) out.back() = shares(std::move(out.back()));
    }
    return out;
  }
  Explained explain(const Documents& one, int32_t label) const override {
    Explained out{.measure = "TF-IDF x weight"};
    for (const auto& reason : model_.explain(input_of(one), label, 30)) {
      const std::string where = reason.part.empty() ? "" : str(" (", reason.part, ")");
      out.saliency.push_back({.text = reason.term + where,
                              .weight = double(reason.value) * double(reason.weight),
                              .document = reason.part == "second"});
    }
    return out;
  }
  std::vector<Evidence> heaviest(int32_t label) const override {
    std::vector<Evidence> out;
    for (const auto& reason : model_.heaviest(label, 20)) out.push_back({.text = reason.term, .weight = reason.weight});
    return out;
  }
  int64_t parameters() const override { return model_.parameters(); }

 private:
  TextModel model_;
};

TextModelOptions options_of(const LabelTraining& t) {
  auto out = from_json<TextModelOptions>(t.recipe.architecture, "architecture");
  out.linear.class_weights = from_json<LabelHead>(t.recipe.head, "head").class_weights;
  check(out.linear.class_weights == "none" || t.task.kind != LabelKind::score,
        "head.class_weights: scores have no classes; leave it at none");
  return out;
}

TextModel fit(const LabelTraining& t, const TextModelOptions& options) {
  const TextInput x = input_of(t.train.documents);
  if (t.task.kind == LabelKind::score) return TextModel::fit_scores(x, t.train.scores, options);
  if (t.task.kind == LabelKind::many) return TextModel::fit_labels(x, t.train.labels, t.task.labels.names(), options);
  std::vector<int32_t> y;
  for (const auto& labels : t.train.labels) y.push_back(labels.at(0));
  return TextModel::fit_classes(x, y, t.task.labels.names(), options);
}

}  // namespace

// What a label counts is the head's to say, for every encoder.
Json sparse_defaults() {
  Json out = to_json(TextModelOptions{});
  std::erase_if(out["linear"].object(), [](const auto& option) { return option.first == "class_weights"; });
  return out;
}

TrainedLabels train_sparse_labels(const LabelTraining& training, const TaskCallbacks& calls) {
  const auto begun = std::chrono::steady_clock::now();
  if (calls.plan) calls.plan(shallow_plan(training));
  if (const auto unused = unused_options(training); calls.say && !unused.empty()) calls.say(unused);
  const TextModel model = fit(training, options_of(training));
  make_directories(training.directory);
  model.save(training.directory);
  save_label_task(training.task, training.directory);
  save_task_recipe(training.recipe, training.task.name, training.directory);
  TrainedLabels out;
  out.model = std::make_unique<SparseLabels>(model);
  out.summary.reason = "optimum";
  out.summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return judged(training, std::move(out));
}

std::unique_ptr<LabelModel> load_sparse_labels(const std::string& directory) {
  return std::make_unique<SparseLabels>(TextModel::load(directory));
}

}  // namespace stemma
