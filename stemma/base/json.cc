#include "stemma/base/json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace stemma {

namespace {

constexpr size_t max_depth = 200;

// Line and column (from 1) of a byte offset; only the column where `where` is a line already, "set.jsonl:7".
std::string position(std::string_view text, size_t offset, std::string_view where) {
  offset = std::min(offset, text.size());
  size_t line = 1, column = 1;
  for (size_t i = 0; i < offset; ++i) text[i] == '\n' ? (++line, column = 1) : ++column;
  const size_t last = where.find_last_not_of("0123456789");
  const bool is_line = last != where.npos && last + 1 < where.size() && where[last] == ':' && line == 1;
  return is_line ? str(column) : str(line, ":", column);
}

// Builds a Json from the parser's events.
struct Builder : nlohmann::json_sax<nlohmann::json> {
  std::string_view text, where;
  Json root;
  std::vector<Json*> open;
  std::vector<std::unordered_set<std::string>> keys;  // of the open values
  std::string next_key;

  Json* place(Json v) {
    if (open.empty()) return &(root = std::move(v));
    if (open.back()->is_array()) return open.back()->push_back(std::move(v)), &open.back()->array().back();
    check(keys.back().insert(next_key).second, where, ": key \"", next_key, "\" appears twice");
    return &open.back()->object().emplace_back(std::move(next_key), std::move(v)).second;
  }
  bool null() override { return place(nullptr); }
  bool boolean(bool v) override { return place(v); }
  bool number_integer(number_integer_t v) override { return place(v); }
  bool number_unsigned(number_unsigned_t v) override { return v <= INT64_MAX ? place(int64_t(v)) : place(double(v)); }
  bool number_float(number_float_t v, const string_t&) override { return place(v); }
  bool string(string_t& v) override { return place(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool start(Json v) {
    check(open.size() < max_depth, where, ": nested deeper than ", max_depth);
    open.push_back(place(std::move(v)));
    keys.emplace_back();
    return true;
  }
  virtual bool end() {
    open.pop_back(), keys.pop_back();
    return true;
  }
  bool start_object(size_t) override { return start(Json::Object{}); }
  bool start_array(size_t) override { return start(Json::Array{}); }
  bool key(string_t& v) override { return next_key = std::move(v), true; }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool parse_error(size_t offset, const std::string&, const nlohmann::json::exception& e) override {
    // The library's message is "[json.exception...] parse error at line L, column C: WHAT"; keep WHAT.
    std::string_view what = e.what();
    if (const auto column = what.find("column "); column != what.npos)
      if (const auto colon = what.find(": ", column); colon != what.npos) what.remove_prefix(colon + 2);
    fail(where, ":", position(text, offset ? offset - 1 : 0, where), ": not valid JSON: ", what);
  }
};

// Characters of a text that comes in parts.
class PartReader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  struct State {
    const JsonList& list;
    const std::function<std::string_view()>& next_part;
    std::string_view part = {};
    size_t bytes = 0;  // since the last element
    void fill() {
      part = next_part();
      bytes += part.size();
      check(bytes <= list.max_bytes, list.where, ": over ", list.max_bytes, " bytes without an end of an element of \"",
            list.key, "\"");
    }
  };
  PartReader() = default;  // the end
  explicit PartReader(State* state) : state_(state) {
    state->fill();
    if (state->part.empty()) state_ = nullptr;
  }
  const char& operator*() const { return state_->part.front(); }
  PartReader& operator++() {
    state_->part.remove_prefix(1);
    if (state_->part.empty()) *this = PartReader(state_);
    return *this;
  }
  bool operator==(const PartReader& other) const { return state_ == other.state_; }

 private:
  State* state_ = nullptr;
};

// Hands over each element of the list.
struct ListBuilder : Builder {
  const JsonList& list;
  const std::function<void(const Json&)>& take;
  PartReader::State& input;

