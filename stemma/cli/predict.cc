// stemma predict: text in, translations out, one line for each line, in order.
#include "stemma/base/json.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/decode_arguments.h"
#include "stemma/cli/input.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma predict runs/de-en --beam 4 < test.de > out.en\n"
    "  stemma predict runs/de-en                              # answers what you type\n"
    "  stemma predict runs/a runs/b runs/c < test.de          # an ensemble\n"
    "  stemma predict runs/de-en --nbest 5 --beam 10 --json < test.de\n"
    "  stemma predict runs/de-en --sample --top-p 0.9 --nbest 3 --seed 7 < test.de\n";

struct Arguments {
  std::vector<std::string> directories;
  std::string input = "-", prefix;
  int64_t chunk = 0, max_source = 4096;
  bool json = false;
  DecodeArguments decode;
  Machine machine;
};

Json json_of(const Translation& t) {
  return Json::object(
      {{"text", t.text}, {"score", t.score}, {"log_probability", t.log_probability}, {"pieces", t.pieces}});
}

std::string answer(const std::vector<Translation>& found, int64_t number, int64_t nbest, bool json) {
  if (json) {
    Json out = json_of(found.at(0));
    if (nbest > 1) {
      Json::Array all;
      for (const auto& t : found) all.push_back(json_of(t));
      out["nbest"] = std::move(all);
    }
    return out.dump() + "\n";
  }
  if (nbest == 1) return found.at(0).text + "\n";
  std::string out;
  for (const auto& t : found) out += str(number, " ||| ", t.text, " ||| ", t.score, "\n");
  return out;
}

}  // namespace

int predict_translate_command(const Words& words) {
  Arguments a;
  CommandLine line("predict", "Translates text, line by line. Several models of one vocabulary are an ensemble.",
                   examples);
  line.option("directory", a.directories, "model directories").required();
  line.option("--input", a.input, "a file, plain or .gz; -: standard input");
  line.option("--prefix", a.prefix, "each translation begins with this text");
  line.option("--chunk", a.chunk, "lines answered together; 0: 512, on a terminal 1");
  line.option("--max-source", a.max_source, "tokens; a longer line is an error; 0: any length");
  line.flag("--json", a.json, "an object for each line: text, score, log_probability, pieces, nbest");
  a.decode.declare(line);
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  const MachineScope machine(a.machine);

  std::vector<Translator> systems;
  for (const auto& directory : a.directories) {
    if (exists(directory) && !is_directory(directory))
      throw UsageError(str(directory, " is not a model directory; text comes by --input or standard input"));
    systems.push_back(Translator::load(directory));
  }
  const DecodeOptions options = a.decode.options(line, systems[0]);
  Together together{.prefix = a.prefix, .max_source = a.max_source};
  for (size_t i = 1; i < systems.size(); ++i) together.others.push_back(&systems[i]);

  answer_lines(a.input, a.chunk, [&](const auto& lines, int64_t first) {
    int64_t number = together.first_line = first - 1;
    std::string out;
    for (const auto& found : systems[0].translate(lines, options, together))
      out += answer(found, number++, options.nbest, a.json);
    return out;
  });
  return 0;
}

}  // namespace stemma
