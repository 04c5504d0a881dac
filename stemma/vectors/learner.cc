#include "stemma/vectors/learner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stemma/base/check.h"
#include "stemma/ops/log_linear.h"

namespace stemma {

LearningPlan::LearningPlan(const VectorModel& model)
    : options(model.options), input(model.input.view()), output(model.output.view()) {
  check(!model.input.quantized() && !model.output.quantized(), "a quantised model cannot learn");
  check(model.output.rows() > 0, "these vectors have no output rows, so they cannot go on learning");
  check(model.lexicon.words() > 1, "one word alone predicts nothing; give more text or lower min_count");
  const auto counts = model.lexicon.word_counts();
  check(std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; }) > 1,
        "no two words of these vectors have a count, so there is nothing to tell apart");
  if (options.loss == "tree")
    tree = HuffmanTree(counts);
  else
    noise = Noise(counts);
  const auto running = double(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  keep.reserve(counts.size());
  for (const int64_t count : counts) {
    const double share = double(count) / running / options.subsample;  // infinite without sub-sampling
    const double stays = options.subsample > 0 ? std::sqrt(1 / share) + 1 / share : 1;
    keep.push_back(uint32_t(std::min(stays, 1.0) * 0xFFFFFFFFp0));
  }
  if (options.max_ngram > 0) add_subwords(model);
}

void LearningPlan::add_subwords(const VectorModel& model) {
  begins.push_back(0);
  for (int32_t i = 0; i < model.lexicon.words(); ++i) {
    auto own = model.rows_of(model.lexicon.text(i));
    rows.insert(rows.end(), own.begin(), own.end());
    begins.push_back(int64_t(rows.size()));
    std::sort(own.begin(), own.end());
    double squares = 0;  // of how often each row is named
    for (auto row = own.begin(); row != own.end();) {
      const auto next = std::upper_bound(row, own.end(), *row);
      squares += double(next - row) * double(next - row), row = next;
    }
    growth.push_back(float(squares / double(own.size())));
  }
}

namespace {

// Not too many: with all the threads' steps since the last exchange added up, a copy must not go far on its own.
constexpr int64_t hot_nodes = 64, windows_between_exchanges = 512;

// None of frequent words: they gain a tenth, and in a small vocabulary all steps would be in copies.
std::pair<int64_t, int64_t> hot_rows(const LearningPlan& plan) {
  const int64_t nodes = plan.tree.inner_nodes();  // the root is the last
  return {racers() > 1 ? std::max<int64_t>(0, nodes - hot_nodes) : nodes, nodes};
}

}  // namespace

Learner::Learner(const LearningPlan& plan)
    : plan_(plan),
      output_(plan.output, hot_rows(plan)),
      interval_(std::max<int64_t>(1, windows_between_exchanges / racers())),
      hidden_(size_t(plan.input.width)),
      gradient_(2 * size_t(plan.input.width)) {}

ChunkResult Learner::learn(const std::vector<int32_t>& text, ChunkRates rates, uint64_t seed) {
  random_ = {seed}, result_ = {.words = int64_t(text.size())};
  for (size_t i = 0; i < text.size(); ++i) {
    const int32_t id = text[i];
    if (id >= 0 && uint32_t(random_() >> 32) <= plan_.keep[size_t(id)]) sentence_.push_back(id);
    if (id >= 0 && i + 1 < text.size()) continue;
    learn_sentence(rates.first + (rates.last - rates.first) * float(i) / float(text.size()));
    sentence_.clear();
  }
  output_.exchange();
  return result_;
}

void Learner::learn_sentence(float rate) {
  const bool skip = plan_.options.model == "skipgram";
  for (size_t i = 0; i < sentence_.size(); ++i) {
    const size_t reach = 1 + random_.below(uint32_t(plan_.options.window));
    const size_t begin = i - std::min(i, reach), end = std::min(sentence_.size(), i + reach + 1);
    if (end - begin == 1) continue;
    if (++windows_ % interval_ == 0) output_.exchange();
    if (!skip)
      cbow(i, begin, end, rate);
    else if (plan_.options.max_ngram > 0)
      skip_gram_of_subwords(i, begin, end, rate);
    else
      skip_gram(i, begin, end, rate);
  }
}

void Learner::meet(int32_t word) {
  if (plan_.options.loss == "tree") {
    plan_.tree.climb(word, [&](uint32_t turn) { meetings_.push_back(turn); });
  } else {
    meetings_.push_back(meeting(word, true));
    for (int32_t n = 0; n < plan_.options.negatives;) {
      const int32_t wrong = plan_.noise.draw(random_());
      if (wrong != word) meetings_.push_back(meeting(wrong, false)), ++n;
    }
  }
  ends_.push_back(int32_t(meetings_.size()));
}

void Learner::note_loss(const float* hidden) {
  if (predictions_++ % 64 != 0) return;
  const auto first = std::span<const uint32_t>(meetings_).first(size_t(ends_[0]));
  result_.loss_sum += logistic_loss(output_.table(), first, hidden), ++result_.losses;
}

void Learner::step(float rate, float growth) {
  note_loss(hidden_.data());
  logistic_steps(output_.table(), {.meetings = meetings_, .ends = ends_, .rate = rate, .growth = growth},
                 hidden_.data(), gradient_.data());
  meetings_.clear(), ends_.clear();
}

// Each neighbour predicts the word, as in word2vec's program. Every pair of words comes in both roles, so the papers'
// way round differs only in the order of the steps; but then one row would learn from a whole window at once, and the
// vectors are a little worse.
void Learner::skip_gram(size_t at, size_t begin, size_t end, float rate) {
  const bool tree = plan_.options.loss == "tree";
  rows_.clear();
  for (size_t c = begin; c < end; ++c) {
    if (c == at) continue;
    rows_.push_back(sentence_[c]);
    if (!tree || ends_.empty()) meet(sentence_[at]);  // the path is the same for all
  }
  note_loss(plan_.input.row(rows_[0]));
  if (tree)
    logistic_path_steps(output_.table(), meetings_, rate, plan_.input, rows_);
  else
    logistic_row_steps(output_.table(), {.meetings = meetings_, .ends = ends_, .rate = rate}, plan_.input, rows_,
                       gradient_.data());
  meetings_.clear(), ends_.clear();
}

// The word predicts each of its neighbours, as in fastText. Only its own rows learn between them, so their mean is
// formed once and grows with them: the same steps as one by one, at the price of one.
void Learner::skip_gram_of_subwords(size_t at, size_t begin, size_t end, float rate) {
  const int32_t& word = sentence_[at];
  const auto rows = plan_.rows_of(word);
  for (size_t c = begin; c < end; ++c)
    if (c != at) meet(sentence_[c]);
  mean_of_rows(plan_.input, rows, hidden_.data());
  step(rate, plan_.growth_of(word));
  add_to_rows(plan_.input, rows, gradient_.data());
}

// The mean of the neighbours predicts the word; each row of the mean gets its gradient whole, as word2vec and fastText
// do.
void Learner::cbow(size_t at, size_t begin, size_t end, float rate) {
  rows_.clear();
  for (size_t c = begin; c < end; ++c) {
    if (c == at) continue;
    const auto rows = plan_.rows_of(sentence_[c]);
    rows_.insert(rows_.end(), rows.begin(), rows.end());
  }
  meet(sentence_[at]);
  mean_of_rows(plan_.input, rows_, hidden_.data());
  step(rate, 0);
  add_to_rows(plan_.input, rows_, gradient_.data());
}

}  // namespace stemma
