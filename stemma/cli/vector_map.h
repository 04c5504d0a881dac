// The page of `stemma vectors map`: words on a plane, in one self-contained file.
#pragma once
#include <string>
#include <vector>

#include "stemma/vectors/layout.h"

namespace stemma {

struct NearWord {
  std::string text;
  float cosine = 0;
};
struct MappedWord {
  std::string text;
  Point place;
  std::vector<NearWord> near;  // best first
  bool marked = false;         // asked for by name
};
struct VectorMap {
  std::string title, about;
  std::vector<MappedWord> words;
};
std::string map_page(const VectorMap& map);

}  // namespace stemma
