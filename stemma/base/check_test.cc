#include "stemma/base/check.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "stemma/base/testing.h"

namespace stemma {
namespace {

TEST(Check, JoinsItsParts) {
  EXPECT_EQ(str("a", std::string("b"), std::string_view("c"), 'd', 5, true), "abcd5true");
  EXPECT_EQ(str(), "");
}

TEST(Check, WritesTheShortestNumberThatReadsBack) {
  EXPECT_EQ(str(0.1f), "0.1");
  EXPECT_EQ(str(0.1), "0.1");
  EXPECT_EQ(str(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(str(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(str(std::numeric_limits<float>::denorm_min()), "1e-45");
}

TEST(Check, ThrowsOnlyWhenFalse) {
  EXPECT_EQ(error_of([] { check(true, "never"); }), "no error");
  EXPECT_EQ(error_of([] { check(1 > 2, "inner sizes ", 1, " and ", 2); }), "inner sizes 1 and 2");
  EXPECT_THROW(fail("x"), Error);
}

TEST(Check, AUsageErrorIsAnError) {
  EXPECT_EQ(error_of([] { throw UsageError("no such option"); }), "no such option");
}

}  // namespace
}  // namespace stemma
