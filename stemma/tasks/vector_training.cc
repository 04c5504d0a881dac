#include "stemma/tasks/vector_training.h"

#include <cmath>

#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/base/json.h"
#include "stemma/base/parallel.h"
#include "stemma/tasks/place_of_run.h"
#include "stemma/tasks/recipe_tree.h"
#include "stemma/tensor/scopes.h"
#include "stemma/train/log.h"
#include "stemma/vectors/fasttext_file.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

// What a checkpoint says behind its model.
struct CheckpointState {
  int64_t position = 0;
  uint64_t text = 0;  // fingerprint of the words and their counts
  FIELDS(position, text)
};

struct Paths {
  std::string model, checkpoint, config, log;
  explicit Paths(const std::string& out)
      : model(join_path(out, "model.bin")),
        checkpoint(join_path(out, "checkpoint.bin")),
        config(join_path(out, "config.json")),
        log(join_path(out, "training.jsonl")) {}
};

uint64_t fingerprint(const Corpus& corpus) {
  uint64_t h = hash64(str(corpus.running_words()));
  for (const auto& w : corpus.counts()) h = hash64(str(w.text, " ", w.count), h);
  return h >> 1;  // JSON keeps 63 bits
}

void save_checkpoint(const VectorModel& model, const CheckpointState& state, const std::string& path) {
  AtomicFile file(path);
  write_fasttext(model, file);
  file.write(to_json(state).dump());
  file.commit();
}

void check_out(const VectorRequest& r, const Paths& paths) {
  if (r.resume) {
    check(exists(paths.config), "--resume: there is no run in ", r.out);
    check(!exists(paths.model), "the run in ", r.out, " has come to its end; --from ", r.out,
          " goes on from its vectors");
    const auto begun = from_json<VectorRecipe>(Json::parse(read_file(paths.config), paths.config), paths.config);
    check_same_run(to_json(begun), to_json(r.recipe), "a resumed run keeps its recipe");
    return;
  }
  check(!exists(paths.model) && !exists(paths.checkpoint), r.out,
        " holds a model already; take another directory, or --resume");
}

Corpus read_corpus(const VectorRequest& r, const std::atomic<bool>& stop, const VectorCallbacks& calls,
                   VectorPlan& plan) {
  const auto say = [&](int64_t words) {
    check(!stop, "stopped while reading the text; nothing is learned yet, and the same command begins anew");
    if (calls.reading) calls.reading(words);
  };
  Corpus corpus = Corpus::read(r.corpus, r.recipe.corpus, r.out, say);
  const CorpusOptions& o = r.recipe.corpus;
  for (int64_t pass = o.phrases; pass-- > 0;)
    plan.phrases += corpus.join_phrases(o.phrase_threshold * std::pow(2.0, double(pass)), r.recipe.vectors.min_count);
  plan.running_words = corpus.running_words();
  plan.different_words = corpus.different_words();
  plan.forgotten = corpus.forgotten();
  return corpus;
}

// The model to go on with, and how far it is. A new one's tables come when the corpus has forgotten its words.
VectorModel first_model(const VectorRequest& r, Corpus& corpus, const Paths& paths, CheckpointState& state) {
  state.text = fingerprint(corpus);
  const auto number = [&](const Lexicon& lexicon) { corpus.number_by(lexicon), corpus.forget_words(); };
  if (r.resume && exists(paths.checkpoint)) {
    const MappedFile file(paths.checkpoint);
    auto begun = read_fasttext(file.bytes(), paths.checkpoint);
    const auto then = from_json<CheckpointState>(Json::parse(begun.rest, paths.checkpoint), paths.checkpoint);
    check(then.text == state.text, "--resume: the text is not what the run in ", r.out, " began with");
    state = then;
    begun.model.options = r.recipe.vectors;
    if (begun.model.options.max_ngram == 0) begun.model.options.buckets = 0;
    number(begun.model.lexicon);
    return std::move(begun.model);
  }
  const auto& options = r.recipe.vectors;
  if (!r.from.empty()) {
    VectorModel grown = grown_vectors(load_vectors(r.from), options, corpus.counts(), r.recipe.seed);
    number(grown.lexicon);
    return grown;
  }
  Lexicon lexicon = frequent_words(corpus.counts(), options.min_count);
  number(lexicon);
  return new_vectors(options, std::move(lexicon), corpus.running_words(), r.recipe.seed);
}

}  // namespace

VectorSummary train_vectors_from_files(const VectorRequest& r, const std::atomic<bool>& stop,
                                       const VectorCallbacks& calls) {
  check_options(r.recipe.vectors);
  const Paths paths(r.out);
  check_out(r, paths);
  const PlaceOfRun place(r.out);
  VectorPlan plan{.threads = r.recipe.deterministic ? 1 : threads()};
  Corpus corpus = read_corpus(r, stop, calls, plan);
  CheckpointState state;
  VectorModel model = first_model(r, corpus, paths, state);
  plan.words = model.lexicon.words(), plan.buckets = model.options.buckets;
  plan.table_bytes = (model.input.rows() + model.output.rows()) * model.dimension() * int64_t{sizeof(float)};
  if (calls.plan) calls.plan(plan);

  if (!r.resume) write_file(paths.config, to_json(r.recipe).dump(2) + "\n");
  const Deterministic mode(r.recipe.deterministic);
  VectorRun run{.seed = r.recipe.seed, .position = state.position, .pause_after = r.save_minutes * 60};
  TrainingLog log(paths.log, run.position);
  VectorSummary sum;
  VectorProgress last;
  double logged = -1;  // seconds
  for (bool done = false; !done && !stop;) {
    const VectorProgress before = last;
    done = train_vectors(model, corpus, run, stop, [&](VectorProgress p) {
      p.seconds += before.seconds, p.words += before.words, last = p;
      if (p.seconds - logged >= 1)
        logged = p.seconds, log.write(Json::object({{"step", p.words},
                                                    {"done", p.done},
                                                    {"seconds", p.seconds},
                                                    {"loss", p.loss},
                                                    {"rate", p.rate},
                                                    {"words_per_second", p.words_per_second}}));
      if (calls.progress) calls.progress(p);
    });
    state.position = run.position;
    if (!done) save_checkpoint(model, state, paths.checkpoint);
    sum.finished = done;
  }
  sum.words = last.words, sum.seconds = last.seconds, sum.loss = last.loss;
  sum.words_per_second = last.seconds > 0 ? double(last.words) / last.seconds : 0;
  if (!sum.finished) return sum;
  save_vectors(model, paths.model, VectorFormat::fasttext);
  remove_file(paths.checkpoint);
  return sum;
}

}  // namespace stemma
