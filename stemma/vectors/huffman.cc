#include "stemma/vectors/huffman.h"

#include <limits>

#include "stemma/base/check.h"

namespace stemma {

// Counts fall, so the two rarest trees are always at the end of the leaves or at the begin of the inner nodes: linear
// time without a heap (van Leeuwen 1976).
HuffmanTree::HuffmanTree(std::span<const int64_t> counts) : leaves_(int32_t(counts.size())) {
  if (counts.empty()) return;
  for (size_t i = 1; i < counts.size(); ++i)
    check(counts[i] <= counts[i - 1], "Huffman tree: the counts must fall, but ", counts[i - 1], " is before ",
          counts[i]);
  const size_t nodes = 2 * counts.size() - 1;
  std::vector<int64_t> sums(nodes, std::numeric_limits<int64_t>::max());
  std::copy(counts.begin(), counts.end(), sums.begin());
  up_.resize(nodes - 1), children_.reserve(counts.size() - 1);
  int64_t leaf = leaves_ - 1, inner = leaves_;
  const auto rarest = [&] { return int32_t(leaf >= 0 && sums[size_t(leaf)] < sums[size_t(inner)] ? leaf-- : inner++); };
  for (size_t node = counts.size(); node < nodes; ++node) {
    const int32_t left = rarest(), right = rarest();
    sums[node] = sums[size_t(left)] + sums[size_t(right)];
    children_.push_back({left, right});
    const auto row = uint32_t(node - counts.size());
    up_[size_t(left)] = row << 1, up_[size_t(right)] = row << 1 | 1;
  }
}

}  // namespace stemma
