// The network of classify and pair: an encoder, pooling, a layer. Inside of tasks/: its training is network_labels.cc,
// what it shows of itself network_views.cc.
#pragma once
#include <optional>

#include "stemma/nn/sentence_level.h"
#include "stemma/tasks/label_model.h"
#include "stemma/tasks/network.h"

namespace stemma {

Tensor absolute(const Tensor& x);

// From a text's rows, or those of two texts, to a number for each label.
struct LabelLayers {
  Pooling pool;
  std::optional<SentenceLevel> sentences;
  Linear hidden, out;
  FIELDS(pool, sentences, hidden, out)
  float p = 0;

  LabelLayers(const LabelHead& options, const Encoder& encoder, const LabelTask& task)
      : pool(make_pooling(options.pooling, encoder, options.attention_width)), p(options.dropout) {
    const int64_t parts = !task.pairs || options.pairs == "joint" ? 1 : options.pairs == "symmetric" ? 2 : 4;
    if (options.sentence_width > 0) sentences.emplace(encoder.width(), options.sentence_width, options.attention_width);
    const int64_t width = (sentences ? 2 * options.sentence_width : encoder.width()) * parts;
    if (options.hidden > 0) hidden = Linear(width, options.hidden);
    out = Linear(options.hidden > 0 ? options.hidden : width, std::max<int64_t>(task.labels.size(), 1));
  }
  Tensor operator()(const Tensor& text) const {
    const Tensor x = hidden.W ? hidden(dropout(text, p), Activation::relu) : text;
    return out(dropout(x, p));
  }
};

class NetworkLabels : public LabelModel, public TextNetwork {
 public:
  NetworkLabels(const TaskRecipe& recipe, const LabelTask& task, Lexer lexer)
      : TextNetwork(recipe, std::move(lexer)),
        task_(task),
        options_(from_json<LabelHead>(recipe.head, "head")),
        head_(options_, *encoder_, task),
        clip_norm_(double(recipe.train.clip_norm)) {
    mark(recipe, {task.name, recipe.head.dump(), str(task.labels.size())});
  }
  Params params() const override { return TextNetwork::params(); }

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
      EncodedTexts rows = no_texts();
      rows.by_sentence = head_.sentences.has_value();
      for (const auto& text : texts) rows.add(lexer_, lexer_.lex(text), text);
      return rows;
    };
    out.first = encode_all(documents.first);
    if (!documents.pairs()) return out;
    out.second = encode_all(documents.second);
    if (options_.pairs != "joint") return out;
    Encoded joint{no_texts(), {}};
    for (int64_t i = 0; i < documents.size(); ++i) joint.first.add_joined(out.first, out.second, i);
    return joint;
  }
  Tensor logits(const Encoded& x, std::span<const int64_t> index) const {
    const Tensor u = vector_of(x.first, index);
    if (!x.second.size()) return head_(u);
    const Tensor v = vector_of(x.second, index);
    const Tensor apart = absolute(u - v), alike = u * v;
    return head_(options_.pairs == "symmetric" ? hstack({apart, alike}) : hstack({u, v, apart, alike}));
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
  GradientFlow flow(const LabelledDocuments& texts, const FlowPlaces& places) const;
  int64_t parameters() const override { return count(params()); }

 private:
  void walk_head(const ParamFn& f) override { stemma::walk("head", head_, f); }
  // [texts, width], of each text by itself.
  Tensor vector_of(const EncodedTexts& x, std::span<const int64_t> index) const {
    const Tensor pooled = head_.pool((*encoder_)(x.gather(index)));
    return head_.sentences ? (*head_.sentences)(pooled.with_splits(x.documents(index))) : pooled;
  }

  LabelTask task_;
  LabelHead options_;
  LabelLayers head_;
  double clip_norm_ = 0;  // of training
};

// What each document should be said to have of each label, times its weight: [documents, labels].
std::vector<float> label_targets(const LabelledDocuments& data, const LabelTask& task, float smoothing,
                                 const std::vector<double>& weights);
// Of logits z and targets t, [documents, labels]:
//   one    -sum t log softmax(z)
//   many   sum log(1 + e^z) - t z, which is -t log s(z) - (1 - t) log (1 - s(z))
//   score  sum (z - t)^2
Loss label_loss(const Tensor& z, const Tensor& t, LabelKind kind);

}  // namespace stemma
