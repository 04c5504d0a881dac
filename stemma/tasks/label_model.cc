#include "stemma/tasks/label_model.h"

#include "stemma/models/encoder.h"

namespace stemma {

void LabelHead::validate() const {
  const auto one_of = [](std::string_view name, const std::string& value, const std::vector<std::string>& known) {
    for (const auto& k : known)
      if (k == value) return;
    fail(name, ": unknown '", value, "'", suggestion(value, known));
  };
  one_of("head.pooling", pooling, {"auto", "last", "first", "max", "mean", "attention"});
  one_of("head.balance", balance, {"none", "balanced"});
  one_of("head.pairs", pairs, {"siamese", "joint"});
  check(hidden >= 0 && attention_width >= 0, "head.hidden, head.attention_width: must be at least 0");
  check(dropout >= 0 && dropout < 1, "head.dropout = ", dropout, ": must be in [0, 1)");
}

std::vector<std::string> label_encoders() { return encoder_names(); }

TaskRecipe label_recipe(const std::string& encoder, const LabelTask& task) {
  TaskRecipe out;
  out.encoder = encoder;
  out.train = default_training();
  out.train.stop_on = "score";
  out.architecture = default_encoder_config(encoder);
  LabelHead head;
  if (task.pairs) head.hidden = 128;
  out.head = to_json(head);
  return out;
}

TrainedLabels train_label_model(const LabelTraining& training, const std::atomic<bool>& stop,
                                const TaskCallbacks& calls) {
  return train_network_labels(training, stop, calls);
}

std::unique_ptr<LabelModel> load_label_model(const TaskRecipe& recipe, const LabelTask& task,
                                             const std::string& directory) {
  return load_network_labels(recipe, task, directory);
}

}  // namespace stemma
