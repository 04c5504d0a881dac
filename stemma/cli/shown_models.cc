#include "stemma/cli/shown_models.h"

#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/report.h"

namespace stemma {

void print_models(const ShownModels& models, const std::function<ShownModel(const std::string&)>& show_one) {
  std::vector<std::string> directories{models.directory};
  directories.insert(directories.end(), models.beside.begin(), models.beside.end());
  Json::Array systems;
  std::string text;
  for (const auto& directory : directories) {
    ShownModel shown = show_one(directory);
    if (directories.size() > 1 && !models.titled) text += base_name(directory) + "\n";
    text += shown.text;
    systems.push_back(std::move(shown.system));
  }
  const Json report = Json::object({{"title", base_name(models.directory)}, {"systems", std::move(systems)}});
  if (!models.html.empty())
    write_file(models.html, report_page(report)), text += str("the page is ", models.html, "\n");
  std::fputs(models.json ? (report.dump() + "\n").c_str() : text.c_str(), stdout);
}

}  // namespace stemma
