// Why the network of classify and pair answers as it does: words, filters of TextCNN, how far back its gradients reach.
#include <algorithm>
#include <cmath>

#include "stemma/tasks/network_labels.h"

namespace stemma {

// The attention that word i has, or sqrt(p_s) p_w where its sentence's attention tells too: Yang et al. 2016,
// section 3.7.
static double attended(const Tensor& words, const Tensor& sentences, int64_t i) {
  if (!sentences) return double(words.data()[i]);
  int64_t s = 0;
  while (words.end(s) <= i) ++s;
  return double(words.data()[i]) * std::sqrt(double(sentences.data()[s]));
}

// Gradient x input of the label's logit.
Explained NetworkLabels::explain(const Documents& one, int32_t label) const {
  const Encoded x = encode(one);
  std::vector<Tensor> pooled, of_sentences;
  std::vector<std::vector<double>> saliency, attention;  // of the rows that the encoder read
  {
    const Listening listener([&](const std::string& path, const Tensor& value) {
      if (path.ends_with("sentences.pooling"))
        of_sentences.push_back(value);
      else if (path.ends_with("pooling"))
        pooled.push_back(value);
    });
    const int64_t first = 0;
    saliency = influences([&] { return cols(logits(x, {&first, 1}), label, 1); });
  }
  for (size_t k = 0; k < pooled.size(); ++k) {
    auto& of_rows = attention.emplace_back();
    for (int64_t i = 0; i < pooled[k].rows(); ++i)
      of_rows.push_back(attended(pooled[k], k < of_sentences.size() ? of_sentences[k] : Tensor(), i));
  }
  std::vector<std::string> texts = one.first;
  texts.insert(texts.end(), one.second.begin(), one.second.end());
  const auto evidence = [&](std::vector<std::vector<double>> rows) {
    if (!x.first.joined.empty() && !rows.empty()) rows = x.first.parted(0, rows[0]);
    return evidence_of(lexer_, texts, rows);
  };
  return {.saliency = evidence(saliency), .measure = "gradient x input", .attention = evidence(attention)};
}

// ---- filters --------------------------------------------------------------------------------------------------------
// The best so many of a filter, from different texts and with different words.
static void keep_best(std::vector<Evidence>& best, Evidence found, size_t most) {
  const auto same = std::find_if(best.begin(), best.end(), [&](const Evidence& e) { return e.text == found.text; });
  if (same != best.end()) {
    same->weight = std::max(same->weight, found.weight);
  } else if (found.weight > 0) {
    best.push_back(std::move(found));
  }
  std::stable_sort(best.begin(), best.end(), [](const auto& a, const auto& b) { return a.weight > b.weight; });
  if (best.size() > most) best.pop_back();
}

// Where filter k is most excited by a text, whose rows of y begin at `begin`: the n-gram around its strongest row.
struct Excited {
  int64_t first = 0, last = 0;  // tokens
  double activation = 0;
};
static Excited strongest_place(const Tensor& y, int64_t begin, int64_t rows, int64_t k, int64_t width) {
  const auto at = [&](int64_t r) { return y.data()[(begin + r) * y.cols() + k]; };
  int64_t best = 0;
  for (int64_t r = 1; r < rows; ++r) best = at(r) > at(best) ? r : best;
  const int64_t from = best - (width - 1) / 2;
  return {std::max<int64_t>(from, 0), std::min<int64_t>(from + width, rows) - 1, at(best)};
}

// Which label each filter speaks for, by W [labels, filters], and how much more than for the mean of all.
static void name_labels(std::vector<ExplainedFilter>& filters, const Tensor& W) {
  for (int64_t k = 0; k < int64_t(filters.size()); ++k) {
    double mean = 0, best = -1e300;
    for (int64_t j = 0; j < W.rows(); ++j) {
      const double w = double(W.data()[j * W.cols() + k]);
      mean += w / double(W.rows());
      if (w > best) best = w, filters[size_t(k)].label = int32_t(j);
    }
    filters[size_t(k)].weight = best - mean;
  }
}

std::vector<ExplainedFilter> NetworkLabels::filters(const Documents& texts) const {
  const Json config = encoder_->config();
  const Json* widths = config.find("widths");
  if (encoder_->name() != "textcnn" || texts.pairs() || head_.hidden.W || !widths) return {};
  constexpr size_t most = 5;
  const Encoded x = encode(texts);
  const int64_t per_width = encoder_->width() / int64_t(widths->array().size());
  std::vector<ExplainedFilter> out(static_cast<size_t>(encoder_->width()));
  for (int64_t k = 0; k < int64_t(out.size()); ++k)
    out[size_t(k)].filter = k % per_width, out[size_t(k)].width = widths->array()[size_t(k / per_width)].integer();
  in_batches(
      x.size(), [&](int64_t i) { return x.cost(i); },
      [&](std::span<const int64_t> index) {
        const Tensor y = (*encoder_)(x.first.gather(index));
        int64_t begin = 0;
        for (const int64_t i : index) {
          const std::string& text = texts.first[size_t(i)];
          const Lexed of = lexer_.lex(text);
          for (int64_t k = 0; of.size() > 0 && k < y.cols(); ++k) {
            auto& filter = out[size_t(k)];
            const auto [first, last, activation] = strongest_place(y, begin, x.first.length(i), k, filter.width);
            const int64_t from = of.begin[size_t(first)], to = of.end[size_t(last)];
            keep_best(filter.ngrams, {text.substr(size_t(from), size_t(to - from)), from, to, activation, i}, most);
          }
          begin += x.first.length(i);
        }
      });
  name_labels(out, head_.out.W);
  const auto strength = [](const ExplainedFilter& f) { return f.ngrams.empty() ? 0 : f.weight * f.ngrams[0].weight; };
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return strength(a) > strength(b); });
  return out;
}

// ---- gradients ------------------------------------------------------------------------------------------------------
// Of the loss of each text, as in training but for dropout, at the vector of each of its last tokens.
GradientFlow NetworkLabels::flow(const LabelledDocuments& texts, const FlowPlaces& places) const {
  check(!texts.documents.pairs(), "gradients: a pair is two texts, of which neither ends at the answer");
  const Encoded x = encode(texts.documents);
  std::vector<int64_t> long_ones;
  for (int64_t i = 0; i < x.size(); ++i)
    if (x.first.length(i) > places.distance) long_ones.push_back(i);
  check(!long_ones.empty(), "gradients: none of ", x.size(), " texts has more than ", places.distance,
        " tokens; choose a smaller --distance");
  const auto n = int64_t(long_ones.size());
  const std::vector<double> equal(size_t(std::max<int64_t>(task_.labels.size(), 1)), 1);
  const auto targets = label_targets(texts, task_, 0, equal);
  const Evaluating on;
  FlowRequest request{.windows = std::min(n, places.windows), .distance = places.distance};
  request.parameters = params(), request.clip = clip_norm_;
  request.gradient = [&](int64_t i) {
    const int64_t text = long_ones[size_t(i * n / request.windows)], k = int64_t(equal.size());
    const InputProbe probe;
    const Tensor t = Tensor::from(1, k, {targets.data() + text * k, targets.data() + (text + 1) * k});
    backward(label_loss(logits(x, {&text, 1}), t, task_.kind).total);
    return grad(probe.inputs().at(0));
  };
  return gradient_flow(request);
}

}  // namespace stemma
