#include "stemma/base/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace stemma {
namespace {

struct Recipe {
  int width = 512, heads = 8;
  std::string name = "base";
  // clang-format off
  FIELDS(width,
         heads, name)
  // clang-format on
};

TEST(Fields, AreVisitedInOrderWithTheirNames) {
  Recipe recipe;
  std::string seen;
  each_field(recipe, [&](std::string_view name, auto& member) {
    seen += std::string(name) + " ";
    if constexpr (std::is_same_v<decltype(member), int&>) member *= 2;
  });
  EXPECT_EQ(seen, "width heads name ");
  EXPECT_EQ(recipe.width, 1024);
  EXPECT_EQ(recipe.heads, 16);
}

TEST(Fields, OfAConstObjectAreConst) {
  const Recipe recipe;
  int count = 0;
  each_field(recipe, [&](std::string_view, const auto& member) {
    static_assert(std::is_const_v<std::remove_reference_t<decltype(member)>>);
    ++count;
  });
  EXPECT_EQ(count, 3);
}

TEST(Fields, AConceptTellsThem) {
  static_assert(HasFields<Recipe> && HasFields<const Recipe> && !HasFields<std::string>);
}

TEST(Nearest, FindsTypingErrorsAndParts) {
  const std::vector<std::string> known = {"learning_rate", "decoder_layers", "dropout", "width"};
  EXPECT_EQ(nearest("learnign_rate", known), "learning_rate");
  EXPECT_EQ(nearest("dropuot", known), "dropout");
  EXPECT_EQ(nearest("layers", known), "decoder_layers");
  EXPECT_EQ(nearest("widht", known), "width");
  EXPECT_EQ(nearest("banana", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("width", {}), "");
  EXPECT_EQ(nearest("qq", {"of"}), "");  // nothing of it stays
}

TEST(Suggestion, NamesTheNearestOrAll) {
  EXPECT_EQ(suggestion("widht", {"width", "heads"}), " (did you mean 'width'?)");
  EXPECT_EQ(suggestion("banana", {"width", "heads"}), " (known: width, heads)");
  const std::vector<std::string> many(13, "width");
  EXPECT_THAT(suggestion("banana", many), testing::EndsWith("width, ...)"));
}

}  // namespace
}  // namespace stemma
