#include "stemma/tasks/network_labels.h"

#include <algorithm>

#include "stemma/base/hash.h"

namespace stemma {

Tensor absolute(const Tensor& x) { return relu(x) + relu(-x); }

std::vector<bool> NetworkLabels::cut(const Documents& documents) const {
  // A token has a byte at least, so that most texts need no second look.
  const int64_t most = lexer_.options().max_length, known = encoder_->longest();
  const int64_t bytes = most && known ? std::min(most, known) : most + known;
  std::vector<bool> out(size_t(documents.size()));
  for (size_t i = 0; bytes && i < out.size(); ++i) {
    Documents one{{documents.first[i]}, {}};
    if (documents.pairs()) one.second = {documents.second[i]};
    if (int64_t(one.first[0].size() + (documents.pairs() ? one.second[0].size() + 1 : 0)) <= bytes) continue;
    const Encoded x = encode(one);
    out[i] = x.first.cut[0] || (x.second.size() && x.second.cut[0]);
  }
  return out;
}

// ---- losses ---------------------------------------------------------------------------------------------------------
std::vector<float> label_targets(const LabelledDocuments& data, const LabelTask& task, float smoothing,
                                 const std::vector<double>& weights) {
  const auto k = size_t(std::max<int64_t>(task.labels.size(), 1));
  std::vector<float> out(size_t(data.size()) * k);
  for (size_t i = 0; i < size_t(data.size()); ++i) {
    if (task.kind == LabelKind::score) {
      out[i] = float(data.scores[i]);
      continue;
    }
    for (const int32_t label : data.labels[i]) out[i * k + size_t(label)] = 1 - smoothing;
    for (size_t j = 0; j < k; ++j) {
      out[i * k + j] += smoothing / float(task.kind == LabelKind::one ? k : 2);
      if (task.kind == LabelKind::one) out[i * k + j] *= float(weights[size_t(data.labels[i].at(0))]);
    }
  }
  return out;
}

Loss label_loss(const Tensor& z, const Tensor& t, LabelKind kind) {
  Loss out;
  if (kind == LabelKind::score) {
    out.total = sum(square(z - t));
  } else if (kind == LabelKind::many) {
    out.total = sum(relu(z) - t * z + log(exp(-absolute(z)) + 1.0f));
  } else {
    out.total = -1.0f * sum(t * log_softmax(z));
    const auto best = argmax(z), right = argmax(t);
    for (size_t i = 0; i < best.size(); ++i) out.correct += best[i] == right[i];
  }
  out.nll = double(out.total.item());
  return out;
}

namespace {

// n / (labels * count), as scikit-learn's class_weight = "balanced"; or ones.
std::vector<double> weights_of_labels(const LabelledDocuments& data, const LabelTask& task, bool balanced) {
  std::vector<double> weights(size_t(task.labels.size()), 1), counts(size_t(task.labels.size()));
  if (!balanced) return weights;
  for (const auto& labels : data.labels)
    for (const int32_t label : labels) ++counts[size_t(label)];
  for (size_t j = 0; j < weights.size(); ++j)
    if (counts[j] > 0) weights[j] = double(data.size()) / (double(weights.size()) * counts[j]);
  return weights;
}

}  // namespace

TrainedLabels train_network_labels(const LabelTraining& training, const std::atomic<bool>& stop,
                                   const TaskCallbacks& calls) {
  const auto& [recipe, task, train, valid, judge, directory, resume] = training;
  const NetworkRun run{recipe, directory, resume};
  std::vector<std::string_view> texts(train.documents.first.begin(), train.documents.first.end());
  texts.insert(texts.end(), train.documents.second.begin(), train.documents.second.end());
  auto model = begin_network<NetworkLabels>(run, calls, begin_lexer(run, texts), task);
  const auto x = model->encode(train.documents), v = model->encode(valid.documents);
  const auto head = from_json<LabelHead>(recipe.head, "head");
  check(head.class_weights == "none" || task.kind == LabelKind::one,
        "head.class_weights: is for texts with one label each, which these are not; leave it at none");
  const int64_t k = std::max<int64_t>(task.labels.size(), 1);
  const auto targets = label_targets(train, task, recipe.train.label_smoothing,
                                     weights_of_labels(train, task, head.class_weights == "balanced"));
  Lesson lesson = model->lesson(run);
  lesson.plan.labels = describe_labels(task), lesson.plan.measure = measure_of(task);
  lesson.plan.valid_examples = valid.size();
  lesson.examples = x.size(), lesson.fingerprint = x.fingerprint(hash64(targets));
  lesson.cost = [&](int64_t i) { return x.cost(i); };
  lesson.loss = [&](std::span<const int64_t> index) {
    Tensor t(int64_t(index.size()), k);
    for (size_t b = 0; b < index.size(); ++b) std::copy_n(targets.data() + index[b] * k, k, t.data() + int64_t(b) * k);
    return label_loss(model->logits(x, index), t, task.kind);
  };
  if (valid.size()) lesson.validate = [&] { return judge(model->answer(v)); };
  lesson.save = [&, &task = task, &directory = directory, save = lesson.save] {
    save_label_task(task, directory), save();
  };
  const Summary summary = learn(lesson, recipe, directory, resume, stop, calls);
  return {std::move(model), summary};
}

std::unique_ptr<LabelModel> load_network_labels(const TaskRecipe& recipe, const LabelTask& task,
                                                const std::string& directory) {
  return load_network<NetworkLabels>(recipe, directory, task);
}

GradientFlow network_label_flow(const LabelFlow& asked) {
  NetworkLabels model(asked.recipe, asked.task, Lexer::load(asked.directory));
  load_tensors(trained_weights(asked.directory), model.params(), model.architecture());
  return model.flow(asked.texts, asked.places);
}

}  // namespace stemma
