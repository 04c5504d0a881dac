// Neighbours that are nearly always the nearest, in logarithmic time: a hierarchical navigable small-world graph
// (Malkov & Yashunin 2018), by hnswlib. Building it takes as long as some thousand exact questions.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "stemma/vectors/vector_table.h"

namespace stemma {

struct Neighbour {
  int32_t id = 0;
  float score = 0;
};

struct GraphOptions {
  int64_t links = 16;  // of a row to its neighbours; twice as many in the lowest layer
  int64_t beam = 200;  // rows looked at: the more, the surer and the slower
  uint64_t seed = 1;
};

class NeighbourGraph {
 public:
  // All threads build it; under --deterministic one does, so that it is the same each time. Error: no memory.
  explicit NeighbourGraph(const VectorTable& rows, const GraphOptions& options = {});
  ~NeighbourGraph();
  NeighbourGraph(NeighbourGraph&&) noexcept;
  NeighbourGraph& operator=(NeighbourGraph&&) noexcept;

  // The k rows of the greatest products with query[width], best first, ties by id. For many threads at once.
  std::vector<Neighbour> nearest(const float* query, int64_t k) const;

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace stemma
