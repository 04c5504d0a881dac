#include "stemma/cli/training_display.h"

#include <cmath>
#include <cstdio>
#include <optional>

#include "stemma/base/files.h"
#include "stemma/train/log.h"

namespace stemma {

namespace {

std::string in_bytes(int64_t n) { return n < (1 << 20) ? str(n >> 10, " KiB") : str(with_commas(n >> 20), " MiB"); }

std::string text_of(const TrainingPlan& p, const Facts& facts) {
  Table table({"plan", ""});
  table.add({"model", p.preset.empty() ? p.model : str(p.model, ", preset ", p.preset)});
  table.add({"parameters", with_commas(p.parameters)});
  for (const auto& [name, value] : facts) table.add({name, value});
  table.add({"memory", str(in_bytes(p.weights_bytes), " weights + ", in_bytes(p.training_bytes), " training + ",
                           in_bytes(p.activation_bytes), " a batch, of ", in_bytes(p.available_bytes), " free")});
  table.add({"precision", str(p.precision, " products, f32 weights")});
  table.add({"threads", str(p.threads)});
  table.add({"until", p.limit});
  return table.text();
}

std::optional<double> score_of(const Validation& v, const std::string& name) {
  if (v.score) return v.score;
  const Json* extra = name.empty() || !v.extra.is_object() ? nullptr : v.extra.find(name);
  return extra ? std::optional(extra->number()) : std::nullopt;
}

std::string quoted(const std::string& word) {
  if (word.find_first_of(" '\"$&|;<>()*?[]#~`\\!{}") == word.npos && !word.empty()) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

void TrainingDisplay::print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}
void TrainingDisplay::print(std::initializer_list<std::pair<std::string, Json>> members) {
  print(Json::object(members).dump() + "\n");
}

void TrainingDisplay::say(const std::string& line) { how_.json ? print({{"finding", line}}) : print(line + "\n"); }

void TrainingDisplay::plan(const TrainingPlan& plan, const Json& json, const Facts& facts) {
  plan_ = plan, facts_ = facts;
  how_.json ? print({{"plan", json}}) : print(text_of(plan, facts));
}

void TrainingDisplay::show(const Progress& p) {
  if (how_.json && p.validation) {
    const Validation& v = *p.validation;
    Json line = Json::object({{"step", p.step},
                              {"epoch", p.epoch},
                              {"seconds", p.seconds},
                              {"loss", p.loss},
                              {"valid_loss", v.loss},
                              {"valid_bleu", v.bleu ? Json(*v.bleu) : Json()},
                              {"tokens_per_second", p.tokens_per_second},
                              {"best", p.best}});
    if (const auto score = score_of(v, how_.score)) line["valid_" + how_.score] = *score;
    print(line.dump() + "\n");
  }
  if (how_.json) return;
  if (p.validation) {
    const Validation& v = *p.validation;
    const auto score = score_of(v, how_.score);
    print(str(terminal_.interactive ? "\r\033[K" : "", "step ", with_commas(p.step), "  epoch ", fixed(p.epoch, 2),
              "  ", clock_time(p.seconds), "  loss ", fixed(p.loss, 3), "  valid loss ", fixed(v.loss, 3),
              how_.perplexity ? str("  perplexity ", fixed(std::exp(v.loss), 2)) : "",
              v.bleu ? str("  BLEU ", fixed(*v.bleu, 2)) : "",
              score ? str("  ", how_.score, " ", fixed(*score, 4)) : "", "  ", in_short(p.tokens_per_second), " ",
              how_.unit, "/s", p.best ? "  best" : "", "\n"));
  }
  HowFar now;
  now.label = "train", now.done = p.step, now.seconds = p.seconds;
  if (p.done > 0) now.total = std::max(p.step, int64_t(double(p.step) / p.done));
  now.note = str("loss ", fixed(p.loss, 3), "  ", in_short(p.tokens_per_second), " ", how_.unit, "/s",
                 p.skipped ? str("  ", p.skipped, " skipped") : "");
  print(bar_.update(now));
}

std::string TrainingDisplay::card(const ModelCard& card, const Summary& s) const {
  std::string command = "stemma " + card.command, use = card.use;
  for (const auto& word : card.words) command += " " + quoted(word);
  use.replace(use.find("DIR"), 3, quoted(card.directory));
  std::string out = str("# ", base_name(card.directory), "\n\nA ", plan_.model, " that ", card.what,
                        plan_.preset.empty() ? "" : str(" (preset ", plan_.preset, ")"), ", trained with\n\n    ",
                        command, "\n\nUse it: `", use, "`\n\n| | |\n|---|---|\n");
  const auto row = [&](const std::string& name, const std::string& value) {
    out += str("| ", name, " | ", value, " |\n");
  };
  row("parameters", with_commas(plan_.parameters));
  for (const auto& [name, value] : facts_) row(name, value);
  const std::string log = join_path(card.directory, "training.jsonl");
  if (!exists(log)) {  // learned without the trainer
    row("time", str(fixed(s.seconds, 2), " s on ", plan_.threads, plan_.threads == 1 ? " thread" : " threads"));
    if (s.best_step) row("validation " + how_.score, fixed(s.best, 4));
    return out + "\nEvery option is in `config.json`.\n";
  }
  row("steps", with_commas(s.step));
  row("time", str(clock_time(s.seconds), " on ", plan_.threads, plan_.threads == 1 ? " thread, " : " threads, ",
                  plan_.precision));
  row(how_.unit + "/s", with_commas(std::llround(s.tokens_per_second)));
  row("ended by", s.reason);
  for (const auto& line : read_log(log))
    if (line.find("valid_loss") && line["step"].integer() == s.best_step) {
      row("validation loss", str(fixed(line["valid_loss"].number(), 4), " at step ", with_commas(s.best_step)));
      if (how_.perplexity) row("validation perplexity", fixed(line["valid_perplexity"].number(), 2));
      if (const Json* bleu = line.find("valid_bleu")) row("validation BLEU, greedy", fixed(bleu->number(), 2));
      const Json* score = line.find("valid_score");
      if (!score && !how_.score.empty()) score = line.find("valid_" + how_.score);
      if (score) row("validation " + how_.score, fixed(score->number(), 4));
      break;
    }
  return out + "\nEvery option is in `config.json`, the course of training in `training.jsonl`.\n";
}

void TrainingDisplay::end(const Summary& s, const std::string& stop_on, const ModelCard& about) {
  const std::string& best_by = stop_on == "score" && !how_.score.empty() ? how_.score : stop_on;
  const bool begins_again = s.reason == "stopped" && !Trainer::can_resume(about.directory);
  if (!begins_again) write_file(join_path(about.directory, "README.md"), card(about, s));
  if (how_.json) return print({{"summary", to_json(s)}});
  if (begins_again)
    return print(
        str("\nstopped; ", plan_.model, " learns in one go and keeps no part of it: the same command begins again\n"));
  if (s.reason == "stopped")
    return print(str("\nstopped at step ", with_commas(s.step), "; the same command with --resume goes on\n"));
  if (!exists(join_path(about.directory, "training.jsonl")))
    return print(str("\ndone (", s.reason, ") in ", fixed(s.seconds, 2), " s",
                     s.best_step ? str(", ", best_by, " ", fixed(s.best, 4)) : "", "; the model is in ",
                     about.directory, "\n"));
  const std::string best =
      s.best_step ? str(", best ", best_by, " ", fixed(s.best, 3), " at step ", with_commas(s.best_step)) : "";
  print(str("\ndone (", s.reason, "): ", with_commas(s.step), " steps in ", clock_time(s.seconds), ", ",
            with_commas(std::llround(s.tokens_per_second)), " ", how_.unit, "/s", best, "; the model is in ",
            about.directory, "\n"));
}

}  // namespace stemma
