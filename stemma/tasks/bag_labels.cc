// Labels by fastText's classifier, which learns in its own way: see vectors/supervised.h. It reads words between white
// space, so texts are lexed first and their words written with spaces. Of a pair, the second text's words and those of
// both have names of their own.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>

#include "stemma/base/files.h"
#include "stemma/tasks/label_model.h"
#include "stemma/vectors/autotune.h"
#include "stemma/vectors/classifier.h"
#include "stemma/vectors/supervised.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

// loss = auto: softmax where a text has one label, each where it may have many.
struct BagOptions : VectorOptions {
  double autotune = 0;         // minutes of trying other options, measured on the validation texts; 0: none
  int64_t autotune_bytes = 0;  // of the file at most, quantised; 0: any size
  // A small corpus wants more than fastText's 5 epochs at 0.1 (its own tutorial ends here, too).
  BagOptions() : VectorOptions(classifier_options()) { loss = "auto", epochs = 25, rate = 0.5; }
  FIELDS(loss, dimension, negatives, min_count, epochs, rate, min_ngram, max_ngram, buckets, word_ngrams, autotune,
         autotune_bytes)
};

// How text falls into words; the lexer's vocabulary has no part in it.
class Wording {
 public:
  explicit Wording(const LexerOptions& options) : lexer_(Lexer::rules(options)) {}
  std::string of(const Documents& documents, int64_t i) const {
    const auto& first = documents.first[size_t(i)];
    if (!documents.pairs()) return join(words(first), "");
    const auto a = words(first), b = words(documents.second[size_t(i)]);
    const std::set<std::string> seen(a.begin(), a.end());
    std::vector<std::string> both;
    std::copy_if(b.begin(), b.end(), std::back_inserter(both), [&](const auto& w) { return seen.count(w) > 0; });
    return join(a, "") + " " + join(b, "2:") + " " + join(both, "both:");
  }
  std::vector<std::string> words(const std::string& text) const { return lexer_.words(text); }
  const Lexer& lexer() const { return lexer_; }

 private:
  static std::string join(const std::vector<std::string>& words, const char* prefix) {
    std::string out;
    for (const auto& word : words) out += str(out.empty() ? "" : " ", prefix, word);
    return out;
  }
  Lexer lexer_;
};

std::vector<std::string> names_of(const LabelTraining& t, const LabelledDocuments& data, int64_t i) {
  std::vector<std::string> out;
  for (const int32_t label : data.labels[size_t(i)]) out.push_back(encoded_label(t.task.labels.name(label)));
  return out;
}

class BagLabels : public LabelModel {
 public:
  BagLabels(Classifier classifier, const LabelTask& task, const LexerOptions& text)
      : classifier_(std::move(classifier)), wording_(text), task_(task) {
    const auto names = classifier_.labels();
    for (int64_t j = 0; j < task.labels.size(); ++j) {
      const auto found = std::find(names.begin(), names.end(), encoded_label(task.labels.name(int32_t(j))));
      check(found != names.end(), "the classifier does not know the label '", task.labels.name(int32_t(j)), "'");
      place_.push_back(size_t(found - names.begin()));
    }
  }
  std::vector<std::vector<double>> answer(const Documents& documents) const override {
    std::vector<std::vector<double>> out;
    for (int64_t i = 0; i < documents.size(); ++i) out.push_back(row_of(wording_.of(documents, i)));
    return out;
  }
  // What the label's log p loses without a word.
  Explained explain(const Documents& one, int32_t label) const override {
    Explained out{.measure = "log p lost without the word"};
    const double whole = std::log(answer(one)[0][size_t(label)] + 1e-12);
    for (int64_t d = 0; d < (one.pairs() ? 2 : 1); ++d) {
      const std::string& text = d ? one.second[0] : one.first[0];
      for (const auto& [begin, end] : wording_.lexer().places(text)) {
        Documents without = one;
        (d ? without.second : without.first)[0].replace(size_t(begin), size_t(end - begin), " ");
        const double rest = std::log(answer(without)[0][size_t(label)] + 1e-12);
        out.saliency.push_back({text.substr(size_t(begin), size_t(end - begin)), begin, end, whole - rest, d});
      }
    }
    return out;
  }
  int64_t parameters() const override {
    const auto& m = classifier_.model();
    return (m.input.rows() + m.output.rows()) * m.dimension();
  }

 private:
  std::vector<double> row_of(const std::string& text) const {
    const auto p = classifier_.probabilities(text);
    std::vector<double> out;
    for (const size_t k : place_) out.push_back(std::clamp(p[k], 0.0, 1.0));
    return task_.kind == LabelKind::one ? shares(std::move(out)) : out;
  }
  Classifier classifier_;
  Wording wording_;
  LabelTask task_;
  std::vector<size_t> place_;  // of each label among the classifier's
};

struct Learning {
  const LabelTraining& training;
  const std::atomic<bool>& stop;
  const TaskCallbacks& calls;
  const Wording& wording;
};

