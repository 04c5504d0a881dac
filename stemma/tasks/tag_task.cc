#include "stemma/tasks/tag_task.h"

#include <algorithm>

#include "stemma/metrics/span_f1.h"
#include "stemma/tasks/evidence.h"
#include "stemma/tasks/tag_training.h"
#include "stemma/tasks/tag_words.h"
#include "stemma/text/unicode.h"

namespace stemma {

namespace {

// Rows of numbers with names, for the views. Null: what may not be.
Json matrix(const std::vector<std::string>& labels, const std::function<Json(size_t, size_t)>& value) {
  Json::Array rows;
  for (size_t i = 0; i < labels.size(); ++i) {
    Json::Array row;
    for (size_t j = 0; j < labels.size(); ++j) row.push_back(value(i, j));
    rows.emplace_back(std::move(row));
  }
  return Json::object({{"labels", labels}, {"values", std::move(rows)}});
}

Json transitions_of(const Crf& crf, const std::vector<std::string>& tags) {
  return matrix(tags, [&](size_t i, size_t j) -> Json {
    const size_t at = i * tags.size() + j;
    return crf.legal && !crf.legal->transitions[at] ? Json() : Json(crf.A.w.data()[at]);
  });
}

class TagSystem : public TextSystem {
 public:
  explicit TagSystem(const std::string& directory) : tagger_(Tagger::load(directory)) {}

  std::vector<TaskAnswer> answer(const std::vector<std::string>& inputs) const override {
    std::vector<TextWords> texts;
    Sentences sentences;  // those with words
    for (const auto& line : inputs) {
      texts.push_back(split_words(tagger_.labels.words, line));
      if (!texts.back().words.empty()) sentences.push_back(texts.back().words);
    }
    const auto answers = tagger_.model->answer(tagger_.model->encode(sentences));
    const auto named = answers_of(answers, tagger_.labels);
    std::vector<TaskAnswer> out;
    for (size_t i = 0, k = 0; i < inputs.size(); ++i) {
      if (texts[i].words.empty()) {
        out.push_back({Json::object({{"tokens", Json::Array{}}, {"spans", Json::Array{}}}), ""});
        continue;
      }
      out.push_back(answer_of(inputs[i], texts[i], answers[k], named.tags[k], named.intents[k]));
      ++k;
    }
    return out;
  }
  TaskReport evaluate(const std::string& file, const Json& data) const override {
    const auto read = read_tagged_file(data.is_null() ? tagger_.recipe.data : data, file, tagger_.labels);
    Sentences words;
    for (const auto& sentence : read.sentences) words.push_back(sentence.words);
    const auto answers = tagger_.model->answer(tagger_.model->encode(words));
    TaskReport report =
        score_tags(truth_of(read.sentences, tagger_.seen, tagger_.labels.spans()), answers_of(answers, tagger_.labels));
    report.notes = read.notes, report.examples = int64_t(words.size());
    return report;
  }
  Json explain(const std::string& input) const override;
  const TaskRecipe& recipe() const override { return tagger_.recipe; }
  int64_t parameters() const override { return count(tagger_.model->params()); }

