// stemma compare: encoders x training-set sizes x seeds of one task, as one table and one page. The work is in
// tasks/comparison_grid.h.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/compare_page.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/comparison_grid.h"
#include "stemma/tasks/recipe_tree.h"

namespace stemma {

namespace {

constexpr const char* about =
    "Trains the encoders of one task on the same examples, measures each on the test file, and says who is good, fast\n"
    "and small: a table here, DIR/compare.json, and DIR/compare.html with curves. A recipe is TOML:\n\n"
    "  task = \"classify\"                # or pair, tag, answer, choose; lm compares language models\n"
    "  train = \"train.tsv\"\n"
    "  valid = \"dev.tsv\"                  # may be left out\n"
    "  test = \"test.tsv\"\n"
    "  encoders = [\"tfidf\", \"lstm\"]       # without it: all of the task\n"
    "  seeds = [1, 2, 3]\n"
    "  sizes = [500, 2000, 0]             # training examples (of lm: lines); 0: all. For the curve\n"
    "  minutes = 3                        # of learning in a cell, at most\n"
    "  [data]                             # how the files are read, as --set data.KEY\n"
    "  [test_data]                        # the test file, where that differs\n"
    "  [settings]                         # options of all encoders, as --set takes them\n"
    "  epochs = 10\n"
    "  [encoder.lstm]                     # of one encoder\n"
    "  pooling = \"max\"";

constexpr const char* examples =
    "  stemma compare examples/recipes/sst2.toml --data data --out runs/sst2\n"
    "  stemma compare recipe.toml --out runs/all --seeds 1 --set sizes=0 --set minutes=1\n"
    "  stemma compare recipe.toml --out runs/all --resume          # finished cells stay\n";

// A share of one in percent; what is the better the smaller, as it is.
std::string score_text(double score, bool smaller_is_better) {
  return fixed(smaller_is_better ? score : 100 * score, 2);
}

std::string size_name(int64_t size) { return size ? str(with_commas(size), " examples") : "all examples"; }

// What is seen while the grid runs. Cells that were done before are not counted in the time left.
class GridDisplay {
 public:
  struct Of {
    bool json, smaller_is_better;
    int64_t cells;
  };
  explicit GridDisplay(const Of& of)
      : json_(of.json), smaller_(of.smaller_is_better), cells_(of.cells), terminal_(terminal_of(1)), bar_(terminal_) {}

  GridCallbacks callbacks() {
    return {.begin = [this](const Cell& cell) { begin(cell); },
            .progress = [this](const Progress& p) { show(p); },
            .end = [this](const CellResult& result) { end(result); }};
  }

 private:
  HowFar how_far(const std::string& note) const {
    return {.label = label_,
            .done = done_,
            .total = cells_ - kept_,
            .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(),
            .unit = "cells",
            .note = note};
  }
  void begin(const Cell& cell) {
    runs_ = true;
    label_ = str(cell.encoder, ", ", size_name(cell.size), ", seed ", cell.seed);
    if (!json_) print(bar_.update(how_far("")));
  }
  void show(const Progress& p) {
    if (!json_) print(bar_.update(how_far(str(int(100 * p.done), "% of this one, loss ", fixed(p.loss, 3)))));
  }
  void end(const CellResult& r) {
    ++(runs_ ? done_ : kept_);
    if (json_) {
      print(Json::object({{"cell", to_json(r)}}).dump() + "\n");
    } else {
      print(str(terminal_.interactive ? "\r\033[K" : "", r.encoder, ", ", size_name(r.size), ", seed ", r.seed, ": ",
                r.failed.empty() ? str(r.measure, " ", score_text(r.score, smaller_), ", trained in ",
                                       fixed(r.train_seconds, 1), " s", runs_ ? "" : " before")
                                 : "failed: " + r.failed,
                "\n"));
    }
    runs_ = false;
  }
  void print(const std::string& text) { std::fputs(text.c_str(), stdout), std::fflush(stdout); }

