// The page of `stemma vectors map`: words on a plane, in one self-contained file.
#pragma once
#include <string>
#include <vector>

#include "stemma/vectors/layout.h"
#include "stemma/vectors/neighbours.h"

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

struct MapRequest {
  std::vector<std::string> words;  // who is drawn, with their neighbours; none: the most frequent words
  int64_t top = 0;                 // how many words, or neighbours of each
  bool only = false;               // `words` alone
  enum Method { tsne, pca } method = tsne;
};
// Error: a word that is not of the vocabulary, fewer than two words.
VectorMap vector_map(Neighbours& neighbours, const MapRequest& request, const std::string& name);

}  // namespace stemma
