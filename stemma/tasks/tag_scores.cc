#include "stemma/tasks/tag_scores.h"

#include "stemma/base/numbers.h"
#include "stemma/metrics/span_f1.h"
#include "stemma/tasks/class_tables.h"

namespace stemma {

namespace {

// Names that appear in either, in the order of a LabelSet.
ClassificationScore score_names(const std::vector<std::string>& truth, const std::vector<std::string>& answers) {
  std::vector<std::string> names = truth;
  names.insert(names.end(), answers.begin(), answers.end());
  const LabelSet set(std::move(names));
  const auto ids = [&](const std::vector<std::string>& list) {
    std::vector<int32_t> out;
    for (const auto& name : list) out.push_back(set.find(name));
    return out;
  };
  return score_classification(ids(truth), ids(answers), set.names());
}

std::vector<std::string> joined(const std::vector<Tags>& sentences) {
  std::vector<std::string> out;
  for (const auto& tags : sentences) out.insert(out.end(), tags.begin(), tags.end());
  return out;
}

struct Unknown {
  int64_t words = 0, right = 0;
  double accuracy() const { return words == 0 ? 0 : double(right) / double(words); }
};
Unknown count_unknown(const TagTruth& truth, const TagAnswers& answers) {
  Unknown out;
  for (size_t s = 0; s < truth.tags.size(); ++s)
    for (size_t i = 0; i < truth.tags[s].size(); ++i)
      if (!truth.known[s][i]) ++out.words, out.right += truth.tags[s][i] == answers.tags[s][i];
  return out;
}

void add_spans(const TagTruth& truth, const TagAnswers& answers, TaskReport& out) {
  const auto s = score_spans(truth.tags, answers.tags);
  out.second_measure = "token accuracy", out.second = out.score;
  out.measure = "span F1", out.score = s.scores.micro.f1;
  out.all["spans"] = to_json(s);
  out.all["scores"] = to_json(s.scores);
  auto& rows = out.tables[0].rows;
  rows.insert(rows.begin(), {{"span F1", percent(s.scores.micro.f1)},
                             {"span precision", percent(s.scores.micro.precision)},
                             {"span recall", percent(s.scores.micro.recall)}});
  rows.push_back({"illegal places in the file", str(s.illegal_targets)});
  rows.push_back({"illegal places in the answers", str(s.illegal_predictions)});
  out.tables.push_back(class_table(s.scores, "spans by type", "type", "in the file"));
}

void add_intents(const TagTruth& truth, const TagAnswers& answers, TaskReport& out) {
  std::vector<std::string> right, said;
  for (size_t i = 0; i < truth.intents.size(); ++i)
    if (!truth.intents[i].empty() && !answers.intents[i].empty())
      right.push_back(truth.intents[i]), said.push_back(answers.intents[i]);
  if (right.empty()) return;
  const auto s = score_names(right, said);
  out.all["intents"] = to_json(s);
  out.tables[0].rows.push_back({"intent accuracy", percent(s.accuracy)});
}

}  // namespace

TaskReport score_tags(const TagTruth& truth, const TagAnswers& answers) {
  const auto s = score_names(joined(truth.tags), joined(answers.tags));
  const auto unknown = count_unknown(truth, answers);
  TaskReport out{"accuracy", s.accuracy, Json::Object{}, {}, {}};
  out.all["accuracy"] = s.accuracy;
  out.all["words"] = s.documents;
  out.all["sentences"] = truth.tags.size();
  out.all["unknown_words"] = unknown.words;
  out.all["unknown_accuracy"] = unknown.accuracy();
  out.all["scores"] = to_json(s.scores);
  out.all["labels"] = s.labels;
  Json::Array confusion(s.confusion.begin(), s.confusion.end());
  out.all["confusion"] = std::move(confusion);
  out.examples = int64_t(truth.tags.size());
  out.tables.push_back({"",
                        {"measure", ""},
                        {{"accuracy of tags", percent(s.accuracy)},
                         {"of words not met in training", unknown.words ? percent(unknown.accuracy()) : "–"},
                         {"words", str(s.documents)},
                         {"words not met in training", str(unknown.words)},
                         {"sentences", str(truth.tags.size())}}});
  if (truth.spans)
    add_spans(truth, answers, out);
  else
    out.tables.push_back(class_table(s.scores, "by tag", "tag", "in the file"));
  add_intents(truth, answers, out);
  out.tables.push_back(confusion_table(s, "tag"));
  return out;
}

}  // namespace stemma
