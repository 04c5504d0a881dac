// What `show` of a model and of others beside it has in common: the text, the page, the JSON that it is drawn from.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "stemma/base/json.h"

namespace stemma {

struct ShownModel {
  Json system;       // of a report (report.h)
  std::string text;  // the same for the terminal
};
struct ShownModels {
  std::string directory;
  std::vector<std::string> beside;
  std::string html;     // the page's file; empty: none
  bool json = false;    // print the report instead of the text
  bool titled = false;  // the text of each says itself whose it is
};
void print_models(const ShownModels& models, const std::function<ShownModel(const std::string& directory)>& show_one);

}  // namespace stemma
