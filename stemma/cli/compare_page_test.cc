#include "stemma/cli/compare_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stemma/tasks/comparison_grid.h"

namespace stemma {
namespace {
using testing::HasSubstr;
using testing::Not;

CellResult cell(const std::string& encoder, int64_t size, double score) {
  CellResult out;
  out.encoder = encoder, out.size = size, out.score = score, out.measure = "accuracy";
  out.examples = size ? size : 1000, out.train_seconds = 2, out.texts_per_second = 100, out.parameters = 5;
  return out;
}
Json comparison(std::vector<CellResult> cells) {
  ComparisonRecipe recipe;
  recipe.title = "<b>T</b>", recipe.task = "classify", recipe.encoders = {"tfidf", "lstm"};
  return to_json(summarise(recipe, std::move(cells)));
}

TEST(ComparePage, HasTheSectionsThatThereIsSomethingFor) {
  const auto section = [](const char* id) { return HasSubstr(str("<section id=\"", id, "\">")); };
  const std::string one = compare_page(comparison({cell("tfidf", 0, 0.9)}));
  EXPECT_THAT(one, section("summary"));
  EXPECT_THAT(one, section("times"));
  for (const char* id : {"sizes", "labels", "confusion", "failures"}) EXPECT_THAT(one, Not(section(id))) << id;
  EXPECT_THAT(one, HasSubstr("&lt;b&gt;T"));
  EXPECT_THAT(one, Not(HasSubstr("<b>T")));

  auto full = cell("tfidf", 0, 0.9), broken = cell("lstm", 0, 0);
  full.scores = Json::parse(
      R"({"scores": {"classes": [{"label": "a", "f1": 0.5}, {"label": "b", "f1": 1}]}, "labels": ["a", "b"],
          "confusion": [[3, 1], [0, 4]]})");
  broken.failed = "out of </script> memory";
  const std::string page = compare_page(comparison({cell("tfidf", 100, 0.8), full, broken}));
  for (const char* id : {"summary", "sizes", "times", "labels", "confusion", "failures"})
    EXPECT_THAT(page, section(id)) << id;
  EXPECT_THAT(page, Not(HasSubstr("out of </script>")));
  EXPECT_THAT(page, HasSubstr("Where tfidf errs"));
}

TEST(ComparePage, WithoutAnySuccessSaysWhy) {
  auto broken = cell("lstm", 0, 0);
  broken.failed = "no";
  const std::string page = compare_page(comparison({broken}));
  EXPECT_THAT(page, HasSubstr("<section id=\"failures\">"));
  EXPECT_THAT(page, Not(HasSubstr("<section id=\"times\">")));
}

}  // namespace
}  // namespace stemma
