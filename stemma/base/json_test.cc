#include "stemma/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stemma/base/random.h"
#include "stemma/base/testing.h"

namespace stemma {
namespace {

using testing::HasSubstr;

std::string parse_error(std::string_view text) {
  return error_of([&] { Json::parse(text, "f.json"); });
}

TEST(Json, KeepsWhatItRead) {
  for (const char* text :
       {"null", "true", "-1", "9223372036854775807", "-9223372036854775808", "0.1", "1e+300", "-0.0", "\"\"",
        "\"你好 \\\"\\\\\\n\"", "[]", "{}", "[1, [2, {\"z\": null, \"a\": [false]}], \"x\"]"})
    EXPECT_EQ(Json::parse(text).dump(), text);
}

TEST(Json, IndentsObjectsAndKeepsListsOnOneLine) {
  const auto json = Json::parse(R"({"b": {"x": [1, {"y": 2}]}, "a": {}})");
  EXPECT_EQ(json.dump(2), "{\n  \"b\": {\n    \"x\": [1, {\"y\": 2}]\n  },\n  \"a\": {}\n}");
  EXPECT_EQ(Json::parse(json.dump(2)), json);
}

TEST(Json, NumbersKeepTheirKindAndTheirBits) {
  EXPECT_TRUE(Json::parse("1").is_integer());
  EXPECT_FALSE(Json::parse("1.0").is_integer());
  EXPECT_TRUE(Json::parse("18446744073709551615").is_number());  // too large for an integer: a double
  EXPECT_FALSE(Json::parse("18446744073709551615").is_integer());
  EXPECT_EQ(Json(1.0).dump(), "1.0");
  EXPECT_EQ(Json(0.1f).dump(), "0.1");
  EXPECT_EQ(Json(NAN).dump(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).dump(), "null");
  EXPECT_THROW(Json(std::numeric_limits<uint64_t>::max()), Error);
  Random rng;
  for (int i = 0; i < 1000; ++i) {
    const auto bits = uint64_t(rng.bits()) << 32 | rng.bits();
    const double d = std::bit_cast<double>(bits);
    const float f = std::bit_cast<float>(uint32_t(bits));
    if (std::isfinite(d)) { EXPECT_EQ(Json::parse(Json(d).dump()).number(), d); }
    if (std::isfinite(f)) { EXPECT_EQ(float(Json::parse(Json(f).dump()).number()), f); }
  }
}

TEST(Json, TextThatIsNotUtf8IsReplaced) { EXPECT_EQ(Json("a\xFFz").dump(), "\"a\uFFFDz\""); }

TEST(Json, ErrorsNameLineAndColumn) {
  EXPECT_THAT(parse_error("{\n  \"a\": tru\n}"), HasSubstr("f.json:2:11: not valid JSON: "));
  EXPECT_THAT(parse_error(""), HasSubstr("f.json:1:1: not valid JSON: "));
  EXPECT_THAT(parse_error("[1, 2"), HasSubstr("f.json:1:6: "));
  EXPECT_THAT(parse_error("[1] 2"), HasSubstr("f.json:1:5: "));
  EXPECT_THAT(parse_error("\"\xC3\x28\""), HasSubstr("UTF-8"));
  for (const char* bad :
       {"nul", "01", "1.", "+1", "[1,]", "{\"a\"}", "{1: 2}", "'a'", "\"\\x\"", "\"\n\"", "1e999", "NaN"})
    EXPECT_THAT(parse_error(bad), HasSubstr("f.json:1:")) << bad;
  EXPECT_EQ(parse_error("{\"a\": 1, \"b\": {\"a\": 2}, \"a\": 3}"), "f.json: key \"a\" appears twice");
}

TEST(Json, RefusesDepthBeforeTheStackEnds) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(parse_error(nested(200)), "no error");
  EXPECT_EQ(parse_error(nested(201)), "f.json: nested deeper than 200");
  EXPECT_EQ(parse_error(std::string(1'000'000, '[')), "f.json: nested deeper than 200");
}

TEST(Json, AccessOfTheWrongKindIsAnError) {
  EXPECT_EQ(error_of([] { Json(1).text(); }), "expected text, found a number");
  EXPECT_EQ(error_of([] { Json("x").number(); }), "expected a number, found text");
  EXPECT_EQ(error_of([] { Json(1.5).integer(); }), "expected a whole number, found a number");
  EXPECT_EQ(error_of([] { std::as_const(*std::make_unique<Json>(Json::object({})))["a"]; }), "missing key \"a\"");
  EXPECT_EQ(Json(1).find("a"), nullptr);
  EXPECT_EQ(Json(3).number(), 3.0);
}

TEST(Json, ALargeObjectIsReadInTimeLinearInItsSize) {
  Json json;
  Json::Object members;
  for (int i = 0; i < 200'000; ++i) members.emplace_back(str("key", i), i);
  const auto text = Json(members).dump();
  EXPECT_EQ(Json::parse(text).object().size(), members.size());
}

struct Inner {
  float rate = 0.5f;
  FIELDS(rate)
};
struct Outer {
  int8_t small = 1;
  uint64_t large = 2;
  bool flag = false;
  std::string name = "n";
  std::vector<Inner> inner;
  Json anything;
  FIELDS(small, large, flag, name, inner, anything)
};

std::string read_error(std::string_view text) {
  return error_of([&] { from_json<Outer>(Json::parse(text), "config.json"); });
}

TEST(JsonFields, GoThereAndBack) {
  Outer outer{.small = -3, .large = 1ull << 62, .flag = true, .name = "ü", .inner = {{0.1f}, {}}, .anything = nullptr};
  const auto json = to_json(outer);
  EXPECT_EQ(json.dump(), R"({"small": -3, "large": 4611686018427387904, "flag": true, "name": "ü", )"
                         R"("inner": [{"rate": 0.1}, {"rate": 0.5}], "anything": null})");
  EXPECT_EQ(to_json(from_json<Outer>(Json::parse(json.dump()))), json);
}

TEST(JsonFields, AMissingKeyKeepsItsDefault) {
  const auto outer = from_json<Outer>(Json::parse(R"({"small": 7})"));
  EXPECT_EQ(outer.small, 7);
  EXPECT_EQ(outer.name, "n");
}

TEST(JsonFields, ErrorsNameThePath) {
  EXPECT_EQ(read_error(R"({"smal": 1})"), "config.json: unknown key 'smal' (did you mean 'small'?)");
  EXPECT_EQ(read_error(R"({"inner": [{}, {"rat": 1}]})"),
            "config.json.inner[1]: unknown key 'rat' (did you mean 'rate'?)");
  EXPECT_EQ(read_error(R"({"small": 128})"), "config.json.small: 128 is not between -128 and 127");
  EXPECT_EQ(read_error(R"({"large": -1})"), "config.json.large: -1 is not between 0 and 9223372036854775807");
  EXPECT_EQ(read_error(R"({"small": 1.5})"), "config.json.small: expected a whole number, found 1.5");
  EXPECT_EQ(read_error(R"({"flag": 1})"), "config.json.flag: expected true or false, found 1");
  EXPECT_EQ(read_error(R"({"name": null})"), "config.json.name: expected text, found null");
  EXPECT_EQ(read_error(R"({"inner": {}})"), "config.json.inner: expected a list, found {}");
  EXPECT_EQ(read_error("[]"), "config.json: expected an object, found []");
}

TEST(JsonList, HandsOverElementsFromParts) {
  const std::string text = R"({"version": 1, "data": [{"a": [1, 2]}, {"b": "x\"]}"}], "more": [[]]})";
  const auto read = [](std::string_view whole, size_t step, size_t most) {
    std::vector<std::string> elements;
    const auto next = [&] {
      const auto part = whole.substr(0, step);
      whole.remove_prefix(part.size());
      return part;
    };
    const auto rest = parse_list({"data", "w", most}, next, [&](const Json& e) { elements.push_back(e.dump()); });
    elements.push_back(rest.dump());
    return elements;
  };
  const std::vector<std::string> expected = {R"({"a": [1, 2]})", R"({"b": "x\"]}"})",
                                             R"({"version": 1, "data": [], "more": [[]]})"};
  EXPECT_EQ(read(text, 1, 1000), expected);
  EXPECT_EQ(read(text, 1000, 1000), expected);
  const auto error = [&](std::string_view of, size_t most) { return error_of([&] { read(of, 1, most); }); };
  EXPECT_EQ(error(text, 10), "w: over 10 bytes without an end of an element of \"data\"");
  EXPECT_EQ(error(R"({"data": [1, {}]})", 99), "w: \"data\" must be a list of objects");
  EXPECT_EQ(error(R"({"data": [{}])", 99).substr(0, 26), "w: not valid JSON: line 1,");
  EXPECT_EQ(error("", 99).substr(0, 18), "w: not valid JSON:");
}

}  // namespace
}  // namespace stemma
