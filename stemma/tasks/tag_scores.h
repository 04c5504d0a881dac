// How good a tagger's answers are: words, words never met in training, spans as seqeval counts them, intents.
#pragma once
#include "stemma/tasks/tag_labels.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

struct TagTruth {
  std::vector<Tags> tags;
  std::vector<std::vector<bool>> known;  // of each word: met in training
  std::vector<std::string> intents;      // empty, of a sentence: it has none
  bool spans = false;                    // the score is span F1; otherwise accuracy of tags
};
struct TagAnswers {
  std::vector<Tags> tags;
  std::vector<std::string> intents;
};

// all: {"accuracy", "words", "sentences", "unknown_words", "unknown_accuracy", "labels", "confusion": of tags,
// "scores": ClassScores of spans by type, or of tags; "spans": SpanScore where there are spans, "intents":
// ClassificationScore where there are intents}
TaskReport score_tags(const TagTruth& truth, const TagAnswers& answers);

}  // namespace stemma
