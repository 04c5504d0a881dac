#include "stemma/tasks/recipe_tree.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

#include "stemma/base/files.h"

namespace stemma {

namespace {

struct Place {
  std::string path;
  Json* value;
};

void collect(const std::string& path, Json& value, std::vector<Place>& out) {
  if (!path.empty()) out.push_back({path, &value});
  if (value.is_object())
    for (auto& [key, member] : value.object()) collect(path.empty() ? key : str(path, ".", key), member, out);
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('.') + 1); }

// The one that lies above all others ("train.steps" above "train.schedule.steps"); null when several do.
Json* shallowest(const std::vector<Place>& places) {
  const auto depth = [](const Place& p) { return std::count(p.path.begin(), p.path.end(), '.'); };
  const auto less = [&](const Place& a, const Place& b) { return depth(a) < depth(b); };
  const auto first = std::min_element(places.begin(), places.end(), less);
  if (first == places.end()) return nullptr;
  const auto ties =
      std::count_if(places.begin(), places.end(), [&](const Place& p) { return depth(p) == depth(*first); });
  return ties == 1 ? first->value : nullptr;
}

// "a,b" as a list of texts where `model` holds texts, else of what each is as JSON.
Json list_as(const Json& model, const std::string& text, const std::string& where) {
  if (model.array().empty() || !model.array()[0].is_string()) return Json::parse("[" + text + "]", where);
  Json::Array out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    out.emplace_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return out;
}

// `text` as a value of the type that `model` has.
Json parse_as(const Json& model, const std::string& text, const std::string& where) {
  if (model.is_string()) return text;
  if (model.is_bool()) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    fail(where, ": expected true or false, found '", text, "'");
  }
  if (model.is_array() && !text.starts_with("[")) return list_as(model, text, where);
  const char* wanted = model.is_integer() ? "a whole number" : "a number";
  Json value;
  try {
    value = Json::parse(text, where);
  } catch (const Error&) { check(!model.is_number(), where, ": expected ", wanted, ", found '", text, "'"), throw; }
  check(!model.is_number() || value.is_number(), where, ": expected ", wanted, ", found '", text, "'");
  if (!model.is_integer() || value.is_integer()) return value;
  const double x = value.number();
  check(std::abs(x) < 0x1p63 && std::trunc(x) == x, where, ": expected a whole number, found '", text, "'");
  return int64_t(x);
}

// What config.json says beside the recipe.
bool heads_config(std::string_view key) { return key == "stemma" || key == "task" || key == "vocabularies"; }

Json from_toml(const toml::node& node, const std::string& where) {
  if (const auto* table = node.as_table()) {
    Json::Object out;
    for (const auto& [key, value] : *table) out.emplace_back(std::string(key.str()), from_toml(value, where));
    return out;
  }
  if (const auto* list = node.as_array()) {
    Json::Array out;
    for (const auto& value : *list) out.push_back(from_toml(value, where));
    return out;
  }
  if (const auto* v = node.as_string()) return v->get();
  if (const auto* v = node.as_integer()) return v->get();
  if (const auto* v = node.as_floating_point()) return v->get();
  if (const auto* v = node.as_boolean()) return v->get();
  fail(where, ":", node.source().begin.line, ": dates and times are no options");
}

}  // namespace

void RecipeTree::apply(const Preset& preset) { merge(preset.settings, str("preset ", preset.name)); }

Json* RecipeTree::find(const std::string& key, const std::string& where) {
  std::vector<Place> places, fitting;
  collect("", tree_, places);
  for (const auto& p : places)
    if (p.path == key) return p.value;
  for (const auto& p : places)
    if (last_name(p.path) == key || p.path.ends_with("." + key)) fitting.push_back(p);
  for (const auto& p : fitting)
    if (p.path == "architecture." + key) return p.value;
  if (const auto nearest_root = shallowest(fitting)) return nearest_root;
  if (fitting.empty()) {
    std::vector<std::string> known;
    for (const auto& p : places) known.emplace_back(key.find('.') == key.npos ? last_name(p.path) : p.path);
    fail(where, ": unknown option '", key, "'", suggestion(key, known));
  }
  std::string all;
  for (const auto& p : fitting) all += str(all.empty() ? "" : " or ", p.path);
  fail(where, ": '", key, "' is not clear: say ", all);
}

void RecipeTree::set(const std::string& key, const std::string& value, const std::string& where) {
  Json* slot = find(key, where);
  const std::string at = str(where, " ", key);
  if (Json* name = slot->is_object() && slot->find("name") ? &(*slot)["name"] : nullptr) slot = name;
  check(!slot->is_object(), at, ": is a group of options, not one");
  *slot = parse_as(*slot, value, at);
}

void RecipeTree::set(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == assignment.npos || equals == 0) throw UsageError(str("--set wants key=value, not '", assignment, "'"));
  set(assignment.substr(0, equals), assignment.substr(equals + 1));
}

void RecipeTree::set_json(const std::string& key, const Json& value, const std::string& where) {
  if (key == "preset" || heads_config(key)) return;
  if (key == "model" || key == "encoder") {
    check(tree_.find(key) && value == tree_[key], where, ": is for the ", key, " ", value,
          ", which this run does not train");
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.object()) set_json(str(key, ".", name), member, where);
  } else {
    set(key, value.is_string() ? value.text() : value.dump(), where);
  }
}

void RecipeTree::load(const std::string& path) { merge(read_recipe(path), path); }

void RecipeTree::merge(const Json& table, const std::string& where) {
  for (const auto& [key, value] : table.object()) set_json(key, value, where);
}

Json read_recipe(const std::string& path) {
  const std::string text = read_file(path);
  Json recipe;
  if (path.ends_with(".json")) {
    recipe = Json::parse(text, path);
  } else {
    try {
      recipe = from_toml(toml::parse(text, path), path);
    } catch (const toml::parse_error& e) {
      fail(path, ":", e.source().begin.line, ":", e.source().begin.column, ": not valid TOML: ", e.description());
    }
  }
  check(recipe.is_object(), path, ": a recipe is a table of options");
  return recipe;
}

void limit(RecipeTree& recipe, bool validated) {
  const Json& train = recipe.json()["train"];
  if (train["minutes"].number() == 0 && train["epochs"].integer() == 0 && train["steps"].integer() == 0 &&
      train["early_stopping"].integer() == 0)
    recipe.set(validated ? "train.early_stopping" : "train.epochs", "10");
}

Config read_config(const std::string& directory) {
  check(is_directory(directory), "no model at ", directory, ": no such directory");
  const std::string path = join_path(directory, "config.json");
  check(exists(path), "no model at ", directory, ": config.json is missing");
  const Json config = Json::parse(read_file(path), path);
  const Json* task = config.find("task");
  check(task && task->is_string(), path, ": not the config.json of a model: it names no task");
  Config out{path, task->text(), Json::Object{}};
  for (const auto& [key, value] : config.object())
    if (!heads_config(key)) out.recipe[key] = value;
  return out;
}

void check_same_run(Json begun, Json now, std::string_view rule) {
  std::vector<Place> before, after;
  collect("", begun, before), collect("", now, after);
  for (const auto& [path, value] : after) {
    if (value->is_object() || path == "train.steps" || path == "train.epochs" || path == "train.minutes") continue;
    const auto was = std::find_if(before.begin(), before.end(), [&](const Place& p) { return p.path == path; });
    check(was != before.end(), path, " is an option that the run did not have when it began");
    check(*was->value == *value, path, " was ", *was->value, " when the run began and cannot become ", *value, ": ",
          rule);
  }
}

}  // namespace stemma
