// Labels by a network: an encoder, pooling, a layer.
#include <algorithm>
#include <cmath>

#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/models/encoder.h"
#include "stemma/nn/pooling.h"
#include "stemma/tasks/encoded_texts.h"
#include "stemma/tasks/label_model.h"
#include "stemma/tasks/network.h"
#include "stemma/train/checkpoint.h"

namespace stemma {

namespace {

struct Head {
  Pooling pool;
  Linear hidden, out;
  FIELDS(pool, hidden, out)
  float p = 0;

  Head(const LabelHead& options, const Encoder& encoder, const LabelTask& task)
      : pool({.pooling = options.pooling == "auto" ? default_pooling(encoder.name()) : options.pooling,
              .width = encoder.width(),
              .attention_width = options.attention_width,
              .backwards = encoder.backwards()}),
        p(options.dropout) {
    const bool siamese = task.pairs && options.pairs == "siamese";
    const int64_t width = encoder.width() * (siamese ? 4 : 1);
    if (options.hidden > 0) hidden = Linear(width, options.hidden);
    out = Linear(options.hidden > 0 ? options.hidden : width, std::max<int64_t>(task.labels.size(), 1));
  }
  Tensor operator()(const Tensor& text) const {
    const Tensor x = hidden.W ? hidden(dropout(text, p), Activation::relu) : text;
    return out(dropout(x, p));
  }
};

Tensor abs(const Tensor& x) { return relu(x) + relu(-x); }

class NetworkLabels : public LabelModel {
 public:
  NetworkLabels(const TaskRecipe& recipe, const LabelTask& task, Lexer lexer)
      : task_(task),
        options_(from_json<LabelHead>(recipe.head, "head")),
        lexer_(std::move(lexer)),
        encoder_(make_encoder(recipe.encoder, recipe.architecture, {lexer_.size(), lexer_.letter_count()})),
        head_(options_, *encoder_, task) {
    with_letters_ = reads_letters(recipe.architecture);
  }

  void walk(const ParamFn& f) { encoder_->walk("encoder", f), stemma::walk("head", head_, f); }
  Params params() const override {
    return unique_params([this](const ParamFn& f) { const_cast<NetworkLabels*>(this)->walk(f); });
  }
  const Lexer& lexer() const { return lexer_; }
  std::string architecture(const TaskRecipe& recipe) const {
    return str(task_.name, " ", recipe.encoder, " ", recipe.architecture.dump(), " ", recipe.head.dump(), " ",
               lexer_.size(), " ", lexer_.letter_count(), " ", task_.labels.size());
  }

  // ---- documents as rows ----
  struct Encoded {
    EncodedTexts first, second;
    int64_t size() const { return first.size(); }
    uint64_t fingerprint(uint64_t seed) const { return first.fingerprint(second.fingerprint(seed)); }
    TokenCost cost(int64_t i) const { return {first.length(i) + (second.size() ? second.length(i) : 0), 1}; }
  };
  Encoded encode(const Documents& documents) const {
    Encoded out;
    const auto encode_all = [&](const std::vector<std::string>& texts) {
      EncodedTexts rows;
      rows.with_letters = with_letters_, rows.longest = encoder_->longest();
      for (const auto& text : texts) rows.add(lexer_, lexer_.lex(text), text);
      return rows;
    };
    out.first = encode_all(documents.first);
    if (!documents.pairs()) return out;
    out.second = encode_all(documents.second);
    if (options_.pairs == "siamese") return out;
    Encoded joint;
    joint.first.with_letters = with_letters_, joint.first.longest = encoder_->longest();
    for (int64_t i = 0; i < documents.size(); ++i) joint.first.add_joined(out.first, out.second, i);
    return joint;
  }
  Tensor logits(const Encoded& x, std::span<const int64_t> index) const {
    const Tensor u = head_.pool((*encoder_)(x.first.gather(index)));
    if (!x.second.size()) return head_(u);
    const Tensor v = head_.pool((*encoder_)(x.second.gather(index)));
    return head_(hstack({u, v, abs(u - v), u * v}));
  }

  std::vector<bool> cut(const Documents& documents) const override;
  std::vector<std::vector<double>> answer(const Documents& documents) const override {
    return answer(encode(documents));
  }
  std::vector<std::vector<double>> answer(const Encoded& x) const {
    std::vector<std::vector<double>> out(static_cast<size_t>(x.size()));
    in_batches(
        x.size(), [&](int64_t i) { return x.cost(i); },
        [&](std::span<const int64_t> index) {
          const Tensor z = logits(x, index);
          const Tensor y = task_.kind == LabelKind::one ? softmax(z) : task_.kind == LabelKind::many ? sigmoid(z) : z;
          for (size_t b = 0; b < index.size(); ++b) {
            const float* row = y.data() + int64_t(b) * y.cols();
            out[size_t(index[b])].assign(row, row + y.cols());
          }
        });
    return out;
  }