  ListBuilder(const JsonList& of, const std::function<void(const Json&)>& f, PartReader::State& from)
      : list(of), take(f), input(from) {
    where = list.where;
  }
  bool in_list() const { return open.size() == 2 && open[0]->is_object() && open[0]->find(list.key) == open[1]; }
  bool end() override {
    Builder::end();
    if (!in_list() || !open[1]->is_array()) return true;
    auto& elements = open[1]->array();
    check(elements.size() == 1 && elements[0].is_object(), where, ": \"", list.key, "\" must be a list of objects");
    take(elements[0]);
    elements.clear();
    input.bytes = 0;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& e) override {
    // "... parse error at line L, column C: WHAT"
    std::string_view what = e.what();
    if (const auto line = what.find("line "); line != what.npos) what.remove_prefix(line);
    fail(where, ": not valid JSON: ", what);
  }
};

void dump_to(std::string& out, const Json& v, int indent, int depth) {
  const auto line = [&](int d) {
    if (indent >= 0) out.append("\n").append(size_t(indent) * d, ' ');
  };
  if (v.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : v.object()) {
      if (!std::exchange(first, false)) out += indent < 0 ? ", " : ",";
      line(depth + 1);
      dump_to(out, Json(key), indent, depth + 1);
      out += ": ";
      dump_to(out, member, indent, depth + 1);
    }
    if (!first) line(depth);
    out += '}';
  } else if (v.is_array()) {
    out += '[';
    bool first = true;
    for (const auto& element : v.array()) {  // lists stay on one line
      if (!std::exchange(first, false)) out += ", ";
      dump_to(out, element, -1, depth + 1);
    }
    out += ']';
  } else if (v.is_string()) {
    out += nlohmann::json(v.text()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else if (v.is_null()) {
    out += "null";
  } else if (v.is_bool()) {
    put(out, v.boolean());
  } else if (v.is_integer()) {
    put(out, v.integer());
  } else if (const double d = v.number(); std::isfinite(d)) {
    const auto begin = out.size();
    put(out, d);
    if (out.find_first_of(".eE", begin) == out.npos) out += ".0";
  } else {
    out += "null";  // JSON has no infinity and no NaN
  }
}

const char* type_name(const Json& v) {
  return v.is_null()     ? "null"
         : v.is_bool()   ? "a boolean"
         : v.is_number() ? "a number"
         : v.is_string() ? "text"
         : v.is_array()  ? "a list"
                         : "an object";
}

}  // namespace

Json::Json(float v) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  double wide = v;
  std::from_chars(buffer, end, wide);
  value_ = wide;
}

Json Json::parse(std::string_view text, std::string_view where) {
  Builder builder;
  builder.text = text, builder.where = where;
  const bool ok = nlohmann::json::sax_parse(text, &builder);
  check(ok, where, ": not valid JSON");
  return std::move(builder.root);
}

Json parse_list(const JsonList& list, const std::function<std::string_view()>& next_part,
                const std::function<void(const Json&)>& take) {
  PartReader::State input{list, next_part};
  ListBuilder builder(list, take, input);
  check(nlohmann::json::sax_parse(PartReader(&input), PartReader(), &builder), list.where, ": not valid JSON");
  return std::move(builder.root);
}

std::string Json::dump(int indent) const {
  std::string out;
  dump_to(out, *this, indent, 0);
  return out;
}

bool Json::boolean() const {
  if (auto* v = std::get_if<bool>(&value_)) return *v;
  fail("expected true or false, found ", type_name(*this));
}
int64_t Json::integer() const {
  if (auto* v = std::get_if<int64_t>(&value_)) return *v;
  fail("expected a whole number, found ", type_name(*this));
}
double Json::number() const {
  if (auto* v = std::get_if<int64_t>(&value_)) return double(*v);
  if (auto* v = std::get_if<double>(&value_)) return *v;
  fail("expected a number, found ", type_name(*this));
}
const std::string& Json::text() const {
  if (auto* v = std::get_if<std::string>(&value_)) return *v;
  fail("expected text, found ", type_name(*this));
}
const Json::Array& Json::array() const {
  if (auto* v = std::get_if<Array>(&value_)) return *v;
  fail("expected a list, found ", type_name(*this));
}
const Json::Object& Json::object() const {
  if (auto* v = std::get_if<Object>(&value_)) return *v;
  fail("expected an object, found ", type_name(*this));
}
Json::Array& Json::array() { return const_cast<Array&>(std::as_const(*this).array()); }
Json::Object& Json::object() { return const_cast<Object&>(std::as_const(*this).object()); }

const Json* Json::find(std::string_view key) const {
  if (is_object())
    for (const auto& [name, value] : object())
      if (name == key) return &value;
  return nullptr;
}
const Json& Json::operator[](std::string_view key) const {
  const Json* found = find(key);
  check(found, "missing key \"", key, "\"");
  return *found;
}
Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object{};
  for (auto& [name, value] : object())
    if (name == key) return value;
  return object().emplace_back(std::string(key), Json()).second;
}

void read(const Json& json, bool& out, const std::string& path) {
  check(json.is_bool(), path, ": expected true or false, found ", json);
  out = json.boolean();
}
void read(const Json& json, double& out, const std::string& path) {
  check(json.is_number(), path, ": expected a number, found ", json);
  out = json.number();
}
void read(const Json& json, std::string& out, const std::string& path) {
  check(json.is_string(), path, ": expected text, found ", json);
  out = json.text();
}
int64_t read_integer(const Json& json, int64_t low, int64_t high, const std::string& path) {
  check(json.is_integer(), path, ": expected a whole number, found ", json);
  const int64_t v = json.integer();
  check(v >= low && v <= high, path, ": ", v, " is not between ", low, " and ", high);
  return v;
}
void unknown_key(const std::string& path, std::string_view key, std::string_view field_names) {
  std::vector<std::string> known;
  for (size_t i = 0, n = 1 + std::count(field_names.begin(), field_names.end(), ','); i < n; ++i)
    known.emplace_back(nth_name(field_names, i));
  fail(path, path.empty() ? "" : ": ", "unknown key '", key, "'", suggestion(key, known));
}

}  // namespace stemma
