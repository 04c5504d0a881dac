#include "stemma/tasks/tag_model.h"

#include <algorithm>

namespace stemma {

namespace {

// At most `most` tokens each, cut between words; a single word of more loses its last ones.
std::vector<Lexed> cut_into_parts(const Lexed& x, int64_t most) {
  if (most == 0 || x.size() <= most) return {x};
  std::vector<Lexed> out(1);
  for (size_t i = 0; i < x.ids.size();) {
    size_t end = i;
    while (end < x.ids.size() && x.word[end] == x.word[i]) ++end;
    const size_t stop = std::min(end, i + size_t(most));
    if (out.back().size() + int64_t(stop - i) > most) out.emplace_back();
    for (size_t k = i; k < stop; ++k) {
      out.back().ids.push_back(x.ids[k]), out.back().word.push_back(x.word[k]);
      out.back().begin.push_back(x.begin[k]), out.back().end.push_back(x.end[k]);
    }
    i = end;
  }
  return out;
}

int64_t smaller_limit(int64_t a, int64_t b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

}  // namespace

TagModel::TagModel(const TaskRecipe& recipe, const TagLabels& labels, Lexer lexer)
    : TextNetwork(recipe, std::move(lexer)),
      options_(from_json<TagHead>(recipe.head, "head")),
      labels_(labels),
      legal_(legal_labels(labels.tags.names(), labels.inner)) {
  head_.tags = Linear(encoder_->width(), labels.tags.size());
  if (options_.loss == "crf") head_.crf = Crf(labels.tags.size(), legal_);
  if (labels.intents.size() > 0) {
    head_.pool = make_pooling(options_.pooling, *encoder_);
    head_.intent = Linear(encoder_->width(), labels.intents.size());
  }
  longest_ = smaller_limit(encoder_->longest(), recipe.text.max_length);
  mark(recipe, {"tag", recipe.head.dump(), str(labels.tags.size(), " ", labels.intents.size())});
}

void TagModel::walk_head(const ParamFn& f) { stemma::walk("head", head_, f); }

EncodedSentences TagModel::encode(const Sentences& sentences) const {
  EncodedSentences out;
  out.parts = no_texts();
  for (const auto& words : sentences) {
    std::vector<int32_t> first;
    int32_t row = 0;
    for (const auto& part : cut_into_parts(lexer_.lex_words(words), longest_)) {
      for (size_t k = 0; k < part.word.size(); ++k, ++row)
        if (part.word[k] == int64_t(first.size())) first.push_back(row);
      out.parts.add(lexer_, part, words);
    }
    check(first.size() == words.size(), "a sentence of ", words.size(), " words has tokens of ", first.size(), " only");
    out.words.push_back(first);
    out.begins.push_back(out.parts.size());
  }
  return out;
}

void TagModel::forget_rare(const EncodedSentences& x) {
  std::vector<int64_t> counts(static_cast<size_t>(lexer_.size()));
  for (const int32_t id : x.parts.ids.ids) ++counts[size_t(id)];
  rare_.assign(counts.size(), 0);
  for (size_t id = 0; id < counts.size(); ++id) rare_[id] = counts[id] == 1;
}

TagModel::Outputs TagModel::outputs(const EncodedSentences& x, std::span<const int64_t> index) const {
  std::vector<int64_t> parts, rows, lengths;
  int64_t before = 0;  // rows of the sentences so far
  for (const int64_t i : index) {
    for (int64_t p = x.begins[size_t(i)]; p < x.begins[size_t(i) + 1]; ++p) parts.push_back(p);
    for (const int32_t row : x.words[i]) rows.push_back(before + row);
    lengths.push_back(x.length(i)), before += x.tokens(i);
  }
  TokenRows tokens = x.parts.gather(parts);
  if (training() && !rare_.empty() && options_.unknown > 0) {
    const NoGrad off;
    const Tensor kept = dropout(Tensor::full(tokens.ids.rows(), 1, 1), options_.unknown);
    int32_t* ids = tokens.ids.data<int32_t>();
    for (int64_t t = 0; t < tokens.ids.rows(); ++t)
      if (rare_[size_t(ids[t])] && kept.data()[t] == 0) ids[t] = unk_id;
  }
  const Tensor words = gather((*encoder_)(tokens), rows, splits_of_lengths(lengths));
  Outputs out{head_.tags(dropout(words, options_.dropout)), {}};
  if (head_.intent.W) out.intents = head_.intent(dropout(head_.pool(words), options_.dropout));
  return out;
}

// Without a CRF all transitions weigh the same, and what is not legal stays so.
CrfWeights TagModel::transitions() const {
  if (head_.crf) return {head_.crf->A, head_.crf->start, head_.crf->end, legal_};
  const int64_t k = labels_.tags.size();
  return {Tensor::zeros(k, k), Tensor::zeros(1, k), Tensor::zeros(1, k), legal_};
}

// softmax: -sum t log p, t having 1 - s of the target and s / K of each tag
Tensor TagModel::tag_loss(const Tensor& scores, const Tensor& targets, float smoothing) const {
  if (head_.crf) return head_.crf->loss(scores, targets).total;
  Tensor t = Tensor::full(scores.rows(), scores.cols(), smoothing / float(scores.cols()));
  for (int64_t i = 0; i < t.rows(); ++i) t.data()[i * t.cols() + targets.data<int32_t>()[i]] += 1 - smoothing;
  return -1.0f * sum(t * log_softmax(scores));
}

Loss TagModel::loss(const Outputs& y, const TagTargets& targets, std::span<const int64_t> index,
                    float smoothing) const {
  std::vector<int32_t> tags;
  std::vector<int64_t> rows, lengths;
  for (size_t b = 0; b < index.size(); ++b) {
    const auto right = targets.tags[index[b]];
    if (std::find(right.begin(), right.end(), -1) != right.end()) continue;
    tags.insert(tags.end(), right.begin(), right.end()), lengths.push_back(int64_t(right.size()));
    for (int64_t i = y.scores.begin(int64_t(b)); i < y.scores.end(int64_t(b)); ++i) rows.push_back(i);
  }
  if (rows.empty()) return {Tensor::zeros(1, 1)};
  const bool all = int64_t(rows.size()) == y.scores.rows();
  const Tensor scores = all ? y.scores : gather(y.scores, rows, splits_of_lengths(lengths));
  Loss out;
  out.total = tag_loss(scores, Tensor::ids(tags, scores.splits()), smoothing);
  const auto best = argmax(scores);
  for (size_t i = 0; i < best.size(); ++i) out.correct += best[i] == tags[i];
  if (y.intents && options_.intent > 0) out.total = out.total + intent_loss(y.intents, targets, index);
  out.nll = double(out.total.item());
  return out;
}

Tensor TagModel::intent_loss(const Tensor& logits, const TagTargets& targets, std::span<const int64_t> index) const {
  Tensor t = Tensor::zeros(logits.rows(), logits.cols());
  for (size_t b = 0; b < index.size(); ++b)
    if (const int32_t intent = targets.intents[size_t(index[b])]; intent >= 0)
      t.data()[int64_t(b) * t.cols() + intent] = options_.intent;
  return -1.0f * sum(t * log_softmax(logits));
}

std::vector<TagAnswer> TagModel::decode(const Outputs& y) const {
  const NoGrad off;
  const auto best = best_labels(y.scores, transitions()).labels;
  const Tensor p = head_.crf ? label_marginals(y.scores, transitions()).p : softmax(y.scores);
  const Tensor q = y.intents ? softmax(y.intents) : Tensor();
  std::vector<TagAnswer> out(static_cast<size_t>(y.scores.sequences()));
  for (int64_t b = 0; b < int64_t(out.size()); ++b) {
    auto& answer = out[size_t(b)];
    for (int64_t i = y.scores.begin(b); i < y.scores.end(b); ++i) {
      answer.tags.push_back(best[size_t(i)]);
      answer.probabilities.push_back(double(p.data()[i * p.cols() + answer.tags.back()]));
    }
    if (q) answer.intents.assign(q.data() + b * q.cols(), q.data() + (b + 1) * q.cols());
  }
  return out;
}

std::vector<TagAnswer> TagModel::answer(const EncodedSentences& x, const Look& look) const {
  std::vector<TagAnswer> out(static_cast<size_t>(x.size()));
  in_batches(
      x.size(), [&](int64_t i) { return x.cost(i); },
      [&](std::span<const int64_t> index) {
        const Outputs y = outputs(x, index);
        auto answers = decode(y);
        if (look) look(y, answers, index);
        for (size_t b = 0; b < index.size(); ++b) out[size_t(index[b])] = std::move(answers[b]);
      });
  return out;
}

}  // namespace stemma
