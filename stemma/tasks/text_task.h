// What the commands know of a task on texts, whichever it is: classify, pair, tag, answer, choose. One stem for each;
// the list is in text_task.cc. A task never asks which encoder it has.
#pragma once
#include <memory>

#include "stemma/tasks/gradient_flow.h"
#include "stemma/tasks/lesson.h"

namespace stemma {

struct ReportTable {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
struct TaskReport {
  std::string measure;  // of the score that compares: "accuracy"
  double score = 0;
  Json all;  // an object
  std::vector<ReportTable> tables;
  std::string notes;                // what was passed over in the file, a line each; may be empty
  int64_t examples = 0;             // scored: texts, sentences, questions
  std::string second_measure = "";  // what a comparison tells beside the score; may be empty
  double second = 0;
};

struct TaskAnswer {
  Json json;         // an object
  std::string text;  // the same for a person: a line
  bool cut = false;  // the input is longer than what was read of it
};

// "3 of 200 inputs are longer than what is read of them, and were cut"; empty: none.
std::string describe_cut(int64_t cut, int64_t inputs);

// A trained system.
class TextSystem {
 public:
  virtual ~TextSystem() = default;
  // An answer for each input, as `TextTask::input` says. That of one does not depend on the others. "begin" and "end"
  // in its JSON are characters (code points) of the text.
  virtual std::vector<TaskAnswer> answer(const std::vector<std::string>& inputs) const = 0;
  // The same for a whole file in the form of the training file. Error where inputs of the task are lines only.
  virtual std::vector<TaskAnswer> answer_file(const std::string& file) const;
  // `data`: how this file is read, where that is not as the training file was; null: as that was.
  virtual TaskReport evaluate(const std::string& file, const Json& data) const = 0;
  virtual const TaskRecipe& recipe() const = 0;
  // Why, with places in bytes: {"texts": [".."], "answer": {..}, "measure": "..",
  // "saliency": [{"text", "begin", "end", "weight", "document"}], "attention": [the same]}, and what else the task has
  // to show.
  virtual Json explain(const std::string& input) const = 0;
  // How far back the losses of a file's examples reach. Error where the task has no answer at the end of a text.
  virtual GradientFlow flow(const std::string& file, const FlowPlaces&) const {
    fail(file, ": gradients by distance are there for classify and lm alone");
  }
  virtual int64_t parameters() const = 0;
  virtual Params params() const { return {}; }  // none where what was learned is no tensors
  // What it has learned, whatever the input: {"heaviest": [{"label", "features": [{"text", "weight"}]}], "filters":
  // [{"filter", "width", "label", "weight", "ngrams": [{"text", "activation"}]}]}. Keys only where there is something
  // to say; the best n-grams of filters are looked for in `texts`.
  virtual Json learned(const std::vector<std::string>&) const { return Json::Object{}; }
};

struct TaskTraining {
  TaskRecipe recipe;
  std::string train, valid, out;  // valid may be empty
  int64_t most = 0;               // only so many examples of `train`, drawn by the seed; 0: all
  bool resume = false;
};

struct TextTask {
  std::string name, about;
  std::string files;                                      // what examples look like
  std::vector<std::pair<std::string, std::string>> keys;  // of `data` in a recipe, how files are read: key and meaning
  std::string input;                                      // what a line of `predict` is
  std::string measure;                                    // what `evaluate` and validation call their score
  std::vector<std::string> (*encoders)();
  TaskRecipe (*recipe)(const std::string& encoder);  // the defaults
  Summary (*train)(const TaskTraining&, const std::atomic<bool>& stop, const TaskCallbacks&);
  std::unique_ptr<TextSystem> (*load)(const std::string& directory);
};
template <class System>
std::unique_ptr<TextSystem> load_system(const std::string& directory) {
  return std::make_unique<System>(directory);
}
const std::vector<TextTask>& text_tasks();
const TextTask& find_text_task(const std::string& name);

// The recipe to begin with: of a preset (models/registry.h), or of an encoder, or of both, where they must agree. Both
// empty: an LSTM. Error when the task has no such encoder, or no use for an option of the preset.
TaskRecipe first_recipe(const TextTask& task, const std::string& encoder, const std::string& preset);

// For tasks: the recipe of a directory of this task, and the beginning of every run: options are checked, the directory
// is made or is the one to resume.
TaskRecipe load_task_recipe(const std::string& directory, const std::string& task);
TaskRecipe begin_run(const TaskTraining& training, const std::string& task);
// Says what a reader passed over in the training file, when it did.
void say_skipped(const TaskCallbacks& calls, const std::string& file, const std::string& skipped);
// The places of `most` of n examples, drawn by `seed`, in order; all when most is 0.
std::vector<int64_t> sample(int64_t n, int64_t most, uint64_t seed);

}  // namespace stemma
