#include "stemma/cli/training_arguments.h"

#include "stemma/base/files.h"

namespace stemma {

void TrainingArguments::declare(CommandLine& line, const std::string& about_model) {
  line.option("--" + of, model, about_model);
  line.option("--preset", preset, "named settings, listed above");
  line.option("--config", config, "a recipe in TOML, or the config.json of another run");
  line.option("--set", set, "KEY=VALUE: one option of the recipe; may be repeated");
  line.option("--out", out, "the model directory").required();
  line.option("--minutes", minutes, "stop after so long, earlier parts of the run counted");
  line.option("--epochs", epochs, "stop after so many passes over the text");
  line.option("--steps", steps, "stop after so many updates");
  line.flag("--resume", resume, "go on with the run in --out");
  line.option("--seed", seed, "of initial weights, order and dropout");
  line.flag("--json", json, "one JSON object a line: the plan, each validation, the summary");
  line.option("--trace", trace, "a file for where the time of the first steps goes, as Chrome's tracing reads it");
  machine.declare(line);
}

bool TrainingArguments::goes_on() const { return resume && exists(join_path(out, "config.json")); }

RecipeTree TrainingArguments::recipe(RecipeTree tree, const CommandLine& line, bool validated) const {
  if (seed < 0) throw UsageError(str("--seed: ", seed, " is negative"));
  const Json begun = tree.json();
  if (goes_on()) {
    check(model.empty() || begun[of] == Json(model), "the run in ", out, " trains the ", of, " ", begun[of].text(),
          ", not ", model);
    check(preset.empty() || begun["preset"] == Json(preset), "the run in ", out, " has the preset '",
          begun["preset"].text(), "', not ", preset);
  }
  if (!config.empty()) tree.load(config);
  for (const auto& assignment : set) tree.set(assignment);
  const auto put = [&](const char* option, const char* key, const auto& value) {
    if (line.given(option)) tree.set(key, str(value), option);
  };
  put("--minutes", "train.minutes", Json(minutes)), put("--epochs", "train.epochs", epochs);
  put("--steps", "train.steps", steps), put("--seed", "train.seed", seed);
  put("--precision", "train.precision", machine.precision);
  if (machine.deterministic) tree.set("train.deterministic", "true");
  limit(tree, validated);
  return tree;
}

std::string text_of(const std::vector<std::string>& models, const std::vector<Preset>& presets,
                    const std::string& heading) {
  std::string text = heading + ":";
  for (const auto& name : models) text += " " + name;
  text += "\nPresets:\n";
  for (const auto& p : presets) text += str("  ", p.name, " (", p.model, "): ", p.about, "\n");
  return text;
}

}  // namespace stemma
