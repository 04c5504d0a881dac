// Many dimensions on a flat page: principal components, and t-SNE (van der Maaten & Hinton 2008), which keeps
// neighbours together. The same numbers for any number of threads.
#pragma once
#include <cstdint>
#include <vector>

namespace stemma {

struct Point {
  double x = 0, y = 0;
};

// The rows of data[n, width] along their two directions of greatest variance; each direction's largest coordinate is
// positive, so that the sign is no accident.
std::vector<Point> principal_components(const std::vector<float>& data, int64_t width);

struct TsneOptions {
  double perplexity = 30;  // how many neighbours a point has, about; at most (n - 1) / 3
  int64_t steps = 500;
};
// Exact: time and memory grow with n squared; made for a few thousand points. Begins with the principal components.
std::vector<Point> tsne(const std::vector<float>& data, int64_t width, const TsneOptions& options = {});

}  // namespace stemma
