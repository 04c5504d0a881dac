#include "stemma/tasks/comparison_recipe.h"

#include <algorithm>

#include "stemma/base/files.h"

namespace stemma {

namespace {

constexpr std::string_view data_mark = "{data}";

Json with_folder(const Json& value, const std::string& folder) {
  if (value.is_object()) {
    Json::Object out;
    for (const auto& [key, member] : value.object()) out.emplace_back(key, with_folder(member, folder));
    return out;
  }
  if (!value.is_string()) return value;
  std::string text = value.text();
  if (const auto at = text.find(data_mark); at != text.npos) text.replace(at, data_mark.size(), folder);
  return text;
}

// "a.txt,b.txt": each begins in `folder`.
std::string in_folder(const std::string& files, const std::string& folder) {
  std::string out;
  for (const auto& file : files_of(files))
    out += str(out.empty() ? "" : ",", file.starts_with('/') ? file : join_path(folder, file));
  return out;
}

void check_files(const std::string& files, std::string_view key) {
  for (const auto& file : files_of(files))
    check(exists(file), key, ": there is no ", file, "; --data says in which folder the files are");
}

void check_grid(const ComparisonRecipe& recipe) {
  check(!recipe.train.empty() && !recipe.test.empty(), "a comparison needs the files `train` and `test`");
  check_files(recipe.train, "train"), check_files(recipe.valid, "valid"), check_files(recipe.test, "test");
  check(!recipe.seeds.empty(), "seeds: none");
  check(!recipe.sizes.empty(), "sizes: none");
  for (const int64_t seed : recipe.seeds) check(seed >= 0, "seeds: ", seed, " is negative");
  for (const int64_t size : recipe.sizes) check(size >= 0, "sizes: ", size, " is negative");
  check(recipe.minutes >= 0, "minutes = ", recipe.minutes, ": must be at least 0");
}

std::vector<std::string> encoders_of(const ComparisonRecipe& recipe, const ComparedTask& task) {
  const auto& known = task.encoders;
  const auto knows = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (const auto& name : recipe.encoders)
    check(knows(name), "encoders: the task ", task.name, " has no '", name, "'", suggestion(name, known));
  if (recipe.encoder.is_object())
    for (const auto& [name, options] : recipe.encoder.object())
      check(knows(name), "[encoder.", name, "]: the task ", task.name, " has no such encoder", suggestion(name, known));
  return recipe.encoders.empty() ? known : recipe.encoders;
}

// The recipe that an encoder's cells share: all but the seed.
RecipeTree recipe_of(const ComparisonRecipe& recipe, const ComparedTask& task, const std::string& encoder) {
  RecipeTree tree(task.recipe(encoder));
  if (recipe.data.is_object()) tree.merge(Json::object({{"data", recipe.data}}), "[data]");
  if (recipe.settings.is_object()) tree.merge(recipe.settings, "[settings]");
  if (const Json* own = recipe.encoder.find(encoder)) tree.merge(*own, str("[encoder.", encoder, "]"));
  if (recipe.minutes > 0) tree.set("train.minutes", Json(recipe.minutes).dump(), "minutes");
  limit(tree, !recipe.valid.empty());
  if (recipe.valid.empty()) tree.set("train.stop_on", "loss");
  return tree;
}

Json test_data_of(const ComparisonRecipe& recipe, const Json& of_cell) {
  if (!recipe.test_data.is_object()) return {};
  check(of_cell.find("data"), "[test_data]: the task ", recipe.task, " reads plain text, of which there is one kind");
  RecipeTree tree(Json::object({{"data", of_cell["data"]}}));
  tree.merge(Json::object({{"data", recipe.test_data}}), "[test_data]");
  return tree.json()["data"];
}

}  // namespace

ComparisonRecipe load_comparison(const std::string& path, const std::string& folder) {
  auto recipe = from_json<ComparisonRecipe>(read_recipe(path), path);
  for (Json* part : {&recipe.data, &recipe.test_data, &recipe.settings, &recipe.encoder}) {
    check(part->is_null() || part->is_object(), path, ": expected a table of options, found ", *part);
    *part = with_folder(*part, folder);
  }
  for (std::string* files : {&recipe.train, &recipe.valid, &recipe.test}) *files = in_folder(*files, folder);
  if (recipe.title.empty()) recipe.title = base_name(path).substr(0, base_name(path).rfind('.'));
  check(!recipe.task.empty(), path, ": names no task");
  recipe.encoders = encoders_of(recipe, find_compared_task(recipe.task));
  return recipe;
}

std::vector<Cell> cells_of(const ComparisonRecipe& recipe, const std::string& directory) {
  check_grid(recipe);
  const ComparedTask task = find_compared_task(recipe.task);
  std::vector<std::pair<std::string, RecipeTree>> trees;
  for (const auto& encoder : encoders_of(recipe, task)) trees.emplace_back(encoder, recipe_of(recipe, task, encoder));
  auto sizes = recipe.sizes;
  std::sort(sizes.begin(), sizes.end(), [](int64_t a, int64_t b) { return a != 0 && (b == 0 || a < b); });
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  std::vector<Cell> cells;
  for (const int64_t size : sizes)
    for (const int64_t seed : recipe.seeds)
      for (auto [encoder, tree] : trees) {
        Cell cell;
        cell.encoder = encoder, cell.size = size, cell.seed = seed;
        cell.name = str(cell.encoder, "-", size ? str(size) : "all", "-seed", seed);
        tree.set("train.seed", str(seed), "seeds");
        cell.test_data = test_data_of(recipe, tree.json());
        cell.training = {.recipe = task.checked(tree.json()),
                         .train = recipe.train,
                         .valid = recipe.valid,
                         .out = join_path(directory, cell.name),
                         .most = size};
        cells.push_back(std::move(cell));
      }
  return cells;
}

}  // namespace stemma
