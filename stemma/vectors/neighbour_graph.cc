#include "stemma/vectors/neighbour_graph.h"

// Its hints to the cache read behind the ends of lists, and the distance is our own anyway.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/ops/log_linear.h"
#include "stemma/tensor/scopes.h"

namespace stemma {

namespace {

// hnswlib wants distances: 1 - the product, by our kernel.
class ProductSpace : public hnswlib::SpaceInterface<float> {
 public:
  explicit ProductSpace(int64_t width) : width_(width) {}
  size_t get_data_size() override { return size_t(width_) * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &width_; }

 private:
  static float distance(const void* a, const void* b, const void* width) {
    return 1 - dot_row(static_cast<const float*>(a), static_cast<const float*>(b), *static_cast<const int64_t*>(width));
  }
  int64_t width_;
};

}  // namespace

struct NeighbourGraph::Graph {
  Graph(const VectorTable& rows, const GraphOptions& o)
      : space(rows.width()), index(&space, size_t(rows.rows()), size_t(o.links), size_t(o.beam), size_t(o.seed)) {}
  ProductSpace space;
  hnswlib::HierarchicalNSW<float> index;
};

NeighbourGraph::NeighbourGraph(const VectorTable& rows, const GraphOptions& options) {
  check(rows.rows() > 0 && !rows.quantized(), "a graph of neighbours needs rows that are not quantised");
  try {
    graph_ = std::make_unique<Graph>(rows, options);
    graph_->index.addPoint(rows.row(0), 0);
    const auto add = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) graph_->index.addPoint(rows.row(i + 1), size_t(i + 1));
    };
    deterministic() ? add(0, rows.rows() - 1) : parallel_for(rows.rows() - 1, 64, add);
    graph_->index.setEf(size_t(options.beam));
  } catch (const std::runtime_error& error) { fail("a graph of ", rows.rows(), " neighbours: ", error.what()); }
}
NeighbourGraph::~NeighbourGraph() = default;
NeighbourGraph::NeighbourGraph(NeighbourGraph&&) noexcept = default;
NeighbourGraph& NeighbourGraph::operator=(NeighbourGraph&&) noexcept = default;

std::vector<Neighbour> NeighbourGraph::nearest(const float* query, int64_t k) const {
  auto found = graph_->index.searchKnn(query, size_t(k));
  std::vector<Neighbour> out;
  for (; !found.empty(); found.pop()) out.push_back({int32_t(found.top().second), 1 - found.top().first});
  std::sort(out.begin(), out.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  return out;
}

}  // namespace stemma
