// stemma predict, eval and show: what they do with a model directory is decided by the task in its config.json. A task
// is a row; each of its commands has its own options and help.
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

namespace {

using Command = int (*)(const Words&);
struct Task {
  std::string name;
  Command predict, eval, show;  // null: there is none
};
const std::vector<Task>& tasks() {
  static const std::vector<Task> list = {
      {"translate", predict_translate_command, eval_translate_command, show_translate_command},
      {"classify", predict_text_task_command, eval_text_task_command, show_text_task_command},
      {"pair", predict_text_task_command, eval_text_task_command, show_text_task_command},
      {"lm", nullptr, eval_lm_command, show_lm_command},
      {"tag", predict_text_task_command, eval_text_task_command, show_text_task_command},
      {"answer", predict_text_task_command, eval_text_task_command, show_text_task_command},
      {"choose", predict_text_task_command, eval_text_task_command, show_text_task_command},
  };
  return list;
}

// What is said before the options of a translation system, which are shown when no model is named.
std::string general_help(const std::string& verb) {
  std::string text = str("The options of a model's task: stemma ", verb, " DIR --help.");
  if (verb == "predict") {
    text += " A line of input is\n";
    for (const auto& task : text_tasks())
      text += str("  for ", task.name, std::string(10 - task.name.size(), ' '), task.input, "\n");
  }
  return text + "\nThe options of a translation system:\n\n";
}

// The first word that is a model directory; without one the words are wrong, and the first task's command says how.
int run(const char* verb, Command Task::*command, const Words& words) {
  for (const auto& word : words) {
    if (word.starts_with("-") || !exists(join_path(word, "config.json"))) continue;
    const Config config = read_config(word);
    std::vector<std::string> known;
    for (const auto& task : tasks()) {
      known.push_back(task.name);
      if (task.name != config.task) continue;
      check(task.*command != nullptr, "no ", verb, " for ", word, ", a model of the task '", config.task, "'",
            config.task == "lm" ? ": stemma generate goes on from a prompt" : "");
      return (task.*command)(words);
    }
    fail(config.path, ": unknown task '", config.task, "'", suggestion(config.task, known));
  }
  if (!words.empty() && !words[0].starts_with("-")) read_config(words[0]);  // says what is wrong with it
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) std::fputs(general_help(verb).c_str(), stdout);
  return (tasks()[0].*command)(words);
}

}  // namespace

int predict_command(const Words& words) { return run("predict", &Task::predict, words); }
int eval_command(const Words& words) { return run("eval", &Task::eval, words); }
int show_command(const Words& words) { return run("show", &Task::show, words); }

}  // namespace stemma