  Explained explain(const Documents& one, int32_t label) const override;
  std::vector<ExplainedFilter> filters(const Documents& texts) const override;
  int64_t parameters() const override { return count(params()); }

 private:
  LabelTask task_;
  LabelHead options_;
  Lexer lexer_;
  std::unique_ptr<Encoder> encoder_;
  Head head_;
  bool with_letters_ = false;
};

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

// Gradient x input (Simonyan et al. 2014; Denil et al. 2014): how much the label's logit would fall, to first order, if
// a token's vector were zero.
Explained NetworkLabels::explain(const Documents& one, int32_t label) const {
  const Encoded x = encode(one);
  const Evaluating on;
  const Recording tape;
  Explained out;
  out.measure = "gradient x input";
  std::vector<Tensor> attention;
  std::vector<Tensor> inputs;
  {
    const Listening listener([&](const std::string& path, const Tensor& value) {
      if (path.ends_with("pooling")) attention.push_back(value);
    });
    const InputProbe probe;
    const int64_t first = 0;
    const Tensor z = logits(x, {&first, 1});
    inputs = probe.inputs();
    backward(cols(z, label, 1));
  }
  const bool joint = one.pairs() && inputs.size() == 1;
  const Lexed of[2] = {lexer_.lex(one.first.at(0)), one.pairs() ? lexer_.lex(one.second.at(0)) : Lexed{}};
  const auto place = [&](size_t input, int64_t row) -> std::optional<Evidence> {
    int64_t document = int64_t(input);
    if (joint && row >= std::max<int64_t>(of[0].size(), 1)) row -= std::max<int64_t>(of[0].size(), 1) + 1, document = 1;
    if (row < 0 || row >= of[document].size()) return {};
    const std::string& text = document ? one.second[0] : one.first[0];
    const auto begin = of[document].begin[size_t(row)], end = of[document].end[size_t(row)];
    return Evidence{text.substr(size_t(begin), size_t(end - begin)), begin, end, 0, document};
  };
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Tensor& e = inputs[k];
    const Tensor d = grad(e);
    for (int64_t i = 0; i < e.rows(); ++i) {
      auto reason = place(k, i);
      if (!reason) continue;
      for (int64_t j = 0; j < e.cols(); ++j)
        reason->weight += double(e.data()[i * e.cols() + j]) * double(d.data()[i * e.cols() + j]);
      out.saliency.push_back(*reason);
      if (k >= attention.size()) continue;
      reason->weight = double(attention[k].data()[i]);
      out.attention.push_back(*reason);
    }
  }
  return out;
}

// ---- filters --------------------------------------------------------------------------------------------------------
// The best so many of a filter, from different texts and with different words.
void keep_best(std::vector<Evidence>& best, Evidence found, size_t most) {
  const auto same = std::find_if(best.begin(), best.end(), [&](const Evidence& e) { return e.text == found.text; });
  if (same != best.end()) {
    same->weight = std::max(same->weight, found.weight);
  } else if (found.weight > 0) {
    best.push_back(std::move(found));
  }
  std::stable_sort(best.begin(), best.end(), [](const auto& a, const auto& b) { return a.weight > b.weight; });
  if (best.size() > most) best.pop_back();
}

std::vector<ExplainedFilter> NetworkLabels::filters(const Documents& texts) const {
  const Json config = encoder_->config();
  const Json* widths = config.find("widths");
  if (encoder_->name() != "textcnn" || texts.pairs() || head_.hidden.W || !widths) return {};
  constexpr size_t most = 5;
  const Encoded x = encode(texts);
  const int64_t per_width = encoder_->width() / int64_t(widths->array().size());
  std::vector<ExplainedFilter> out(static_cast<size_t>(encoder_->width()));
  in_batches(
      x.size(), [&](int64_t i) { return x.cost(i); },
      [&](std::span<const int64_t> index) {
        const Tensor y = (*encoder_)(x.first.gather(index));
        int64_t row = 0;
        for (const int64_t i : index) {
          const int64_t rows = x.first.length(i);
          const Lexed of = lexer_.lex(texts.first[size_t(i)]);
          for (int64_t k = 0; of.size() > 0 && k < y.cols(); ++k) {
            const auto at = [&](int64_t r) { return y.data()[(row + r) * y.cols() + k]; };
            int64_t best = 0;
            for (int64_t r = 1; r < rows; ++r) best = at(r) > at(best) ? r : best;
            const int64_t w = widths->array()[size_t(k / per_width)].integer();
            const int64_t first = std::max<int64_t>(best - (w - 1) / 2, 0);
            const int64_t last = std::min<int64_t>(best - (w - 1) / 2 + w, rows) - 1;
            const int64_t begin = of.begin[size_t(first)], end = of.end[size_t(last)];
            keep_best(out[size_t(k)].ngrams,
                      {texts.first[size_t(i)].substr(size_t(begin), size_t(end - begin)), begin, end, at(best), i},
                      most);
          }
          row += rows;
        }
      });
  const Tensor W = head_.out.W;  // [labels, filters]
  for (int64_t k = 0; k < int64_t(out.size()); ++k) {
    auto& f = out[size_t(k)];
    f.filter = k % per_width, f.width = widths->array()[size_t(k / per_width)].integer();
    double mean = 0, best = -1e300;
    for (int64_t j = 0; j < W.rows(); ++j) {
      const double w = double(W.data()[j * W.cols() + k]);
      mean += w / double(W.rows());
      if (w > best) best = w, f.label = int32_t(j);
    }
    f.weight = best - mean;
  }
  const auto strength = [](const ExplainedFilter& f) { return f.ngrams.empty() ? 0 : f.weight * f.ngrams[0].weight; };
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return strength(a) > strength(b); });
  return out;
}

