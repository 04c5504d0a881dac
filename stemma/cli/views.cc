#include "stemma/cli/views.h"

#include <algorithm>

#include "stemma/base/files.h"
#include "stemma/train/log.h"

namespace stemma {

Json example_of(const Explanation& e, const std::string& reference) {
  Json::Array attention;
  for (const auto& map : e.maps) {
    Json::Array weights;
    for (int64_t r = 0; r < map.weights.rows(); ++r) {
      Json::Array row;
      for (int64_t c = 0; c < map.weights.cols(); ++c)  // three digits are enough to draw
        row.push_back(double(int64_t(map.weights.data()[r * map.weights.cols() + c] * 1000 + 0.5f)) / 1000);
      weights.push_back(std::move(row));
    }
    const bool encoder = map.name.starts_with("encoder."), own = encoder || map.name.ends_with(".attend");
    Json entry = Json::object({{"layer", map.name},
                               {"rows", encoder ? "source" : "target"},
                               {"columns", encoder || !own ? "source" : "target"},
                               {"weights", std::move(weights)}});
    if (map.name != "decoder.attention") entry["head"] = map.head;
    attention.push_back(std::move(entry));
  }
  return Json::object(
      {{"source", e.source}, {"target", e.target}, {"reference", reference}, {"attention", std::move(attention)}});
}

Json curve_of(const std::string& directory, int64_t points) {
  const std::string path = join_path(directory, "training.jsonl");
  Json::Array curve;
  if (!exists(path)) return curve;
  for (const Json& entry : read_log(path)) {
    Json point{Json::Object{}};
    for (const char* key : {"step", "seconds", "loss", "valid_loss", "grad_norm"})
      if (const Json* value = entry.find(key)) point[key] = *value;
    curve.push_back(std::move(point));
  }
  const int64_t every = std::max<int64_t>(1, int64_t(curve.size()) / points);
  Json::Array thin;
  for (size_t i = 0; i < curve.size(); ++i)
    if (int64_t(i) % every == 0 || i + 1 == curve.size() || curve[i].find("valid_loss")) thin.push_back(curve[i]);
  return thin;
}

Json tree_of(const Params& params) {
  Json::Array tree;
  for (const auto& p : params)
    tree.push_back(
        Json::object({{"name", p.name},
                      {"shape", p.w.rows() == 1 ? Json::Array{p.w.cols()} : Json::Array{p.w.rows(), p.w.cols()}},
                      {"parameters", p.w.size()}}));
  return tree;
}

namespace {
struct Branch {
  std::string name;
  int64_t parameters = 0;
  std::string shape;  // of a leaf
  std::vector<Branch> below = {};
};

Branch branch_of(const Params& params, const std::string& name) {
  Branch root{name, 0, ""};
  for (const auto& [path, w] : params) {
    Branch* at = &root;
    at->parameters += w.size();
    for (size_t begin = 0, end; begin != path.npos; begin = end == path.npos ? end : end + 1) {
      end = path.find('.', begin);
      const std::string part = path.substr(begin, end - begin);
      if (at->below.empty() || at->below.back().name != part) at->below.push_back({part, 0, ""});
      at = &at->below.back();
      at->parameters += w.size();
    }
    at->shape = w.rows() == 1 ? str("[", w.cols(), "]") : str("[", w.rows(), ", ", w.cols(), "]");
  }
  return root;
}

void grow(const Branch& branch, const std::string& indent, Table& table) {
  for (size_t i = 0; i < branch.below.size(); ++i) {
    const Branch& b = branch.below[i];
    const bool last = i + 1 == branch.below.size();
    table.add({str(indent, last ? "└ " : "├ ", b.name), with_commas(b.parameters), b.shape});
    grow(b, indent + (last ? "  " : "│ "), table);
  }
}

}  // namespace

std::string tree_text(const Params& params, const std::string& model) {
  const Branch root = branch_of(params, model);
  Table table({"module", "parameters", "shape"});
  table.add({root.name, with_commas(root.parameters), ""});
  grow(root, "", table);
  return table.text();
}

std::string curves_text(const Json& curve) {
  Table table({"curve", "first", "last", ""});
  for (const auto& [key, name] : {std::pair{"loss", "training loss"}, std::pair{"valid_loss", "validation loss"},
                                  std::pair{"grad_norm", "gradient norm"}}) {
    std::vector<double> values;
    for (const auto& point : curve.array())
      if (const Json* v = point.find(key); v && v->is_number()) values.push_back(v->number());
    if (!values.empty()) table.add({name, fixed(values.front(), 3), fixed(values.back(), 3), sparkline(values, 48)});
  }
  return curve.array().empty() ? "no training.jsonl, so no curves\n" : table.text();
}

std::string attention_picture(const Explanation& e, const Terminal& terminal) {
  std::string last;  // the last layer that looks at the source
  for (const auto& map : e.maps)
    if (map.name == "decoder.attention" || map.name.ends_with(".cross")) last = map.name;
  HeatMap picture{e.target, e.source, {}};
  double heads = 0;
  for (const auto& map : e.maps) {
    if (map.name != last) continue;
    ++heads;
    picture.weights.resize(size_t(map.weights.rows()));
    for (int64_t r = 0; r < map.weights.rows(); ++r) {
      auto& row = picture.weights[size_t(r)];
      row.resize(e.source.size());
      for (int64_t c = 0; c < int64_t(row.size()); ++c)
        row[size_t(c)] += map.weights.data()[r * map.weights.cols() + c];
    }
  }
  if (heads == 0) return {};
  for (auto& row : picture.weights)
    for (float& w : row) w /= float(heads);
  return heat_map(picture, terminal);
}

}  // namespace stemma
