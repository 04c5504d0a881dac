#include "stemma/cli/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stemma {
namespace {
using testing::HasSubstr;
using testing::Not;

Json one_system(Json::Object members) {
  members.emplace_back("name", "rnn");
  return Json::object({{"title", "T"}, {"systems", Json::Array{Json(members)}}});
}
std::vector<std::string> sections_of(const std::string& page) {
  std::vector<std::string> out;
  const std::string mark = "<section id=\"";
  for (size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    const size_t begin = at + mark.size();
    out.push_back(page.substr(begin, page.find('"', begin) - begin));
  }
  return out;
}
size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}
// The report as the page's script will read it.
Json embedded(const std::string& page) {
  const std::string mark = "id=\"report\">";
  const size_t begin = page.find(mark) + mark.size();
  return Json::parse(std::string_view(page).substr(begin, page.find("</script>", begin) - begin));
}

TEST(Report, ASentenceCannotBecomeMarkup) {
  const std::string evil = "</script><script>alert(1)</script><!-- <b> & \" ' \u2028";
  Json report = one_system({{"examples", Json::Array{Json::object({{"source", Json::Array{Json(evil)}},
                                                                   {"target", Json::Array{Json(evil)}},
                                                                   {"reference", evil}})}}});
  for (const char* key : {"title", "subtitle", "command"}) report[key] = evil;
  const std::string page = report_page(report);
  EXPECT_EQ(count(page, "</script>"), 2u);
  EXPECT_EQ(count(page, "<script"), 2u);
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page,
              HasSubstr("<h1>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- &lt;b&gt; &amp; &quot;"));
  EXPECT_EQ(embedded(page), report);
}

TEST(Report, SectionsAppearWithTheirData) {
  const Json row = Json::object({{"step", 1}, {"loss", 2.5}});
  const Json matrix = Json::object({{"layer", "decoder.0.cross"}, {"weights", Json::Array{}}});
  Json head = matrix;
  head["head"] = 0;
  const auto example = [](const Json& attention) {
    return Json::Array{Json::object({{"source", Json::Array{}}, {"attention", Json::Array{attention}}})};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(sections_of(report_page(one_system({}))), Names{});
  EXPECT_EQ(sections_of(report_page(one_system({{"bleu", 96.5}}))), Names{"summary"});
  EXPECT_EQ(sections_of(report_page(one_system({{"curve", Json::Array{row}}}))), Names{"curves"});
  EXPECT_EQ(sections_of(report_page(one_system({{"curve", Json::Array{}}}))), Names{});
  EXPECT_EQ(sections_of(report_page(one_system({{"bleu_by_length", Json::Array{row}}}))), Names{"lengths"});
  EXPECT_EQ(sections_of(report_page(one_system({{"tree", Json::Array{row}}}))), Names{"tree"});
  EXPECT_EQ(sections_of(report_page(one_system({{"examples", example(matrix)}}))), Names{"attention"});
  EXPECT_EQ(sections_of(report_page(one_system({{"examples", example(head)}}))), (Names{"attention", "heads"}));
}

TEST(Report, EverySectionHasItsPartOfTheScript) {
  const std::string page = report_page(one_system({}));
  for (const char* name : {"summary", "lengths", "curves", "attention", "heads", "tree"})
    EXPECT_THAT(page, HasSubstr(std::string("function ") + name + "(root)"));
}

TEST(Report, NeedsNoNetworkAndHasAFallbackTitle) {
  const std::string page = report_page(Json::object({}));
  EXPECT_THAT(page, HasSubstr("<h1>Stemma</h1>"));
  for (const char* outside : {"src=", "<link", "@import", "url(", "fetch(", "https:"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_EQ(count(page, "http://"), count(page, "http://www.w3.org/2000/svg"));  // a name space, not an address
}

}  // namespace
}  // namespace stemma
