// stemma train lm: from plain text to a language model's directory. The work is in tasks/language_training.
#include "stemma/base/files.h"
#include "stemma/base/profile.h"
#include "stemma/cli/training_arguments.h"
#include "stemma/cli/training_display.h"
#include "stemma/tasks/language_training.h"

namespace stemma {

namespace {

struct Arguments : TrainingArguments {
  std::vector<std::string> text;
  std::string valid;
};

const char* examples =
    "  stemma train lm --preset char-rnn-medium --text input.txt --valid valid.txt --out runs/char --minutes 10\n"
    "  stemma train lm --preset zaremba2014-small --text train.txt --valid valid.txt --out runs/words --epochs 13\n"
    "  stemma train lm --preset transformer-lm-small --text a.txt.gz --text b.txt --valid valid.txt --out runs/t\n"
    "  stemma train lm --model gru --set kind=char --set width=256 --text input.txt --out runs/gru --epochs 5\n";

Facts facts_of(const LanguagePlan& p) {
  return {{"vocabulary", with_commas(p.vocabulary)},
          {"text", str(with_commas(p.tokens), " tokens, ", with_commas(p.words), " words",
                       p.unknown ? str("; ", with_commas(p.unknown), " tokens not in the vocabulary") : "")},
          {"batches", str(p.streams, " streams of ", p.length, " tokens")}};
}

}  // namespace

int train_lm_command(const Words& words) {
  Arguments a;
  CommandLine line("train lm",
                   str("Trains a language model on plain text, a sentence or a paragraph a line; plain or .gz.\n\n",
                       text_of(language_model_names(), language_presets())),
                   examples);
  line.option("--text", a.text, "training text; may be repeated").required();
  line.option("--valid", a.valid, "validation text");
  a.declare(line, "rnn, lstm, gru or transformer (default: the preset's, else lstm)");
  if (!line.parse(words)) return 0;
  const RecipeTree begin =
      a.goes_on() ? RecipeTree(to_json(load_language_recipe(a.out))) : begin_language_recipe(a.model, a.preset);
  const auto recipe = a.recipe(begin, line, !a.valid.empty()).build<LanguageRecipe>();
  const MachineScope machine(a.machine);
  TrainingDisplay display({.json = a.json, .score = "bits_per_byte"});
  std::optional<Profile> profile;
  if (!a.trace.empty()) profile.emplace();
  const Summary summary =
      train_language({recipe, a.text, a.valid, a.out, a.resume}, stop_requested(), display.callbacks(facts_of));
  if (profile) write_file(a.trace, chrome_trace(profile->events()));
  display.end(summary, recipe.train.stop_on,
              {"train lm", words, "models language", "stemma generate DIR --prompt \"...\"", a.out});
  return 0;
}

}  // namespace stemma
