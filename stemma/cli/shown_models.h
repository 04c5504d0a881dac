// What `show` of a model and of others beside it has in common: its words, the text, the page, the JSON that it is
// drawn from.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "stemma/base/json.h"
#include "stemma/cli/command_line.h"

namespace stemma {

struct ShowArguments {
  std::string directory, html;
  std::vector<std::string> beside;
  bool json = false;
  bool titled = false;  // the text of each model says itself whose it is
  Machine machine;
  void declare(CommandLine& line, const std::string& about_beside);
};

struct ShownModel {
  Json system;       // of a report (report.h)
  std::string text;  // the same for the terminal
};
void print_models(const ShowArguments& a, const std::function<ShownModel(const std::string& directory)>& show_one);

}  // namespace stemma