// ---- losses ---------------------------------------------------------------------------------------------------------
// What each document should be said to have of each label, times its weight: [documents, labels].
std::vector<float> targets_of(const LabelledDocuments& data, const LabelTask& task, float smoothing,
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

// one:    -sum t log softmax(z)
// many:   sum log(1 + e^z) - t z, which is -t log s(z) - (1 - t) log (1 - s(z))
// score:  sum (z - t)^2
Loss loss_of(const Tensor& z, const Tensor& t, LabelKind kind) {
  Loss out;
  if (kind == LabelKind::score) {
    out.total = sum(square(z - t));
  } else if (kind == LabelKind::many) {
    out.total = sum(relu(z) - t * z + log(exp(-abs(z)) + 1.0f));
  } else {
    out.total = -1.0f * sum(t * log_softmax(z));
    const auto best = argmax(z), right = argmax(t);
    for (size_t i = 0; i < best.size(); ++i) out.correct += best[i] == right[i];
  }
  out.nll = double(out.total.item());
  return out;
}

Lexer lexer_for(const LabelTraining& training) {
  if (training.resume && exists(join_path(training.directory, "lexer.json"))) return Lexer::load(training.directory);
  const auto& d = training.train.documents;
  size_t i = 0;
  return Lexer::train(training.recipe.text, [&](std::string& text) {
    if (i == d.first.size() + d.second.size()) return false;
    text = i < d.first.size() ? d.first[i] : d.second[i - d.first.size()];
    return ++i, true;
  });
}

}  // namespace

TrainedLabels train_network_labels(const LabelTraining& training, const std::atomic<bool>& stop,
                                   const TaskCallbacks& calls) {
  const auto& [recipe, task, train, valid, judge, directory, resume] = training;
  const Lexer lexer = lexer_for(training);
  auto model = within_memory(recipe.train, [&] { return std::make_unique<NetworkLabels>(recipe, task, lexer); });
  begin_weights([&](const ParamFn& f) { model->walk(f); }, {recipe, lexer, directory, resume}, calls);
  const auto x = model->encode(train.documents), v = model->encode(valid.documents);
  const auto head = from_json<LabelHead>(recipe.head, "head");
  check(head.balance == "none" || task.kind == LabelKind::one,
        "head.balance: is for texts with one label each, which these are not; leave it at none");
  const int64_t k = std::max<int64_t>(task.labels.size(), 1);
  const auto targets =
      targets_of(train, task, recipe.train.label_smoothing, weights_of_labels(train, task, head.balance == "balanced"));
  Lesson lesson;
  lesson.plan.task = task.name, lesson.plan.vocabulary = lexer.size(), lesson.plan.labels = describe_labels(task);
  lesson.plan.measure = measure_of(task), lesson.plan.valid_examples = valid.size();
  lesson.examples = x.size(), lesson.fingerprint = x.fingerprint(hash64(targets));
  lesson.cost = [&](int64_t i) { return x.cost(i); };
  lesson.loss = [&](std::span<const int64_t> index) {
    Tensor t(int64_t(index.size()), k);
    for (size_t b = 0; b < index.size(); ++b) std::copy_n(targets.data() + index[b] * k, k, t.data() + int64_t(b) * k);
    return loss_of(model->logits(x, index), t, task.kind);
  };
  if (valid.size()) lesson.validate = [&] { return judge(model->answer(v)); };
  lesson.params = model->params();
  lesson.architecture = model->architecture(recipe);
  lesson.save = [&, &task = task, &directory = directory] { save_label_task(task, directory), lexer.save(directory); };
  const Summary summary = learn(lesson, recipe, directory, resume, stop, calls);
  return {std::move(model), summary};
}

std::unique_ptr<LabelModel> load_network_labels(const TaskRecipe& recipe, const LabelTask& task,
                                                const std::string& directory) {
  const std::string weights = trained_weights(directory);
  Lexer lexer = Lexer::load(directory);
  const Unfilled on;
  auto model = std::make_unique<NetworkLabels>(recipe, task, std::move(lexer));
  load_weights(weights, model->architecture(recipe), [&](const ParamFn& f) { model->walk(f); });
  return model;
}

}  // namespace stemma