 private:
  TaskAnswer answer_of(const std::string& line, const TextWords& text, const TagAnswer& answer, const Tags& tags,
                       const std::string& intent) const {
    Json::Array tokens, spans;
    std::string readable;
    const auto characters = characters_before(line);
    for (size_t i = 0; i < tags.size(); ++i) {
      tokens.push_back(Json::object({{"text", text.words[i]},
                                     {"begin", characters[size_t(text.places[i].begin)]},
                                     {"end", characters[size_t(text.places[i].end)]},
                                     {"tag", tags[i]},
                                     {"probability", answer.probabilities[i]}}));
      readable += str(i ? " " : "", text.words[i], "/", tags[i]);
    }
    if (tagger_.labels.spans())
      for (const auto& span : tagged_spans(tags)) {
        const int64_t begin = text.places[size_t(span.first)].begin, end = text.places[size_t(span.last)].end;
        spans.push_back(Json::object({{"type", span.type},
                                      {"begin", characters[size_t(begin)]},
                                      {"end", characters[size_t(end)]},
                                      {"text", line.substr(size_t(begin), size_t(end - begin))}}));
      }
    Json json = Json::object({{"tokens", std::move(tokens)}, {"spans", std::move(spans)}});
    if (!intent.empty()) {
      json["intent"] = intent;
      json["intent_probability"] = *std::max_element(answer.intents.begin(), answer.intents.end());
      readable += str(" <=> ", intent);
    }
    return {std::move(json), std::move(readable)};
  }
  std::vector<double> influence(const EncodedSentences& x, const std::vector<int64_t>& word_of, int64_t word,
                                int32_t tag) const;
  Tagger tagger_;
};

// How much the score of `tag` at `word` would fall, to first order, if the vectors of each word's tokens were zero.
std::vector<double> TagSystem::influence(const EncodedSentences& x, const std::vector<int64_t>& word_of, int64_t word,
                                         int32_t tag) const {
  const int64_t first = 0;
  const auto of_tokens = influences([&] {
    return cols(gather(tagger_.model->outputs(x, {&first, 1}).scores, {word}), tag, 1);
  });
  std::vector<double> out(static_cast<size_t>(x.length(0)));
  for (size_t t = 0; t < word_of.size(); ++t) out[size_t(word_of[t])] += of_tokens.at(0)[t];
  return out;
}

Json TagSystem::explain(const std::string& input) const {
  const TextWords text = split_words(tagger_.labels.words, input);
  check(!text.words.empty(), "no word to tag in '", input, "'");
  const auto x = tagger_.model->encode({text.words});
  const auto answer = tagger_.model->answer(x).at(0);
  const auto named = answers_of({answer}, tagger_.labels);
  std::vector<int64_t> word_of;
  for (int64_t t = 0, w = -1; t < x.tokens(0); ++t) {
    if (w + 1 < x.length(0) && x.words[0][size_t(w) + 1] == t) ++w;
    word_of.push_back(w);
  }
  std::vector<std::vector<double>> on;  // on[i][j]: of word j on the tag of word i
  std::vector<Evidence> saliency;
  for (size_t i = 0; i < text.words.size(); ++i) on.push_back(influence(x, word_of, int64_t(i), answer.tags[i]));
  for (size_t j = 0; j < text.words.size(); ++j) {
    double weight = 0;
    for (const auto& row : on) weight += row[j];
    saliency.push_back({text.words[j], text.places[j].begin, text.places[j].end, weight});
  }
  Json out = Json::object({{"texts", Json::Array{input}},
                           {"answer", answer_of(input, text, answer, named.tags[0], named.intents[0]).json},
                           {"measure", "gradient x input"},
                           {"saliency", to_json(saliency)},
                           {"attention", Json::Array{}},
                           {"influence", matrix(text.words, [&](size_t i, size_t j) { return Json(on[i][j]); })}});
  if (const auto& crf = tagger_.model->crf()) out["transitions"] = transitions_of(*crf, tagger_.labels.tags.names());
  return out;
}

}  // namespace

TextTask tag_task() {
  return {.name = "tag",
          .about = "words of sentences into tags: parts of speech, named entities, slots; and intents of sentences",
          .files = "CoNLL (a word a line), CoNLL-U, or lines of word:tag word:tag <=> intent",
          .keys = {{"format", "conll, conllu, slots, or auto: by the name and the first line"},
                   {"word", "column of the word: conll 1, -1 is the last; conllu FORM or LEMMA; empty: as usual"},
                   {"tag", "column of the tag: conll a number; conllu UPOS, XPOS, DEPREL, ..., or a key of FEATS"},
                   {"spaces", "false: words are not written apart, as in Chinese"},
                   {"strip_index", "true: digits behind a word's first character are no part of it"}},
          .input = "a sentence",
          .measure = "score",
          .encoders = encoder_names,
          .recipe = tag_recipe,
          .train = train_tags,
          .load = load_system<TagSystem>};
}

}  // namespace stemma
