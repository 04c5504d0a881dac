#include "stemma/vectors/supervised.h"

#include <algorithm>
#include <memory>

#include "stemma/base/check.h"
#include "stemma/base/random.h"
#include "stemma/ops/log_linear.h"
#include "stemma/vectors/huffman.h"
#include "stemma/vectors/noise.h"

namespace stemma {

VectorOptions classifier_options() {
  return {.model = "supervised", .loss = "softmax", .min_count = 1, .min_ngram = 0, .max_ngram = 0};
}

// ---- before the first step -----------------------------------------------------------------------------------------
namespace {

void check_from(const VectorModel& from, const VectorOptions& o) {
  check(from.dimension() == o.dimension, "the vectors to begin with have dimension ", from.dimension(), ", not ",
        o.dimension);
}

// Its words, those of `from` whether they are frequent or not.
std::vector<WordCount> words_of(const LabelledCorpus& corpus, const VectorOptions& o, const VectorModel* from) {
  auto counts = corpus.word_counts();
  if (!from) return by_count(std::move(counts), o.min_count);
  std::erase_if(counts, [&](const WordCount& w) {
    const int32_t id = from->lexicon.find(w.text);
    return w.count < o.min_count && (id < 0 || id >= from->lexicon.words());
  });
  const Lexicon now(counts);
  for (int32_t i = 0; i < from->lexicon.words(); ++i)
    if (now.find(from->lexicon.text(i)) < 0) counts.push_back({std::string(from->lexicon.text(i)), 1});
  return by_count(std::move(counts), 1);
}

}  // namespace

VectorModel new_classifier(const VectorOptions& options, const LabelledCorpus& corpus, uint64_t seed,
                           const VectorModel* from) {
  check_options(options);
  check(options.model == "supervised", "a classifier's model is supervised, not ", options.model);
  check(corpus.documents() > 0, "no document has a label");
  check(corpus.labels().size() > 1, "all documents have the one label '", corpus.labels().text(0),
        "'; a classifier needs two or more");
  if (from) check_from(*from, options);
  VectorModel out;
  out.options = options;
  if (!options.has_buckets()) out.options.buckets = 0;
  out.lexicon = Lexicon(words_of(corpus, options, from), by_count(corpus.label_counts(), 1));
  out.running_words = corpus.running_words();
  const int64_t width = options.dimension;
  out.input = VectorTable::uniform(out.lexicon.words() + out.options.buckets, width, 1 / float(width), seed);
  out.output = VectorTable(out.lexicon.labels(), width);
  for (int32_t i = 0; from && i < from->lexicon.words(); ++i) {
    const auto vector = from->word_vector(from->lexicon.text(i));
    std::copy(vector.begin(), vector.end(), out.input.row(out.lexicon.find(from->lexicon.text(i))));
  }
  return out;
}

// ---- training ------------------------------------------------------------------------------------------------------
namespace {

constexpr int64_t chunk_words = 8192;  // what a thread takes at a time

// What all threads share and none changes.
struct Plan {
  Plan(const VectorModel& model, const LabelledCorpus& corpus, uint64_t seed);
  const VectorModel& model;
  const LabelledCorpus& corpus;
  uint64_t seed;
  HuffmanTree tree;
  Noise noise;
  std::vector<int32_t> labels;  // number in the corpus -> row of the output
  std::vector<int32_t> hashes;  // of the corpus' words; the sentence end comes behind them
  std::vector<int32_t> rows;    // of word i: rows[begins[i], begins[i + 1])
  std::vector<int64_t> begins{0};
  int64_t chunk_documents = 1;

  int64_t chunks() const { return (corpus.documents() + chunk_documents - 1) / chunk_documents; }
  std::span<const int32_t> rows_of(int32_t word) const {
    const auto begin = size_t(begins[size_t(word)]);
    return std::span(rows).subspan(begin, size_t(begins[size_t(word) + 1]) - begin);
  }

 private:
  void add_word(std::string_view word) {
    const auto own = model.rows_of(word);
    rows.insert(rows.end(), own.begin(), own.end());
    begins.push_back(int64_t(rows.size()));
    hashes.push_back(int32_t(word_hash(word)));
  }
};

Plan::Plan(const VectorModel& m, const LabelledCorpus& c, uint64_t s) : model(m), corpus(c), seed(s) {
  check(!m.input.quantized() && !m.output.quantized(), "a quantised model cannot learn");
  check(m.options.model == "supervised" && m.output.rows() > 0, "these vectors have no labels to learn");
  for (int32_t i = 0; i < corpus.labels().size(); ++i) {
    const int32_t id = m.lexicon.find(str(label_prefix, corpus.labels().text(i)));
    check(id >= m.lexicon.words(), "the classifier does not know the label '", corpus.labels().text(i), "'");
    labels.push_back(id - m.lexicon.words());
  }
  if (m.options.loss == "tree") tree = HuffmanTree(m.lexicon.label_counts());
  if (m.options.loss == "negatives") noise = Noise(m.lexicon.label_counts(), 0.5);  // as fastText
  for (int32_t i = 0; i < corpus.words().size(); ++i) add_word(corpus.words().text(i));
  add_word(sentence_end);
  const int64_t documents = corpus.documents();
  chunk_documents = std::clamp<int64_t>(chunk_words * documents / corpus.running_words(), 1, documents);
}

class DocumentLearner {
 public:
  explicit DocumentLearner(const Plan& plan)
      : plan_(plan),
        hidden_(size_t(plan.model.dimension())),
        gradient_(2 * hidden_.size()),
        products_(size_t(plan.model.output.rows())) {}

