#include "stemma/cli/report.h"

#include "stemma/cli/page.h"
#include "stemma/cli/report_language.h"
#include "stemma/cli/report_script.h"
#include "stemma/cli/report_text.h"

namespace stemma {
namespace {
std::string text_of(const Json& report, std::string_view key) {
  const Json* value = report.find(key);
  return value && value->is_string() ? value->text() : "";
}

bool has(const Json& value, std::string_view key) {
  const Json* found = value.find(key);
  return found && !found->is_null() && !(found->is_array() && found->array().empty());
}
// Does any system, or any of its examples, have something under this key?
bool any_system(const Json& report, std::string_view key) {
  const Json* systems = report.find("systems");
  if (!systems || !systems->is_array()) return false;
  for (const Json& system : systems->array())
    if (has(system, key)) return true;
  return false;
}
// The same of the members of its list `examples`.
bool any_example(const Json& report, std::string_view examples, std::string_view key) {
  if (!any_system(report, examples)) return false;
  for (const Json& system : report["systems"].array())
    if (has(system, examples))
      for (const Json& example : system[examples].array())
        if (has(example, key)) return true;
  return false;
}
bool any_head(const Json& report) {
  if (!any_system(report, "examples")) return false;
  for (const Json& system : report["systems"].array()) {
    if (!has(system, "examples")) continue;
    for (const Json& example : system["examples"].array()) {
      if (!has(example, "attention")) continue;
      for (const Json& matrix : example["attention"].array())
        if (has(matrix, "head")) return true;
    }
  }
  return false;
}

struct Section {
  const char *id, *title, *about;
  bool present;
};
}  // namespace

std::string report_page(const Json& report) {
  const std::string title = text_of(report, "title").empty() ? "Stemma" : text_of(report, "title");
  bool measured = false;
  for (const char* key : {"parameters", "loss", "bleu", "greedy_bleu", "beam_bleu", "ms_per_sentence"})
    measured |= any_system(report, key);
  const Json* systems = report.find("systems");
  const bool several = systems && systems->is_array() && systems->array().size() > 1;
  const Section sections[] = {
      {"summary", "Summary", "The best figure of each column is in bold.", measured},
      {"lengths", "BLEU by source length", "Length in tokens of the source sentence.",
       any_system(report, "bleu_by_length")},
      {"curves", "Learning curves", "Move over a curve to read it.", any_system(report, "curve")},
      {"attention", several ? "Where each system looks" : "Where it looks",
       "Point at a word of the translation: the source pieces it was made from light up.",
       any_system(report, "examples")},
      {"heads", "Every head", "One picture per attention head: rows ask, columns answer. Click one to enlarge it.",
       any_head(report)},
      {"surprisal", "Surprise", "The stronger the colour, the less a model expected a piece of the text. Point at one.",
       any_system(report, "surprisal")},
      {"gradients", "How far back a loss reaches",
       "The norm of the gradient of a loss at each earlier input. Dotted: each update clipped as in training.",
       any_system(report, "gradients")},
      {"explained", "Why", "", any_system(report, "explained")},
      {"transitions", "Transitions", "The score of going from a tag (row) to another (column), where it is positive.",
       any_example(report, "explained", "transitions")},
      {"heaviest", "What speaks for a label", "The features of greatest weight, whatever the text.",
       any_system(report, "heaviest")},
      {"filters", "What the filters look for", "The most telling ones first.", any_system(report, "filters")},
      {"tree", "Parameters", "The modules of the model, with the shapes of their tensors.", any_system(report, "tree")},
  };
  Page page{.title = title,
            .lead = text_of(report, "subtitle"),
            .command = text_of(report, "command"),
            .sections = {},
            .report = report,
            .script = str(report_script, language_script, text_script)};
  for (const auto& [id, heading, about, present] : sections)
    if (present) page.sections.push_back({id, heading, about});
  return html_page(page);
}

}  // namespace stemma
