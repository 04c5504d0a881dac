#include "stemma/cli/shown_models.h"

#include <cstdio>

#include "stemma/base/files.h"
#include "stemma/cli/report.h"

namespace stemma {

void ShowArguments::declare(CommandLine& line, const std::string& about_beside) {
  line.option("directory", directory, "the model directory").required();
  line.option("--beside", beside, about_beside + "; may be repeated");
  line.option("--html", html, "write a page with everything to this file");
  line.flag("--json", json, "one object: what the page is drawn from");
  machine.declare(line);
}

void print_models(const ShowArguments& a, const std::function<ShownModel(const std::string&)>& show_one) {
  std::vector<std::string> directories{a.directory};
  directories.insert(directories.end(), a.beside.begin(), a.beside.end());
  Json::Array systems;
  std::string text;
  for (const auto& directory : directories) {
    ShownModel shown = show_one(directory);
    if (directories.size() > 1 && !a.titled) text += base_name(directory) + "\n";
    text += shown.text;
    systems.push_back(std::move(shown.system));
  }
  const Json report = Json::object({{"title", base_name(a.directory)}, {"systems", std::move(systems)}});
  if (!a.html.empty()) write_file(a.html, report_page(report)), text += str("the page is ", a.html, "\n");
  std::fputs(a.json ? (report.dump() + "\n").c_str() : text.c_str(), stdout);
}

}  // namespace stemma
