// What a person or a program sees of a running training, whatever the task: the plan, progress, validations, the end,
// and the model card. As text, or as one JSON object a line.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "stemma/cli/commands.h"
#include "stemma/cli/terminal.h"
#include "stemma/tasks/training_plan.h"

namespace stemma {

// What the task says of its text: rows of the plan and of the model card, "vocabulary" and "8,000".
using Facts = std::vector<std::pair<std::string, std::string>>;

// A model card's own words.
struct ModelCard {
  std::string command;  // "train translate"
  Words words;          // what followed it
  std::string what;     // "translates"
  std::string use;      // "stemma predict DIR < text", DIR stands for the directory
  std::string directory;
};

class TrainingDisplay {
 public:
  // `score`: what of a validation's `extra` is shown beside its loss; `unit`: what is counted each second.
  struct How {
    bool json = false;
    std::string score = {}, unit = "tokens";
    bool perplexity = true;  // e^loss says something
  };
  explicit TrainingDisplay(const How& how) : how_(how), terminal_(terminal_of(1)), bar_(terminal_) {}

  // `facts` of the task's own plan.
  template <class Plan>
  TrainingCallbacks<Plan> callbacks(Facts (*facts)(const Plan&)) {
    return {.say = [this](const std::string& line) { say(line); },
            .plan =
                [this, facts](const Plan& p) {
                  if constexpr (requires { p.measure; })
                    if (!p.measure.empty()) how_.score = p.measure;
                  plan(p, to_json(p), facts(p));
                },
            .progress = [this](const Progress& p) { show(p); }};
  }
  // The last words, and README.md. `stop_on`: what is best; "score" has the name it has in `How`.
  void end(const Summary& summary, const std::string& stop_on, const ModelCard& card);

 private:
  void print(const std::string& text);
  void print(std::initializer_list<std::pair<std::string, Json>> members);
  void say(const std::string& line);
  void plan(const TrainingPlan& plan, const Json& json, const Facts& facts);
  void show(const Progress& progress);
  std::string card(const ModelCard& card, const Summary& s) const;
  How how_;
  Terminal terminal_;
  ProgressBar bar_;
  TrainingPlan plan_;
  Facts facts_;
};

}  // namespace stemma
