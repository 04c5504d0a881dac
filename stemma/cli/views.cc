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
