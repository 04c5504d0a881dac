// stemma generate: text that goes on, from a language model.
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/commands.h"
#include "stemma/tasks/language_modelling.h"

namespace stemma {

namespace {

constexpr const char* examples =
    "  stemma generate runs/lm --prompt \"Once upon a time\" --length 200\n"
    "  stemma generate runs/lm --prompt \"ROMEO:\" --temperature 0.8 --top-p 0.95 --samples 3 --seed 7\n"
    "  stemma generate runs/lm --prompt \"The\" --beam 5 --line --json\n";

struct Row {
  const char *name, *key, *help;
};
constexpr Row table[] = {
    {"--length", "decode.max_length", "tokens to add"},
    {"--temperature", "decode.rules.temperature", "scores are divided by it"},
    {"--top-k", "decode.rules.top_k", "only the k most likely tokens; 0: all"},
    {"--top-p", "decode.rules.top_p", "only the likeliest tokens that hold this mass (Holtzman et al. 2020)"},
    {"--min-p", "decode.rules.min_p", "only tokens at least so likely, relative to the best"},
    {"--no-repeat-ngram", "decode.rules.no_repeat_ngram", "no n-gram twice; 0: free"},
    {"--repetition-penalty", "decode.rules.repetition_penalty", "on log p of tokens already there; 1: none"},
    {"--seed", "decode.seed", "of sampling"},
    {"--samples", "decode.nbest", "how many texts"},
    {"--beam", "decode.beam", "search the likeliest text with so many hypotheses, instead of sampling; 1: greedy"},
};

struct Arguments {
  std::string directory, prompt, prompt_file;
  std::vector<std::string> values = std::vector<std::string>(std::size(table));
  bool line = false, json = false;
  Machine machine;
};

DecodeOptions options_of(const Arguments& a, const CommandLine& line, const LanguageSystem& system) {
  RecipeTree tree(to_json(system.recipe()));
  for (size_t i = 0; i < std::size(table); ++i)
    if (line.given(table[i].name)) tree.set(table[i].key, a.values[i], table[i].name);
  if (line.given("--beam")) tree.set("decode.sample", "false");
  const auto options = tree.build<LanguageRecipe>().decode;
  check(options.max_length > 0, "--length: ", options.max_length, " is not positive");
  check(options.nbest > 0, "--samples: ", options.nbest, " is not positive");
  check(options.sample || options.nbest <= options.beam, "--samples: ", options.nbest, " are more than the --beam of ",
        options.beam, " finds");
  options.validate();
  return options;
}

std::string prompt_of(const Arguments& a) {
  if (a.prompt_file.empty()) return a.prompt;
  std::string text = read_file(a.prompt_file);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Json json_of(const LanguageSystem& system, const std::string& prompt, const std::vector<int32_t>& begin,
             const Hypothesis& h, const std::string& text) {
  std::vector<int32_t> ids(begin.begin() + 1, begin.end());  // without the </s> before the text
  ids.insert(ids.end(), h.tokens.begin(), h.tokens.end());
  const Scored scored = system.score(ids);
  Json::Array tokens;
  for (size_t i = begin.size() - 1; i < ids.size(); ++i)
    tokens.push_back(Json::object({{"piece", scored.pieces[i]}, {"log_p", scored.log_p[i]}}));
  return Json::object({{"prompt", prompt},
                       {"text", text},
                       {"score", h.score},
                       {"log_probability", h.log_probability},
                       {"tokens", std::move(tokens)}});
}

}  // namespace

int generate_command(const Words& words) {
  Arguments a;
  CommandLine line("generate", "Goes on with a text: samples from a language model, or searches the likeliest text.",
                   examples);
  line.option("directory", a.directory, "the model directory").required();
  line.option("--prompt", a.prompt, "the text to go on with; empty: at the beginning of a line");
  line.option("--prompt-file", a.prompt_file, "the same from a file");
  for (size_t i = 0; i < std::size(table); ++i) line.option(table[i].name, a.values[i], table[i].help);
  line.flag("--line", a.line, "stop at the end of the line");
  line.flag("--json", a.json, "an object for each text: text, score, log_probability, tokens with log_p");
  a.machine.declare(line);
  if (!line.parse(words)) return 0;
  if (!a.prompt.empty() && !a.prompt_file.empty()) throw UsageError("--prompt or --prompt-file, not both");
  const MachineScope machine(a.machine);
  const auto system = LanguageSystem::load(a.directory);
  const DecodeOptions options = options_of(a, line, system);
  const std::string prompt = prompt_of(a);
  std::vector<int32_t> begin = system.encode_open(prompt);
  begin.insert(begin.begin(), system.tokenizer().eos());
  const DecodeRequest request{.source_lengths = {int64_t(begin.size())},
                              .bos = system.tokenizer().eos(),
                              .eos = a.line ? system.tokenizer().eos() : -1};
  const NoGrad off;
  const auto found = decode(continuing(system, {begin}), request, options).at(0);
  for (size_t i = 0; i < found.size(); ++i) {
    std::vector<int32_t> ids(begin.begin() + 1, begin.end());
    ids.insert(ids.end(), found[i].tokens.begin(), found[i].tokens.end());
    const std::string text = system.decode(ids);
    if (a.json)
      std::printf("%s\n", json_of(system, prompt, begin, found[i], text).dump().c_str());
    else
      std::printf("%s%s\n", found.size() > 1 ? str(i ? "\n" : "", "--- ", i + 1, "\n").c_str() : "", text.c_str());
  }
  return 0;
}

}  // namespace stemma
