// What the HTML pages have in common: one self-contained file that draws itself from the JSON inside it. No network,
// no fonts, no libraries. Text of the JSON cannot become markup.
#pragma once
#include <string>
#include <vector>

#include "stemma/base/json.h"

namespace stemma {

struct PageSection {
  std::string id, title, about;  // about may be empty
};
struct Page {
  std::string title, lead, command;   // the last two may be empty
  std::vector<PageSection> sections;  // in order; `script` fills each
  Json report = {};                   // `report` of the script
  std::string script;                 // after page_blocks.h: functions, and at its end drawSections({id: f, ...})
};
std::string html_page(const Page& page);
// JSON for the inside of a <script>: without '<' no text in it can end the script or open a comment.
std::string script_safe(const Json& json);

}  // namespace stemma
