// Learning to tag: from files to a model directory, and back to a model.
#pragma once
#include "stemma/tasks/tag_model.h"
#include "stemma/tasks/tag_scores.h"

namespace stemma {

// The directory holds beside the model: tags.json, lexer.json and its vocabularies, seen.vocab (the words of training).
struct Tagger {
  TaskRecipe recipe;
  TagLabels labels;
  Vocabulary seen;
  std::unique_ptr<TagModel> model;

  static Tagger load(const std::string& directory);  // Error naming the file that is missing or damaged
};

struct TaggedFile {
  std::vector<TaggedSentence> sentences;
  std::string notes;  // what is odd in it
};
// Read as `data`, a recipe's, says. `labels`: of a trained system; tags that it lacks are counted in the notes.
TaggedFile read_tagged_file(const Json& data, const std::string& path, const TagLabels& labels);

TagTruth truth_of(const std::vector<TaggedSentence>& sentences, const Vocabulary& seen, bool spans);
TagAnswers answers_of(const std::vector<TagAnswer>& answers, const TagLabels& labels);

TaskRecipe tag_recipe(const std::string& encoder);  // the defaults
Summary train_tags(const TaskTraining& training, const std::atomic<bool>& stop, const TaskCallbacks& calls);

}  // namespace stemma
