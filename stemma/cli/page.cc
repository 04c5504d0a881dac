#include "stemma/cli/page.h"

#include "stemma/cli/page_blocks.h"
#include "stemma/cli/page_style.h"

namespace stemma {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string script_safe(const Json& json) {
  std::string out;
  for (char c : json.dump()) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

std::string html_page(const Page& page) {
  std::string out = str(page_head, "<title>", escaped(page.title), "</title>\n", page_style,
                        "</head>\n<body>\n<header>\n<h1>", escaped(page.title), "</h1>\n");
  if (!page.lead.empty()) out += str("<p class=\"lead\">", escaped(page.lead), "</p>\n");
  if (!page.command.empty()) out += str("<p><code>", escaped(page.command), "</code></p>\n");
  out += "</header>\n<main>\n";
  for (const auto& s : page.sections) {
    out += str("<section id=\"", s.id, "\">\n<h2>", escaped(s.title), "</h2>\n");
    if (!s.about.empty()) out += str("<p class=\"about\">", escaped(s.about), "</p>\n");
    out += "</section>\n";
  }
  return out + str("</main>\n<noscript><p>The figures on this page are drawn by a script.</p></noscript>\n",
                   "<script type=\"application/json\" id=\"report\">", script_safe(page.report),
                   "</script>\n<script>\n", page_blocks, page.script, "</script>\n</body>\n</html>\n");
}

}  // namespace stemma
