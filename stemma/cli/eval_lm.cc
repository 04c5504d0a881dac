// stemma eval of a language model: how well it expects a text.
#include <cstdio>

#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/language_training.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma eval runs/lm --text test.txt\n"
    "  stemma eval runs/lm --text test.txt --streams 1 --json\n";

std::string text_of(const LanguageScores& s) {
  Table table({"measure", "", ""});
  table.add({"perplexity", fixed(s.perplexity, 3), str("per token, of ", with_commas(s.tokens))});
  table.add(
      {"word perplexity", fixed(s.word_perplexity, 3), str("per word, of ", with_commas(s.words), ", line ends too")});
  table.add({"bits/character", fixed(s.bits_per_character, 4), str("of ", with_commas(s.characters))});
  table.add({"bits/byte", fixed(s.bits_per_byte, 4), str("of ", with_commas(s.bytes))});
  table.add({"accuracy", fixed(100 * s.accuracy, 2) + " %", "of the likeliest token"});
  table.add({"unknown tokens", with_commas(s.unknown), "they cost what <unk> costs"});
  table.add({"tokens/s", fixed(s.tokens_per_second, 0), str("in ", fixed(s.seconds, 1), " s")});
  return table.text();
}

}  // namespace

int eval_lm_command(const Words& words) {
  std::string directory;
  std::vector<std::string> text;
  int64_t streams = 0;
  bool json = false;
  Machine machine;
  CommandLine line("eval",
                   "Measures a language model on a text: perplexity per token and per word, bits per character and "
                   "byte. The state is carried from line to line.",
                   examples);
  line.option("directory", directory, "the model directory").required();
  line.option("--text", text, "the text, plain or .gz; may be repeated").required();
  line.option("--streams", streams,
              "parts of a long text that are read side by side, each after a run-up; 1: unbroken, exact and slower;\n"
              "0: 8, but 1 for an RNN without gates, whose state does not recover from beginning elsewhere");
  line.flag("--json", json, "one object");
  machine.declare(line);
  if (!line.parse(words)) return 0;
  if (streams < 0) throw UsageError(str("--streams: ", streams, " is negative"));
  const MachineScope modes(machine);
  const auto system = LanguageSystem::load(directory);
  const LanguageScores scores =
      evaluate(system, read_stream({text, system.tokenizer()}), streams ? streams : system.usual_streams());
  std::fputs(json ? (to_json(scores).dump() + "\n").c_str() : text_of(scores).c_str(), stdout);
  return 0;
}

}  // namespace stemma
