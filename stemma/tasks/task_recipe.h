// The recipe of a task on texts (classify, pair, tag, answer, choose): every option of its training run.
#pragma once
#include <string>

#include "stemma/tasks/recipe_tree.h"
#include "stemma/text/lexer.h"
#include "stemma/train/trainer.h"

namespace stemma {

struct ExampleOptions {
  int64_t examples = 0;    // of a batch, at most; 0: 32, but fewer where there are few, see `fitted`
  int64_t tokens = 8192;   // of a batch, at most; 0: any
  int64_t window = 2'000;  // examples sorted by length together
  FIELDS(examples, tokens, window)
  void validate() const;  // Error naming the option
  // What a training set of this size is cut by: a small one needs small batches, for the sake of enough updates. The
  // power of two below a 150th of it, from 8 to 32.
  ExampleOptions fitted(int64_t training_examples) const;
};

struct TaskRecipe {
  std::string encoder;  // models/encoder.h names them; the shallow ones are of the task
  std::string preset;
  Json architecture;    // of the encoder
  Json head;            // of the task: what it puts on the encoder
  Json data;            // of the task: how its files are read
  std::string vectors;  // a file of word vectors that words begin with; empty: none
  LexerOptions text;
  ExampleOptions batch;
  TrainOptions train;
  FIELDS(encoder, preset, architecture, head, data, vectors, text, batch, train)
};

// Writes config.json, which says that `directory` is of this task and recipe. To be called when nothing can go wrong
// any more but learning itself, so that a wrong command leaves a model that is there as it is.
void save_task_recipe(const TaskRecipe& recipe, const std::string& task, const std::string& directory);

// What suits small data sets and small networks, for all tasks, which then say what they have to say themselves.
TaskRecipe default_recipe(const std::string& encoder, Json architecture);
// How files are read, without which file.
Json without_path(const Json& source);

}  // namespace stemma
