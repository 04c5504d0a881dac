// stemma train translate: from parallel text to a model directory. The work is in tasks/translate_training.
#include "stemma/base/profile.h"
#include "stemma/cli/training_arguments.h"
#include "stemma/cli/training_display.h"
#include "stemma/tasks/translate_training.h"

namespace stemma {

namespace {

struct Arguments : TrainingArguments {
  ParallelFiles train, valid;
};

const char* examples =
    "  stemma train translate --model transformer --preset transformer-small --source train.de --target train.en \\\n"
    "         --valid-source val.de --valid-target val.en --out runs/de-en --minutes 60\n"
    "  stemma train translate --model gru --set attention=additive --source pairs.tsv --out runs/gru --epochs 10\n"
    "  stemma train translate --source train.de --target train.en --valid-source val.de --valid-target val.en \\\n"
    "         --out runs/de-en --resume --minutes 90        # after Ctrl-C or a power cut\n";

Facts facts_of(const TranslationPlan& p) {
  return {{"vocabulary", p.source_vocabulary == p.target_vocabulary
                             ? with_commas(p.target_vocabulary)
                             : str(with_commas(p.source_vocabulary), " and ", with_commas(p.target_vocabulary))},
          {"text", str(with_commas(p.pairs), " pairs, ", with_commas(p.epoch_tokens), " target tokens",
                       p.left_out ? str("; ", with_commas(p.left_out), " pairs left out (empty or too long)") : "")},
          {"batches", str("up to ", with_commas(p.batch_tokens), " target tokens",
                          p.accumulate > 1 ? str(", ", p.accumulate, " to an update") : "")}};
}

}  // namespace

int train_translate_command(const Words& words) {
  Arguments a;
  CommandLine line("train translate",
                   str("Trains a model on parallel text: two files with a sentence a line, or one TSV; plain or "
                       ".gz.\n\n",
                       text_of(model_names(), presets())),
                   examples);
  line.option("--source", a.train.source, "training text; without --target a TSV with both").required();
  line.option("--target", a.train.target, "its translation, line by line");
  line.option("--valid-source", a.valid.source, "validation text");
  line.option("--valid-target", a.valid.target, "its translation");
  a.declare(line, "rnn, lstm, gru or transformer (default: the preset's, else transformer)");
  if (!line.parse(words)) return 0;
  if (a.valid.source.empty() && !a.valid.target.empty()) throw UsageError("--valid-target needs --valid-source");
  const RecipeTree begin = a.goes_on() ? RecipeBuilder(load_recipe(a.out)) : RecipeBuilder(a.model, a.preset);
  const auto recipe = a.recipe(begin, line, !a.valid.source.empty()).build<Recipe>();
  const MachineScope machine(a.machine);
  TrainingDisplay display({.json = a.json, .unit = "target tokens"});
  std::optional<Profile> profile;
  if (!a.trace.empty()) profile.emplace();
  const Summary summary =
      train_from_files({recipe, a.train, a.valid, a.out, a.resume}, stop_requested(), display.callbacks(facts_of));
  if (profile) write_file(a.trace, chrome_trace(profile->events()));
  display.end(summary, recipe.train.stop_on,
              {"train translate", words, "translates", "stemma predict DIR < text", a.out});
  return 0;
}

}  // namespace stemma
