// stemma train translate: from parallel text to a model directory. Here are the words on the screen and the model card;
// the work is in tasks/translate_training.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/base/profile.h"
#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"
#include "stemma/models/registry.h"
#include "stemma/tasks/translate_training.h"
#include "stemma/train/log.h"

namespace stemma {

namespace {

struct Arguments {
  std::string model, preset, config, out, trace;
  ParallelFiles train, valid;
  std::vector<std::string> set;
  double minutes = 0;
  int64_t epochs = 0, steps = 0, seed = 1;
  bool resume = false, json = false;
  Machine machine;
};

const char* examples =
    "  stemma train translate --model transformer --preset transformer-small --source train.de --target train.en \\\n"
    "         --valid-source val.de --valid-target val.en --out runs/de-en --minutes 60\n"
    "  stemma train translate --model gru --set attention=additive --source pairs.tsv --out runs/gru --epochs 10\n"
    "  stemma train translate --source train.de --target train.en --valid-source val.de --valid-target val.en \\\n"
    "         --out runs/de-en --resume --minutes 90        # after Ctrl-C or a power cut\n";

std::string about() {
  std::string text =
      "Trains a model on parallel text: two files with a sentence a line, or one TSV; plain or .gz.\n\nModels:";
  for (const auto& name : model_names()) text += " " + name;
  text += "\nPresets:\n";
  for (const auto& p : presets()) text += str("  ", p.name, " (", p.model, "): ", p.about, "\n");
  return text;
}

bool parse(const Words& words, Arguments& a, CommandLine& line) {
  line.option("--model", a.model, "rnn, lstm, gru or transformer (default: the preset's, else transformer)");
  line.option("--preset", a.preset, "named settings, listed above");
  line.option("--config", a.config, "a recipe in TOML, or the config.json of another run");
  line.option("--set", a.set, "KEY=VALUE: one option of the recipe; may be repeated");
  line.option("--source", a.train.source, "training text; without --target a TSV with both").required();
  line.option("--target", a.train.target, "its translation, line by line");
  line.option("--valid-source", a.valid.source, "validation text");
  line.option("--valid-target", a.valid.target, "its translation");
  line.option("--out", a.out, "the model directory").required();
  line.option("--minutes", a.minutes, "stop after so long, earlier parts of the run counted");
  line.option("--epochs", a.epochs, "stop after so many passes over the text");
  line.option("--steps", a.steps, "stop after so many updates");
  line.flag("--resume", a.resume, "go on with the run in --out");
  line.option("--seed", a.seed, "of initial weights, order and dropout");
  line.flag("--json", a.json, "one JSON object a line: the plan, each validation, the summary");
  line.option("--trace", a.trace, "a file for where the time of the first steps goes, as Chrome's tracing reads it");
  a.machine.declare(line);
  if (!line.parse(words)) return false;
  if (a.seed < 0) throw UsageError(str("--seed: ", a.seed, " is negative"));
  return true;
}

Recipe recipe_of(const Arguments& a, const CommandLine& line) {
  const bool begun = a.resume && exists(join_path(a.out, "config.json"));
  const Recipe before = begun ? load_recipe(a.out) : Recipe{};
  RecipeBuilder builder = begun ? RecipeBuilder(before) : RecipeBuilder(a.model, a.preset);
  if (begun) {
    check(a.model.empty() || a.model == before.model, "the run in ", a.out, " trains the model ", before.model,
          ", not ", a.model);
    check(a.preset.empty() || a.preset == before.preset, "the run in ", a.out, " has the preset '", before.preset,
          "', not ", a.preset);
  }
  if (!a.config.empty()) builder.load(a.config);
  for (const auto& assignment : a.set) builder.set(assignment);
  Recipe recipe = builder.build();
  TrainOptions& train = recipe.train;
  if (line.given("--minutes")) train.minutes = a.minutes;
  if (line.given("--epochs")) train.epochs = a.epochs;
  if (line.given("--steps")) train.steps = a.steps;
  if (line.given("--seed")) train.seed = uint64_t(a.seed);
  if (line.given("--precision")) train.precision = a.machine.precision;
  train.deterministic |= a.machine.deterministic;
  if (train.minutes == 0 && train.epochs == 0 && train.steps == 0 && train.early_stopping == 0) {
    if (a.valid.source.empty())
      train.epochs = 10;
    else
      train.early_stopping = 10;
  }
  return recipe;
}

std::string in_bytes(int64_t n) { return n < (1 << 20) ? str(n >> 10, " KiB") : str(with_commas(n >> 20), " MiB"); }

std::string text_of(const TrainingPlan& p) {
  Table table({"plan", ""});
  table.add({"model", p.preset.empty() ? p.model : str(p.model, ", preset ", p.preset)});
  table.add({"parameters", with_commas(p.parameters)});
  table.add({"vocabulary", p.source_vocabulary == p.target_vocabulary
                               ? with_commas(p.target_vocabulary)
                               : str(with_commas(p.source_vocabulary), " and ", with_commas(p.target_vocabulary))});
  table.add({"text", str(with_commas(p.pairs), " pairs, ", with_commas(p.epoch_tokens), " target tokens",
                         p.left_out ? str("; ", with_commas(p.left_out), " pairs left out (empty or too long)") : "")});
  table.add({"batches", str("up to ", with_commas(p.batch_tokens), " target tokens",
                            p.accumulate > 1 ? str(", ", p.accumulate, " to an update") : "")});
  table.add({"memory", str(in_bytes(p.weights_bytes), " weights + ", in_bytes(p.training_bytes), " training + ",
                           in_bytes(p.activation_bytes), " a batch, of ", in_bytes(p.available_bytes), " free")});
  table.add({"precision", str(p.precision, " products, f32 weights")});
  table.add({"threads", str(p.threads)});
  table.add({"until", p.limit});
  return table.text();
}

std::string text_of(const Progress& p) {
  const Validation& v = *p.validation;
  return str("step ", with_commas(p.step), "  epoch ", fixed(p.epoch, 2), "  ", clock_time(p.seconds), "  loss ",
             fixed(p.loss, 3), "  valid loss ", fixed(v.loss, 3), "  perplexity ", fixed(std::exp(v.loss), 2),
             v.bleu ? str("  BLEU ", fixed(*v.bleu, 2)) : "", "  ", in_short(p.tokens_per_second), " tokens/s",
             p.best ? "  best" : "", "\n");
}

// Everything a person or a program sees of a running training.
class Display {
 public:
  explicit Display(bool json) : json_(json), terminal_(terminal_of(1)), bar_(terminal_) {}

