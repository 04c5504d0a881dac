#include "stemma/tasks/tag_training.h"

#include <algorithm>

#include "stemma/base/files.h"
#include "stemma/base/hash.h"
#include "stemma/tasks/tag_words.h"
#include "stemma/vectors/vector_file.h"

namespace stemma {

namespace {

TaggedTextSource source_of(const Json& data, const std::string& path) {
  auto source = from_json<TaggedTextSource>(data, "data");
  source.path = path;
  return source;
}

Sentences words_of(const std::vector<TaggedSentence>& sentences) {
  Sentences out;
  for (const auto& sentence : sentences) out.push_back(sentence.words);
  return out;
}

Vocabulary seen_words(const std::vector<TaggedSentence>& sentences) {
  StringMap<int64_t> counts;
  for (const auto& sentence : sentences)
    for (const auto& word : sentence.words) ++counts[word];
  return Vocabulary::build(counts, {});
}

// Learned from the words of training; words of `vectors` may come in test text, so they are known as well.
Lexer learned_lexer(const TaskRecipe& recipe, const std::vector<TaggedSentence>& sentences) {
  LexerOptions options = recipe.text;
  options.max_length = 0;  // no word may go without a tag
  std::vector<std::string> more;
  if (!recipe.vectors.empty() && options.input == "word") {
    const auto vectors = load_vectors(recipe.vectors);
    for (int32_t i = 0; i < vectors.lexicon.words(); ++i)
      more.insert(more.end(), size_t(options.min_count), std::string(vectors.lexicon.text(i)));
  }
  size_t s = 0, i = 0, m = 0;
  return Lexer::train_on_words(options, [&](std::string& word) {
    while (s < sentences.size() && i == sentences[s].words.size()) ++s, i = 0;
    if (s < sentences.size()) return word = sentences[s].words[i++], true;
    return m < more.size() && (word = more[m++], true);
  });
}

TagTargets targets_of(const std::vector<TaggedSentence>& sentences, const TagLabels& labels) {
  TagTargets out;
  for (const auto& sentence : sentences) {
    std::vector<int32_t> ids;
    for (const auto& tag : labels.inside(sentence.tags)) ids.push_back(labels.tags.find(tag));
    out.tags.push_back(ids);
    out.intents.push_back(sentence.intent.empty() ? -1 : labels.intents.find(sentence.intent));
  }
  return out;
}

// What validation needs, prepared once.
struct Judge {
  const TagModel& model;
  const TagLabels& labels;
  EncodedSentences x;
  TagTargets targets;
  TagTruth truth;

