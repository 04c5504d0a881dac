// stemma bench: how fast this machine is, and how much of that each kind of work gets.
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "stemma/bench/bench.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma bench                                # the machine, each operation, a training step\n"
    "  stemma bench train-small decode --threads 1\n"
    "  stemma bench latency --precision bf16 --json\n";

std::string cell(const Json& value) {
  if (value.is_string()) return value.text();
  if (value.is_integer()) return with_commas(value.integer());
  if (!value.is_number()) return value.dump();
  const double x = value.number();
  return std::abs(x) >= 1000 ? with_commas(std::llround(x))
                             : fixed(x, std::abs(x) >= 100 ? 1
                                        : std::abs(x) >= 1 ? 2
                                                           : 3);
}

std::vector<std::string> keys(const Json& row) {
  std::vector<std::string> out;
  for (const auto& [key, value] : row.object()) out.push_back(key);
  return out;
}

std::string text_of(const BenchRows& rows, const Terminal& terminal) {
  std::string out;
  for (size_t i = 0; i < rows.size();) {
    const auto header = keys(rows[i]);
    Table table(header);
    for (; i < rows.size() && keys(rows[i]) == header; ++i) {
      std::vector<std::string> cells;
      for (const auto& [key, value] : rows[i].object()) cells.push_back(cell(value));
      table.add(cells);
    }
    out += str(out.empty() ? "" : "\n", table.text(terminal));
  }
  return out;
}

std::string list_of_benches() {
  Table table({"WHAT", ""});
  for (const auto& b : benches()) table.add({b.name, b.about});
  return "\n" + table.text();
}

}  // namespace

int bench_command(const Words& words) {
  std::vector<std::string> names;
  bool json = false;
  BenchOptions options;
  Machine machine;
  CommandLine line("bench", "Measures how fast work is done here, beside what the machine could do.",
                   examples + list_of_benches());
  line.option("what", names, "what to measure (below); nothing: the machine, each operation, a training step");
  line.option("--rounds", options.rounds, "how often the work is measured, after a warm-up");
  line.option("--data", options.data, "a folder with train.SOURCE and train.TARGET; without: made-up sentences");
  line.option("--out", options.out, "a folder for the sentences and weights, so that others can measure the same");
  line.flag("--profile", options.profile, "where the time of train-small, -base, -rnn, -lm goes, too");
  line.option("--trace", options.trace, "a file for the trace of a training step, as Chrome reads it");
  line.flag("--paced", options.paced, "each round waits for a line of standard input and is answered by one");
  line.flag("--processor-time", options.processor_time,
            "count the seconds of the processor, not of the wall: for one thread on a machine that has other work");
  line.flag("--json", json, "one object");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  if (options.rounds < 1) throw UsageError(str("--rounds: ", options.rounds, " is less than 1"));
  const MachineScope scope(machine);
  options.precision = machine.precision;
  options.say = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };

  std::vector<const Bench*> chosen;
  for (const auto& name : names) chosen.push_back(&find_bench(name));
  for (const auto& b : benches())
    if (names.empty() && b.usual) chosen.push_back(&b);
  const Terminal terminal = terminal_of(STDOUT_FILENO);
  Json all = Json::object({});
  for (const auto* b : chosen) {
    const BenchRows rows = b->run(options);
    if (json) all[b->name] = rows;
    if (!json) std::printf("%s: %s\n%s\n", b->name, b->about, text_of(rows, terminal).c_str());
    std::fflush(stdout);
  }
  if (json) std::printf("%s\n", all.dump().c_str());
  return 0;
}

}  // namespace stemma