  bool json_, smaller_, runs_ = false;
  int64_t cells_, done_ = 0, kept_ = 0;
  std::string label_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Terminal terminal_;
  ProgressBar bar_;
};

std::string bytes_text(double bytes) { return str(fixed(bytes / 1e6, bytes < 1e6 ? 2 : 1), " MB"); }

std::string text_of(const Comparison& c) {
  std::vector<std::string> header = {"encoder", c.measure, "±"};
  if (!c.second_measure.empty()) header.push_back(c.second_measure);
  for (const auto& name : {std::string("parameters"), std::string("training"), c.unit + "/s", std::string("size")})
    header.push_back(name);
  Table table(header);
  for (const auto& e : c.encoders) {
    if (e.score.n == 0) {
      std::vector<std::string> failed(header.size());
      failed[0] = e.encoder, failed[1] = "–";
      table.add(failed);
      continue;
    }
    std::vector<std::string> row = {e.encoder, score_text(e.score.mean, c.smaller_is_better),
                                    e.score.n > 1 ? score_text(e.score.deviation, c.smaller_is_better) : ""};
    if (!c.second_measure.empty()) row.push_back(score_text(e.second, c.smaller_is_better));
    row.insert(row.end(), {in_short(e.parameters), str(fixed(e.train_seconds, 1), " s"),
                           with_commas(int64_t(e.texts_per_second)), bytes_text(e.bytes)});
    table.add(row);
  }
  return "\n" + table.text();
}

// What ends the text: failures, a stop, the page.
std::string ending_of(int64_t failed, const std::string& page) {
  std::string out;
  if (failed) out += str("\n", failed, failed == 1 ? " cell" : " cells", " failed, see above\n");
  if (stop_requested()) out += "\nstopped; the same command with --resume goes on\n";
  return out + str("\nthe page is ", page, "\n");
}

}  // namespace

int compare_command(const Words& words) {
  std::string path, out, data = ".", seeds;
  std::vector<std::string> set;
  bool json = false, resume = false;
  Machine machine;
  CommandLine line("compare", about, examples);
  line.option("recipe", path, "what is compared").required();
  line.option("--out", out, "the directory of the comparison").required();
  line.option("--data", data, "where the recipe's files are");
  line.option("--seeds", seeds, "1,2,3: instead of the recipe's");
  line.option("--set", set, "KEY=VALUE: sizes, encoders, minutes, ... or settings.KEY, instead of the recipe's");
  line.flag("--resume", resume, "keep the cells that are done, go on with the rest");
  line.flag("--json", json, "an object for each cell, then one for all");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope scope(machine);

  RecipeTree tree(to_json(load_comparison(path, data)));
  if (!seeds.empty()) tree.set("seeds", seeds, "--seeds");
  for (const auto& assignment : set) tree.set(assignment);
  if (line.given("--precision")) tree.set("settings.train.precision", machine.precision, "--precision");
  const auto recipe = tree.build<ComparisonRecipe>();
  GridDisplay display({.json = json,
                       .smaller_is_better = find_compared_task(recipe.task).smaller_is_better,
                       .cells = int64_t(cells_of(recipe, out).size())});
  const auto results = run_grid(recipe, out, resume, stop_requested(), display.callbacks());
  const Comparison comparison = summarise(recipe, results);

  Json report = to_json(comparison);
  report["command"] = str("stemma compare ", base_name(path));
  report["recipe"] = to_json(recipe);
  write_file(join_path(out, "compare.json"), report.dump(2) + "\n");
  const std::string page = join_path(out, "compare.html");
  write_file(page, compare_page(report));
  const int64_t failed = std::count_if(results.begin(), results.end(), [](const auto& r) { return !r.failed.empty(); });
  const std::string text =
      json ? Json::object({{"comparison", report}}).dump() + "\n" : text_of(comparison) + ending_of(failed, page);
  std::fputs(text.c_str(), stdout);
  return failed || stop_requested() ? 1 : 0;
}

}  // namespace stemma
