// JSON values, parsing with line and column in errors, and struct <-> JSON through FIELDS.
// The parser is nlohmann-json behind json.cc, so that nobody else pays for compiling it.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stemma/base/check.h"
#include "stemma/base/fields.h"

namespace stemma {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in the order written

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool v) : value_(v) {}
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Json(T v) : value_(int64_t(v)) {
    check(v < 0 || int64_t(v) >= 0, v, " is too large a number for JSON");
  }
  Json(double v) : value_(v) {}
  Json(float v);  // keeps the short decimal form of the float
  Json(std::string v) : value_(std::move(v)) {}
  Json(std::string_view v) : value_(std::string(v)) {}
  Json(const char* v) : value_(std::string(v)) {}
  Json(Array v) : value_(std::move(v)) {}
  Json(Object v) : value_(std::move(v)) {}
  template <class T>
  Json(const std::vector<T>& v) : value_(Array(v.begin(), v.end())) {}
  static Json object(std::initializer_list<std::pair<std::string, Json>> members) { return Object(members); }

  // Throws Error "WHERE:LINE:COLUMN: ..." ; nesting deeper than 200 is refused, so no input overflows the stack.
  static Json parse(std::string_view text, std::string_view where = "JSON");
  // indent < 0: one line. Text that is not valid UTF-8 is written with U+FFFD.
  std::string dump(int indent = -1) const;

  bool is_null() const { return value_.index() == 0; }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }

  // Accessors throw Error when the value is of another type.
  bool boolean() const;
  int64_t integer() const;
  double number() const;
  const std::string& text() const;
  const Array& array() const;
  Array& array();
  const Object& object() const;
  Object& object();

  const Json* find(std::string_view key) const;        // null when absent or not an object
  const Json& operator[](std::string_view key) const;  // throws Error naming the key when absent
  Json& operator[](std::string_view key);              // inserts null when absent
  void push_back(Json v) { array().push_back(std::move(v)); }
  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

// Streams {"KEY": [{...}, ...], ...}: each object of the list is handed over as soon as it is read, and forgotten.
// `next_part` gives text, an empty view at its end. Returns the rest of the object, the list empty. Errors as of
// Json::parse, and when the list holds anything but objects, or one is over `max_bytes` long.
struct JsonList {
  std::string key, where;
  size_t max_bytes = size_t{64} << 20;
};
Json parse_list(const JsonList& list, const std::function<std::string_view()>& next_part,
                const std::function<void(const Json& element)>& take);

inline void put(std::string& out, const Json& json) { out += json.dump(); }

// ---- struct -> JSON ------------------------------------------------------------------------------------------------
template <HasFields T>
Json to_json(const std::vector<T>& values);
template <class T>
Json to_json(const T& value) {
  if constexpr (HasFields<const T>) {
    Json::Object out;
    each_field(value, [&](std::string_view name, const auto& member) {
      out.emplace_back(std::string(name), to_json(member));
    });
    return out;
  } else {
    return Json(value);
  }
}
template <HasFields T>
Json to_json(const std::vector<T>& values) {
  Json::Array out;
  for (const auto& v : values) out.push_back(to_json(v));
  return out;
}

// ---- JSON -> struct: an unknown key is an error that names the nearest, a missing key keeps its default -------------
void read(const Json& json, bool& out, const std::string& path);
void read(const Json& json, double& out, const std::string& path);
void read(const Json& json, std::string& out, const std::string& path);
int64_t read_integer(const Json& json, int64_t low, int64_t high, const std::string& path);
[[noreturn]] void unknown_key(const std::string& path, std::string_view key, std::string_view field_names);

inline void read(const Json& json, Json& out, const std::string&) { out = json; }
inline void read(const Json& json, float& out, const std::string& path) {
  double wide = 0;
  read(json, wide, path);
  out = float(wide);
}
template <class T>
requires std::is_integral_v<T>
void read(const Json& json, T& out, const std::string& path) {
  out = T(read_integer(json, int64_t(std::numeric_limits<T>::min()),
                       sizeof(T) < 8 ? int64_t(std::numeric_limits<T>::max()) : INT64_MAX, path));
}
template <HasFields T>
void read(const Json& json, T& out, const std::string& path);
template <class T>
void read(const Json& json, std::vector<T>& out, const std::string& path) {
  check(json.is_array(), path, ": expected a list, found ", json);
  out.clear();
  for (const auto& element : json.array()) {
    const auto where = str(path, "[", out.size(), "]");
    read(element, out.emplace_back(), where);
  }
}
template <HasFields T>
void read(const Json& json, T& out, const std::string& path) {
  check(json.is_object(), path, ": expected an object, found ", json);
  for (const auto& [key, value] : json.object()) {
    bool known = false;
    each_field(out, [&, &key = key, &value = value](std::string_view name, auto& member) {  // clang 14 wants it so
      if (name != key) return;
      known = true;
      read(value, member, path.empty() ? key : str(path, ".", key));
    });
    if (!known) unknown_key(path, key, T::field_names());
  }
}
// A T with its defaults, overridden by `json`; `where` begins each error.
template <HasFields T>
T from_json(const Json& json, const std::string& where = "") {
  T out;
  read(json, out, where);
  return out;
}

}  // namespace stemma
