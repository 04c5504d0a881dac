#include "stemma/vectors/trainer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/vectors/learner.h"

namespace stemma {

Lexicon frequent_words(std::vector<WordCount> words, int64_t min_count) {
  words = by_count(std::move(words), min_count);
  check(words.size() > 1, words.empty() ? "no word" : "one word alone", " is there ", min_count,
        " times or more; give more text or lower min_count");
  return Lexicon(words);
}

VectorModel new_vectors(const VectorOptions& options, Lexicon lexicon, int64_t running_words, uint64_t seed) {
  check_options(options);
  check(options.model != "supervised", "model: supervised needs labels; word vectors take skipgram or cbow");
  VectorModel out;
  out.options = options;
  if (options.max_ngram == 0) out.options.buckets = 0;
  out.lexicon = std::move(lexicon), out.running_words = running_words;
  const int64_t rows = out.lexicon.words() + out.options.buckets, width = options.dimension;
  out.input = VectorTable::uniform(rows, width, 1 / float(width), seed, PageSize::huge);
  out.output = VectorTable(out.lexicon.words(), width, PageSize::huge);
  return out;
}

namespace {

// What is known keeps its rows. A tree's inner nodes do not: the tree has changed with the counts.
void copy_rows(const VectorModel& from, VectorModel& to) {
  const auto copy = [](const VectorTable& a, int64_t i, const VectorTable& b, int64_t j) {
    std::copy_n(a.row(i), a.width(), b.row(j));
  };
  const bool outputs = from.output.rows() > 0 && to.options.loss == "negatives";
  for (int32_t i = 0; i < from.lexicon.words(); ++i) {
    const int32_t id = to.lexicon.find(from.lexicon.text(i));
    copy(from.input, i, to.input, id);
    if (outputs) copy(from.output, i, to.output, id);
  }
  for (int64_t i = 0; i < to.options.buckets; ++i)
    copy(from.input, from.lexicon.words() + i, to.input, to.lexicon.words() + i);
}

}  // namespace

VectorModel grown_vectors(const VectorModel& before, const VectorOptions& options, const std::vector<WordCount>& words,
                          uint64_t seed) {
  const VectorOptions& o = before.options;
  check(options.dimension == o.dimension, "the vectors to go on from have dimension ", o.dimension, ", not ",
        options.dimension);
  check(options.max_ngram == 0
            ? o.max_ngram == 0
            : options.max_ngram == o.max_ngram && options.min_ngram == o.min_ngram && options.buckets == o.buckets,
        "the vectors to go on from have n-grams of ", o.min_ngram, " to ", o.max_ngram, " letters in ", o.buckets,
        " buckets; take the same");
  check(!before.input.quantized(), "a quantised model cannot learn");
  check(before.output.rows() == 0 || options.loss == o.loss, "the vectors to go on from were trained with loss ",
        o.loss, ", not ", options.loss);
  std::vector<WordCount> all;
  const Lexicon now(words);
  for (int32_t i = 0; i < before.lexicon.words(); ++i) {
    const int32_t id = now.find(before.lexicon.text(i));
    all.push_back({std::string(before.lexicon.text(i)), before.lexicon.count(i) + (id >= 0 ? now.count(id) : 0)});
  }
  int64_t running = before.running_words;
  for (const auto& w : words) {
    running += w.count;
    if (w.count >= options.min_count && before.lexicon.find(w.text) < 0) all.push_back(w);
  }
  VectorModel out = new_vectors(options, frequent_words(std::move(all), 1), running, seed);  // a known word stays
  copy_rows(before, out);
  return out;
}

bool train_vectors(VectorModel& model, const Corpus& corpus, VectorRun& run, const std::atomic<bool>& stop,
                   const std::function<void(const VectorProgress&)>& report) {
  const LearningPlan plan(model);
  const Race race{.chunks = corpus.chunks(),
                  .epochs = plan.options.epochs,
                  .rate = first_rate(plan.options),
                  .share_before = [&](int64_t chunk) { return corpus.share_before(chunk); },
                  .learner =
                      [&] {
                        return [&corpus, learner = std::make_shared<Learner>(plan)](int64_t position, ChunkRates rates,
                                                                                    uint64_t seed) {
                          return learner->learn(corpus.chunk(position % corpus.chunks()), rates, seed);
                        };
                      }};
  return run_race(race, run, stop, report);
}

}  // namespace stemma