  TrainingCallbacks callbacks() {
    return {.say =
                [this](const std::string& line) {
                  json_ ? print({{"finding", line}}) : print(line + "\n");
                },
            .plan =
                [this](const TrainingPlan& p) {
                  json_ ? print({{"plan", to_json(p)}}) : print(text_of(p)), plan = p;
                },
            .progress = [this](const Progress& p) { show(p); }};
  }
  void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }
  void print(std::initializer_list<std::pair<std::string, Json>> members) {
    print(Json::object(members).dump() + "\n");
  }

  TrainingPlan plan;

 private:
  void show(const Progress& p) {
    if (json_) {
      if (p.validation)
        print({{"step", p.step},
               {"epoch", p.epoch},
               {"seconds", p.seconds},
               {"loss", p.loss},
               {"valid_loss", p.validation->loss},
               {"valid_bleu", p.validation->bleu ? Json(*p.validation->bleu) : Json()},
               {"tokens_per_second", p.tokens_per_second},
               {"best", p.best}});
      return;
    }
    if (p.validation) print(str(terminal_.interactive ? "\r\033[K" : "", text_of(p)));
    HowFar now;
    now.label = "train", now.done = p.step, now.seconds = p.seconds;
    if (p.done > 0) now.total = std::max(p.step, int64_t(double(p.step) / p.done));
    now.note = str("loss ", fixed(p.loss, 3), "  ", in_short(p.tokens_per_second), " tokens/s",
                   p.skipped ? str("  ", p.skipped, " skipped") : "");
    print(bar_.update(now));
  }
  bool json_;
  Terminal terminal_;
  ProgressBar bar_;
};

// ---- the model card ------------------------------------------------------------------------------------------------
std::string quoted(const std::string& word) {
  if (word.find_first_of(" '\"$&|;<>()*?[]#~`\\!{}") == word.npos && !word.empty()) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string card(const Words& words, const Arguments& a, const TrainingPlan& p, const Summary& s) {
  std::string command = "stemma train translate";
  for (const auto& word : words) command += " " + quoted(word);
  std::string out = str("# ", base_name(a.out), "\n\nA ", p.model, " that translates",
                        p.preset.empty() ? "" : str(" (preset ", p.preset, ")"), ", trained with\n\n    ", command,
                        "\n\nUse it: `stemma predict ", quoted(a.out), " < text`\n\n| | |\n|---|---|\n");
  const auto row = [&](const std::string& name, const std::string& value) {
    out += str("| ", name, " | ", value, " |\n");
  };
  row("parameters", with_commas(p.parameters));
  row("vocabulary", p.source_vocabulary == p.target_vocabulary ? with_commas(p.target_vocabulary)
                                                               : str(with_commas(p.source_vocabulary), " source, ",
                                                                     with_commas(p.target_vocabulary), " target"));
  row("training pairs", with_commas(p.pairs));
  row("target tokens in an epoch", with_commas(p.epoch_tokens));
  row("steps", with_commas(s.step));
  row("time", str(clock_time(s.seconds), " on ", p.threads, p.threads == 1 ? " thread, " : " threads, ", p.precision));
  row("target tokens/s", with_commas(std::llround(s.tokens_per_second)));
  row("ended by", s.reason);
  for (const auto& line : read_log(join_path(a.out, "training.jsonl")))
    if (line.find("valid_loss") && line["step"].integer() == s.best_step) {
      row("validation loss",
          str(fixed(line["valid_loss"].number(), 4), " per token at step ", with_commas(s.best_step)));
      row("validation perplexity", fixed(line["valid_perplexity"].number(), 2));
      if (const Json* bleu = line.find("valid_bleu")) row("validation BLEU, greedy", fixed(bleu->number(), 2));
      break;
    }
  return out + "\nEvery option is in `config.json`, the course of training in `training.jsonl`.\n";
}

}  // namespace

int train_translate_command(const Words& words) {
  Arguments a;
  CommandLine line("train translate", about(), examples);
  if (!parse(words, a, line)) return 0;
  if (a.valid.source.empty() && !a.valid.target.empty()) throw UsageError("--valid-target needs --valid-source");
  const Recipe recipe = recipe_of(a, line);
  const MachineScope machine(a.machine);
  const auto& stop = stop_requested();
  Display display(a.json);
  std::optional<Profile> profile;
  if (!a.trace.empty()) profile.emplace();
  const Summary summary = train_from_files({recipe, a.train, a.valid, a.out, a.resume}, stop, display.callbacks());
  if (profile) write_file(a.trace, chrome_trace(profile->events()));
  write_file(join_path(a.out, "README.md"), card(words, a, display.plan, summary));
  if (a.json) {
    display.print({{"summary", to_json(summary)}});
  } else if (summary.reason == "stopped") {
    display.print(str("\nstopped at step ", with_commas(summary.step), "; the same command with --resume goes on\n"));
  } else {
    display.print(str("\ndone (", summary.reason, "): ", with_commas(summary.step), " steps in ",
                      clock_time(summary.seconds), ", ", with_commas(std::llround(summary.tokens_per_second)),
                      " target tokens/s",
                      summary.best_step ? str(", best ", recipe.train.stop_on, " ", fixed(summary.best, 3), " at step ",
                                              with_commas(summary.best_step))
                                        : "",
                      "; the model is in ", a.out, "\n"));
  }
  return 0;
}

}  // namespace stemma
