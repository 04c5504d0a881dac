// stemma predict, eval and show for the tasks on texts: classify, pair, tag, answer, choose.
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/eval_page.h"
#include "stemma/cli/input.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/text_task.h"

namespace stemma {

namespace {

const TextTask& task_of(const std::string& directory) { return find_text_task(read_config(directory).task); }

std::string text_of(const TaskReport& report) {
  std::string out;
  for (const auto& t : report.tables) {
    Table table(t.header);
    for (const auto& row : t.rows) table.add(row);
    out += str(out.empty() ? "" : "\n", t.title.empty() ? "" : t.title + "\n", table.text());
  }
  if (!report.notes.empty()) out += "\nof the file:\n" + report.notes;
  return out;
}

Json json_of(const TaskReport& report) {
  Json out = report.all;
  if (const auto notes = notes_of(report); !notes.empty()) out["notes"] = notes;
  return out;
}

// Answers as text, and a word at the end on how many inputs were cut.
struct AnswersWritten {
  bool json = false;
  int64_t inputs = 0, cut = 0;

  std::string operator()(const std::vector<TaskAnswer>& answers) {
    std::string out;
    for (const auto& answer : answers) {
      Json object = answer.json;
      if (answer.cut) object["cut"] = true;
      out += (json ? object.dump() : answer.text) + "\n";
      ++inputs, cut += answer.cut;
    }
    return out;
  }
  ~AnswersWritten() {
    if (cut) std::fprintf(stderr, "stemma: %s\n", describe_cut(cut, inputs).c_str());
  }
};

bool is_json_file(const std::string& path) { return path.ends_with(".json") || path.ends_with(".json.gz"); }

}  // namespace

int predict_text_task_command(const Words& words) {
  std::string directory, input = "-";
  int64_t chunk = 0;
  bool json = false;
  Machine machine;
  CommandLine line("predict", "Text in, answers out, line by line.",
                   "  stemma predict runs/topics < texts.txt\n  stemma predict runs/topics --json --input texts.txt\n"
                   "  stemma predict runs/answer --json --input dev.json    # questions in the form of SQuAD\n");
  line.option("directory", directory, "the model directory").required();
  line.option("--input", input,
              "a file, plain or .gz, of lines; of the task answer, .json in the form of SQuAD; -: standard input");
  line.option("--chunk", chunk, "lines answered together; 0: 512, on a terminal 1");
  line.flag("--json", json, "an object for each line, with probabilities; places in the text are in characters");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope scope(machine);
  const auto system = task_of(directory).load(directory);
  AnswersWritten written{.json = json};
  if (is_json_file(input)) return print(written(system->answer_file(input))), 0;
  answer_lines(input, chunk, [&](const auto& lines, int64_t) { return written(system->answer(lines)); });
  return 0;
}

int eval_text_task_command(const Words& words) {
  std::string directory, file, html;
  std::vector<std::string> set;
  bool json = false;
  Machine machine;
  CommandLine line("eval", "Measures a model on a test set, which is read as its training file was.",
                   "  stemma eval runs/topics --test test.tsv\n"
                   "  stemma eval runs/topics --test test.tsv --html test.html   # confusions, calibration\n"
                   "  stemma eval runs/topics --test test.csv --set data.text=2,3 --set data.label=1\n");
  line.option("directory", directory, "the model directory").required();
  line.option("--test", file, "examples with their answers").required();
  line.option("--set", set, "data.KEY=VALUE: how this file is read, where not as the training file was");
  line.option("--html", html, "write a page with tables and pictures to this file");
  line.flag("--json", json, "one object");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope scope(machine);
  const auto system = task_of(directory).load(directory);
  RecipeTree recipe(to_json(system->recipe()));
  for (const auto& assignment : set) {
    if (!assignment.starts_with("data."))
      throw UsageError(str("--set: only data.KEY=VALUE here, not '", assignment, "'"));
    recipe.set(assignment);
  }
  const auto report = system->evaluate(file, recipe.json()["data"]);
  if (!html.empty()) write_file(html, eval_page(str(base_name(directory), " on ", base_name(file)), report));
  print(json ? json_of(report).dump() + "\n"
             : text_of(report) + (html.empty() ? "" : str("\nthe page is ", html, "\n")));
  return 0;
}

}  // namespace stemma
