#include "stemma/vectors/vector_model.h"

#include "stemma/base/check.h"
#include "stemma/base/choice.h"

namespace stemma {

namespace {

void between(std::string_view name, double value, double low, double high) {
  check(value >= low && value <= high, name, ": ", value, " is not between ", low, " and ", high);
}

}  // namespace

void check_options(const VectorOptions& o) {
  check_choice("model", o.model, {"cbow", "skipgram", "supervised"});
  std::vector<std::string> losses = {"negatives", "tree"};
  if (o.model == "supervised")
    losses.insert(losses.end(), {"softmax", "each"});
  else
    check(o.loss != "softmax" && o.loss != "each", "loss: ", o.loss,
          " is for classifiers; word vectors take negatives or tree");
  check_choice("loss", o.loss, losses);
  between("dimension", o.dimension, 1, 65536);
  between("window", o.window, 1, 1000);
  between("negatives", o.negatives, 1, 1000);
  between("min_count", o.min_count, 1, 1e9);
  between("epochs", o.epochs, 0, 1e6);
  between("subsample", o.subsample, 0, 1);
  between("rate", o.rate, 0, 10);
  between("max_ngram", o.max_ngram, 0, 100);
  between("min_ngram", o.min_ngram, 0, o.max_ngram);
  between("word_ngrams", o.word_ngrams, 1, 100);
  between("buckets", o.buckets, o.has_buckets() ? 1 : 0, 1 << 30);
}

double first_rate(const VectorOptions& o) {
  if (o.rate > 0) return o.rate;
  return o.model == "supervised" ? 0.1 : 0.05;  // fastText's; word2vec's for skip-gram, 0.025, learns too little
}

int32_t VectorModel::bucket_row(int32_t bucket) const {
  if (pruned) {
    const auto kept = kept_buckets.find(bucket);
    if (kept == kept_buckets.end()) return -1;
    bucket = kept->second;
  }
  return lexicon.words() + bucket;
}

std::vector<int32_t> VectorModel::rows_of(std::string_view word) const {
  std::vector<int32_t> out;
  const int32_t id = lexicon.find(word);
  if (id >= 0 && id < lexicon.words()) out.push_back(id);
  for (const int32_t bucket : subwords(word, subword_options()))
    if (const int32_t row = bucket_row(bucket); row >= 0) out.push_back(row);
  return out;
}

std::vector<float> VectorModel::word_vector(std::string_view word) const {
  std::vector<float> sum(size_t(dimension()), 0.0f);
  const auto rows = rows_of(word);
  for (const int32_t row : rows) input.add_row(row, 1, sum.data());
  for (auto& v : sum) v *= rows.empty() ? 0 : 1.0f / float(rows.size());
  return sum;
}

}  // namespace stemma
