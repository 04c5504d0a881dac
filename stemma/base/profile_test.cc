#include "stemma/base/profile.h"

#include <gtest/gtest.h>

#include <thread>

#include "stemma/base/json.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

void layer(double flops, const std::string& sizes) {
  const Profiled here("layer");
  const Profiled inside("product", [&] { return Cost{.flops = flops, .bytes = 8, .sizes = sizes}; });
}

TEST(Profile, PathsCallsAndCosts) {
  const Profile profile;
  {
    const Profiled step("step");
    layer(10, "2 x 5");
    layer(32, "4 x 8");
    { const Profiled end("update"); }
  }
  const auto lines = summary(profile.events());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].path, "step");
  EXPECT_EQ(lines[1].path, "step / layer");
  EXPECT_EQ(lines[2].path, "step / layer / product");
  EXPECT_EQ(lines[3].path, "step / update");
  EXPECT_EQ(lines[2].calls, 2);
  EXPECT_EQ(lines[2].cost.flops, 42);
  EXPECT_EQ(lines[2].cost.bytes, 16);
  EXPECT_EQ(lines[1].cost.flops, 0);
  double own = 0;
  for (const auto& line : lines) own += line.own;
  EXPECT_NEAR(own, lines[0].seconds, 1e-9);  // every moment belongs to one line
  const auto apart = summary(profile.events(), Sizes::apart);
  ASSERT_EQ(apart.size(), 5u);
  EXPECT_EQ(apart[2].path, "step / layer / product 2 x 5");
  EXPECT_EQ(apart[3].path, "step / layer / product 4 x 8");
}

TEST(Profile, NothingIsKeptWhileNobodyMeasures) {
  const Profiled before("before");
  layer(1, "");
  bool asked = false;
  const Profiled here("silent", [&] { return asked = true, Cost{}; });
  EXPECT_FALSE(asked);
  const Profile profile;
  EXPECT_TRUE(profile.events().empty());
  EXPECT_NE(error_of([] { const Profile second; }).find("already"), std::string::npos);
}

TEST(Profile, ScopesThatOutliveTheirProfileHurtNobody) {
  std::unique_ptr<Profiled> open;
  {
    const Profile first;
    open = std::make_unique<Profiled>("old");
    EXPECT_TRUE(first.events().empty());  // it has not ended
  }
  const Profile second;
  {
    const Profiled fresh("fresh");
    open.reset();
  }
  ASSERT_EQ(second.events().size(), 1u);
  EXPECT_STREQ(second.events()[0].name, "fresh");
  EXPECT_GE(second.events()[0].end, second.events()[0].begin);
}

TEST(Profile, ThreadsAreApart) {
  const Profile profile;
  const Profiled here("main");
  std::thread([] { layer(1, ""); }).join();
  const auto events = profile.events();  // "main" is still open
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].parent, -1);
  EXPECT_EQ(events[1].parent, 0);
  EXPECT_EQ(events[0].thread, 1);
}

TEST(Profile, TraceIsJson) {
  const Profile profile;
  layer(1000, "10 x 50");
  const Json trace = Json::parse(chrome_trace(profile.events()));
  const auto& events = trace["traceEvents"].array();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["name"].text(), "layer");
  EXPECT_EQ(events[1]["ph"].text(), "X");
  EXPECT_EQ(events[1]["args"]["sizes"].text(), "10 x 50");
  EXPECT_LE(events[0]["ts"].number(), events[1]["ts"].number());
  EXPECT_EQ(Json::parse(chrome_trace({}))["traceEvents"].array().size(), 0u);
}

}  // namespace
}  // namespace stemma
