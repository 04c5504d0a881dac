// stemma train TASK: which tasks there are. Each has its own options and help.
#include <cstdio>

#include "stemma/base/check.h"
#include "stemma/cli/commands.h"

namespace stemma {

namespace {

struct Task {
  const char* name;
  int (*run)(const Words&);
  const char* about;
};
constexpr Task tasks[] = {
    {"translate", train_translate_command, "a translation system from parallel text"},
    {"classify", train_classify_command, "a classifier of texts: topics, sentiment, many labels"},
    {"pair", train_pair_command, "a judge of two texts: the same meaning, entailment, likeness"},
    {"lm", train_lm_command, "a language model from plain text"},
    {"tag", train_tag_command, "a tagger of words: parts of speech, named entities, slots"},
    {"answer", train_answer_command, "a reader that answers questions by a span of a text"},
    {"choose", train_choose_command, "a chooser among the options of a question"},
    {"vectors", train_vectors_command, "word vectors from running text: word2vec, fastText"},
};

int help() {
  std::printf("Trains a model on your text.\n\nUsage: stemma train TASK ...\n\n");
  for (const auto& task : tasks) std::printf("  %-10s %s\n", task.name, task.about);
  std::printf(
      "\n'stemma train TASK --help' explains a task.\n\nExamples:\n"
      "  stemma train translate --source train.de --target train.en --out runs/de-en\n"
      "  stemma train lm --text input.txt --valid valid.txt --out runs/lm\n"
      "  stemma train vectors --corpus text.txt --out runs/vectors\n");
  return 0;
}

}  // namespace

int train_command(const Words& words) {
  std::vector<std::string> known;
  for (const auto& task : tasks) known.emplace_back(task.name);
  if (words.empty()) {
    std::string list;
    for (const auto& task : known) list += str(list.empty() ? "" : ", ", task);
    throw UsageError(str("task is missing: what to train: ", list, " (see stemma train --help)"));
  }
  const std::string& name = words[0];
  if (name == "--help" || name == "-h") return help();
  for (const auto& task : tasks)
    if (name == task.name) return task.run({words.begin() + 1, words.end()});
  throw UsageError(str("unknown task '", name, "'", suggestion(name, known)));
}

}  // namespace stemma