  ChunkResult learn(int64_t position, ChunkRates rates, uint64_t seed) {
    random_ = {seed}, result_ = {};
    const int64_t chunks = plan_.chunks(), documents = plan_.corpus.documents();
    const int64_t begin = position % chunks * plan_.chunk_documents;
    const int64_t end = std::min(documents, begin + plan_.chunk_documents);
    const uint64_t order = philox(plan_.seed, uint64_t(position / chunks), 0x6f72646572)[0];
    for (int64_t i = begin; i < end; ++i)
      learn(int64_t(permuted(uint64_t(i), uint64_t(documents), order)),
            rates.first + (rates.last - rates.first) * float(i - begin) / float(end - begin));
    return result_;
  }

 private:
  void learn(int64_t document, float rate) {
    const auto words = plan_.corpus.words_of(document);
    result_.words += int64_t(words.size()) + 1;
    gather(words);
    if (rows_.empty()) return;
    const auto& model = plan_.model;
    mean_of_rows(model.input.view(), rows_, hidden_.data());
    meet(plan_.corpus.labels_of(document));
    if (model.options.loss == "softmax") {
      result_.loss_sum +=
          softmax_step(model.output.view(), meetings_, rate, hidden_.data(), gradient_.data(), products_.data());
      ++result_.losses;
    } else {
      if (document % 16 == 0)
        result_.loss_sum += logistic_loss(model.output.view(), meetings_, hidden_.data()), ++result_.losses;
      const int32_t end = int32_t(meetings_.size());
      logistic_steps(model.output.view(),
                     {.meetings = meetings_, .ends = std::span(&end, 1), .rate = rate, .growth = 0}, hidden_.data(),
                     gradient_.data());
    }
    for (size_t i = 0; i < hidden_.size(); ++i) gradient_[i] /= float(rows_.size());
    add_to_rows(model.input.view(), rows_, gradient_.data());
  }

  // The rows of a document, as rows_of_text gives them.
  void gather(std::span<const int32_t> words) {
    rows_.clear(), hashes_.clear();
    const auto add = [&](int32_t word) {
      const auto own = plan_.rows_of(word);
      rows_.insert(rows_.end(), own.begin(), own.end());
      hashes_.push_back(plan_.hashes[size_t(word)]);
    };
    for (const int32_t word : words) add(word);
    add(plan_.corpus.words().size());
    const VectorOptions& o = plan_.model.options;
    each_word_ngram(hashes_, o.word_ngrams, o.buckets,
                    [&](int32_t bucket) { rows_.push_back(plan_.model.lexicon.words() + bucket); });
  }

  // What predicting the labels means: which rows of the output are met, and whether each is right.
  void meet(std::span<const int32_t> labels) {
    meetings_.clear();
    const std::string& loss = plan_.model.options.loss;
    const int32_t target = plan_.labels[size_t(labels[labels.size() > 1 ? random_.below(uint32_t(labels.size())) : 0])];
    if (loss == "tree") {
      plan_.tree.climb(target, [&](uint32_t turn) { meetings_.push_back(turn); });
    } else if (loss == "negatives") {
      meetings_.push_back(meeting(target, true));
      for (int32_t n = 0; n < plan_.model.options.negatives;)
        if (const int32_t wrong = plan_.noise.draw(random_()); wrong != target)
          meetings_.push_back(meeting(wrong, false)), ++n;
    } else {
      for (int32_t i = 0; i < int32_t(products_.size()); ++i) meetings_.push_back(meeting(i, i == target));
      if (loss == "each")
        for (const int32_t label : labels) meetings_[size_t(plan_.labels[size_t(label)])] |= 1;
    }
  }

  const Plan& plan_;
  FastRandom random_;
  ChunkResult result_;
  std::vector<int32_t> rows_, hashes_;
  std::vector<uint32_t> meetings_;
  std::vector<float> hidden_, gradient_, products_;
};

}  // namespace

bool train_classifier(VectorModel& model, const LabelledCorpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                      const std::function<void(const VectorProgress&)>& report) {
  const Plan plan(model, corpus, run.seed);
  const Race race{
      .chunks = plan.chunks(),
      .epochs = model.options.epochs,
      .rate = first_rate(model.options),
      .share_before = [&](int64_t chunk) { return double(chunk * plan.chunk_documents) / double(corpus.documents()); },
      .learner =
          [&] {
            return
                [learner = std::make_shared<DocumentLearner>(plan)](int64_t position, ChunkRates rates, uint64_t seed) {
                  return learner->learn(position, rates, seed);
                };
          }};
  return run_race(race, run, stop, report);
}

}  // namespace stemma
