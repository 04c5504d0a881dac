#include "stemma/cli/eval_page.h"

#include <gmock/gmock.h>

namespace stemma {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(EvalPage, HasTheSectionsThatThereIsSomethingFor) {
  const auto section = [](const char* id) { return HasSubstr(str("<section id=\"", id, "\">")); };
  TaskReport report;
  report.measure = "accuracy", report.all = Json::object({{"accuracy", 0.5}});
  report.tables.push_back({"", {"measure", ""}, {{"<b>accuracy", "50.00"}}});
  const std::string plain = eval_page("a<b", report);
  EXPECT_THAT(plain, section("measures"));
  EXPECT_THAT(plain, HasSubstr("a&lt;b"));
  EXPECT_THAT(plain, Not(HasSubstr("<b>acc")));
  for (const char* id : {"confusion", "calibration"}) EXPECT_THAT(plain, Not(section(id))) << id;
  report.all = Json::parse(
      R"({"labels": ["a", "b"], "confusion": [[3, 1], [0, 4]],
          "calibration": {"expected_error": 0.1, "bins": [{"documents": 2, "confidence": 0.7, "accuracy": 0.5}]}})");
  const std::string full = eval_page("a", report);
  for (const char* id : {"measures", "confusion", "calibration"}) EXPECT_THAT(full, section(id)) << id;
}

}  // namespace
}  // namespace stemma