  Validation operator()() const {
    Validation out;
    int64_t words = 0;
    const auto answers = model.answer(x, [&](const TagModel::Outputs& y, const auto&, std::span<const int64_t> index) {
      out.loss += model.loss(y, targets, index).nll;
      for (const int64_t i : index)
        if (std::find(targets.tags[i].begin(), targets.tags[i].end(), -1) == targets.tags[i].end())
          words += x.length(i);
    });
    out.loss /= double(std::max<int64_t>(words, 1));
    const auto report = score_tags(truth, answers_of(answers, labels));
    out.score = report.score;
    out.extra = Json::object({{"accuracy", report.all["accuracy"]}});
    if (const Json* intents = report.all.find("intents")) out.extra["intent_accuracy"] = (*intents)["accuracy"];
    return out;
  }
};

struct TrainingText {
  std::vector<TaggedSentence> sentences;
  TagLabels labels;
};
TrainingText read_training_text(const TaskTraining& training, const TaskRecipe& recipe, const TaskCallbacks& calls) {
  auto read = read_tagged_texts(source_of(recipe.data, training.train));
  TrainingText out{{}, TagLabels::of(read, from_json<TagHead>(recipe.head, "head").scheme)};
  const std::string notes = describe_skipped(read.report);
  if (calls.say && !notes.empty()) calls.say(training.train + ": counted\n" + notes);
  for (const int64_t i : sample(read.size(), training.most, recipe.train.seed))
    out.sentences.push_back(std::move(read.sentences[size_t(i)]));
  out.labels.words = recipe.text.words == "auto" ? best_word_rule(out.sentences) : recipe.text.words;
  return out;
}

void check_options(const TaskRecipe& recipe) {
  const auto head = from_json<TagHead>(recipe.head, "head");
  head.validate();
  check(head.loss != "crf" || recipe.train.label_smoothing == 0,
        "train.label_smoothing: a CRF has none; leave it at 0, or set head.loss=softmax");
}

}  // namespace

TaggedFile read_tagged_file(const Json& data, const std::string& path, const TagLabels& labels) {
  auto read = read_tagged_texts(source_of(data, path), labels.names);
  return {std::move(read.sentences), describe_skipped(read.report)};
}

TagTruth truth_of(const std::vector<TaggedSentence>& sentences, const Vocabulary& seen, bool spans) {
  TagTruth out;
  out.spans = spans;
  for (const auto& sentence : sentences) {
    std::vector<bool> known;
    for (const auto& word : sentence.words) known.push_back(seen.id(word) != unk_id);
    out.tags.push_back(sentence.tags), out.known.push_back(known), out.intents.push_back(sentence.intent);
  }
  return out;
}

TagAnswers answers_of(const std::vector<TagAnswer>& answers, const TagLabels& labels) {
  TagAnswers out;
  for (const auto& answer : answers) {
    Tags tags;
    for (const int32_t tag : answer.tags) tags.push_back(labels.tags.name(tag));
    out.tags.push_back(labels.outside(tags));
    const auto& q = answer.intents;
    out.intents.push_back(q.empty() ? ""
                                    : labels.intents.name(int32_t(std::max_element(q.begin(), q.end()) - q.begin())));
  }
  return out;
}

TaskRecipe tag_recipe(const std::string& encoder) {
  TaskRecipe out = default_recipe(encoder, default_encoder_config(encoder));
  out.train.schedule.name = "decay", out.train.schedule.factor = 0.85, out.train.schedule.hold = 4;
  out.text.min_count = 1, out.text.vocabulary = 200'000, out.text.max_length = 0;
  if (Json& input = out.architecture["input"]; input.find("letters")) input["letters"] = "cnn";
  out.head = to_json(TagHead{}), out.data = without_path(to_json(TaggedTextSource{}));
  return out;
}

Tagger Tagger::load(const std::string& directory) {
  Tagger out;
  out.recipe = load_task_recipe(directory, "tag");
  out.labels = TagLabels::load(join_path(directory, "tags.json"));
  out.seen = Vocabulary::load(join_path(directory, "seen.vocab"));
  out.model = load_network<TagModel>(out.recipe, directory, out.labels);
  return out;
}

Summary train_tags(const TaskTraining& training, const std::atomic<bool>& stop, const TaskCallbacks& calls) {
  check_options(training.recipe);
  const TaskRecipe recipe = begin_run(training, "tag");
  const auto [sentences, labels] = read_training_text(training, recipe, calls);
  if (calls.say && labels.tags.size() > 300 && from_json<TagHead>(recipe.head, "head").loss == "crf")
    calls.say(str("a CRF over ", labels.tags.size(), " tags is slow; --set head.loss=softmax tags word by word"));
  const Vocabulary seen = seen_words(sentences);
  const NetworkRun run{recipe, training.out, training.resume};
  const Lexer lexer = begin_lexer(run, [&, &sentences = sentences] { return learned_lexer(recipe, sentences); });
  const auto model = begin_network<TagModel>(run, calls, lexer, labels);
  const auto x = model->encode(words_of(sentences));
  const auto targets = targets_of(sentences, labels);
  model->forget_rare(x);
  Lesson lesson = model->lesson(run);
  if (!training.valid.empty()) {
    const auto valid = read_tagged_file(recipe.data, training.valid, labels).sentences;
    lesson.plan.valid_examples = int64_t(valid.size());
    lesson.validate = Judge{*model, labels, model->encode(words_of(valid)), targets_of(valid, labels),
                            truth_of(valid, seen, labels.spans())};
  }
  lesson.plan.measure = labels.spans() ? "span_f1" : "accuracy", lesson.plan.labels = labels.tags.in_short();
  if (labels.intents.size()) lesson.plan.labels += str("; ", labels.intents.size(), " intents");
  lesson.examples = x.size();
  lesson.fingerprint = hash64(targets.intents, hash64(targets.tags.ids, x.parts.fingerprint()));
  lesson.cost = [&](int64_t i) { return x.cost(i); };
  lesson.loss = [&](std::span<const int64_t> index) {
    return model->loss(model->outputs(x, index), targets, index, recipe.train.label_smoothing);
  };
  lesson.save = [&, &labels = labels, save = lesson.save] {
    labels.save(join_path(training.out, "tags.json")), seen.save(join_path(training.out, "seen.vocab"));
    save();
  };
  return learn(lesson, recipe, training.out, training.resume, stop, calls);
}

}  // namespace stemma