VectorModel tuned(const Learning& l, const LabelledCorpus& corpus, const BagOptions& options) {
  const auto& valid = l.training.valid;
  check(valid.size() > 0, "autotune needs validation texts: --valid");
  check(l.training.recipe.vectors.empty(), "autotune begins without vectors: leave out --vectors, or autotune");
  std::vector<TuningDocument> documents;
  for (int64_t i = 0; i < valid.size(); ++i)
    documents.push_back({l.wording.of(valid.documents, i), names_of(l.training, valid, i)});
  const AutotuneOptions how{.first = options,
                            .seconds = 60 * options.autotune,
                            .bytes = options.autotune_bytes,
                            .seed = l.training.recipe.train.seed};
  return autotune(
             corpus, documents, how, l.stop,
             [&](const AutotuneTrial& t) {
               if (l.calls.say && t.best)
                 l.calls.say(str("autotune: ", t.score, " with ", to_json(t.options).dump(), " in ", t.seconds, " s"));
             })
      .model;
}

// Null: stopped.
std::optional<VectorModel> learned(const Learning& l, const LabelledCorpus& corpus, const BagOptions& options) {
  const auto& recipe = l.training.recipe;
  std::optional<VectorModel> from;
  if (!recipe.vectors.empty()) from = load_vectors(recipe.vectors);
  VectorModel model = new_classifier(options, corpus, recipe.train.seed, from ? &*from : nullptr);
  VectorRun run{.seed = recipe.train.seed};
  const Deterministic order(deterministic() || recipe.train.deterministic);
  const bool done = train_classifier(model, corpus, run, l.stop, [&](const VectorProgress& p) {
    if (l.calls.progress)
      l.calls.progress({.step = p.words,
                        .seconds = p.seconds,
                        .done = p.done,
                        .loss = p.loss,
                        .rate = p.rate,
                        .tokens_per_second = p.words_per_second});
  });
  return done ? std::optional(std::move(model)) : std::nullopt;
}

BagOptions options_of(const LabelTraining& training) {
  auto options = from_json<BagOptions>(training.recipe.architecture, "architecture");
  if (options.loss == "auto") options.loss = training.task.kind == LabelKind::many ? "each" : "softmax";
  return options;
}

void check_names(const LabelSet& labels) {
  StringMap<std::string> of_encoded;
  for (const auto& name : labels.names()) {
    const auto [other, added] = of_encoded.emplace(encoded_label(name), name);
    check(added, "labels '", other->second, "' and '", name,
          "' are the same in fastText's file, which has no white space in labels; rename one");
  }
}

}  // namespace

// fastText's file separates by white space, and ends a name with a zero.
std::string encoded_label(const std::string& name) {
  std::string out = name;
  for (char& c : out)
    if (std::string_view(" \t\n\v\f\r\0", 7).find(c) != std::string_view::npos) c = '_';
  return out;
}

Json bag_defaults() { return to_json(BagOptions{}); }

TrainedLabels train_bag_labels(const LabelTraining& training, const std::atomic<bool>& stop,
                               const TaskCallbacks& calls) {
  check(training.task.kind != LabelKind::score, "fasttext answers with labels, not with scores");
  const auto begun = std::chrono::steady_clock::now();
  if (calls.plan) calls.plan(shallow_plan(training));
  if (const auto unused = unused_options(training); calls.say && !unused.empty()) calls.say(unused);
  check_names(training.task.labels);
  const Wording wording(training.recipe.text);
  const auto options = options_of(training);
  LabelledCorpus corpus;
  for (int64_t i = 0; i < training.train.size(); ++i)
    corpus.add(wording.of(training.train.documents, i), names_of(training, training.train, i));
  const Learning learning{training, stop, calls, wording};
  const bool tries = options.autotune > 0;  // stopped, it has the best so far
  auto model = tries ? std::optional(tuned(learning, corpus, options)) : learned(learning, corpus, options);
  TrainedLabels out;
  out.summary.reason = !model ? "stopped" : tries ? "autotune" : "epochs";
  out.summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (!model) return out;
  if (!tries) out.summary.tokens_per_second = double(corpus.running_words() * options.epochs) / out.summary.seconds;
  Classifier classifier(std::move(*model));
  make_directories(training.directory);
  save_label_task(training.task, training.directory);
  classifier.save(join_path(training.directory, "model.bin"));
  save_task_recipe(training.recipe, training.task.name, training.directory);
  out.model = std::make_unique<BagLabels>(std::move(classifier), training.task, training.recipe.text);
  return judged(training, std::move(out));
}

std::unique_ptr<LabelModel> load_bag_labels(const TaskRecipe& recipe, const LabelTask& task,
                                            const std::string& directory) {
  return std::make_unique<BagLabels>(Classifier::load(join_path(directory, "model.bin")), task, recipe.text);
}

}  // namespace stemma
