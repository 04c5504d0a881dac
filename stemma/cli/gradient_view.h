// How far back losses reach, for the terminal: what `show --gradients` says of language models and classifiers.
#pragma once
#include <string>

#include "stemma/cli/command_line.h"
#include "stemma/tasks/gradient_flow.h"

namespace stemma {

struct GradientArguments {
  bool shown = false;
  std::string text;  // the file
  FlowPlaces places;
  void declare(CommandLine& line, const std::string& text_about);
  void validate() const;  // UsageError
};
std::string flow_text(const std::string& name, const GradientFlow& flow);

}  // namespace stemma
