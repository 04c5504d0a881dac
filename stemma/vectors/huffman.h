// A Huffman tree over counts (Huffman 1952), for hierarchical softmax: frequent words have short codes (Morin & Bengio
// 2005; Mikolov et al. 2013 a). Ties as word2vec and fastText break them, so that the rows of their files fit.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

class HuffmanTree {
 public:
  HuffmanTree() = default;
  explicit HuffmanTree(std::span<const int64_t> falling_counts);  // Error when they rise

  int32_t leaves() const { return leaves_; }
  int32_t inner_nodes() const { return leaves_ > 0 ? leaves_ - 1 : 0; }
  // Leaves are numbered [0, leaves), inner nodes from `leaves` on, the root last.
  int32_t root() const { return 2 * leaves_ - 2; }
  struct Children {
    int32_t left, right;
  };
  Children children(int32_t node) const { return children_[size_t(node - leaves_)]; }
  // From the leaf upwards: row of the inner node and whether the way turns right there, as ops/log_linear.h wants it.
  std::span<const uint32_t> path(int32_t leaf) const {
    return std::span(paths_).subspan(size_t(begins_[size_t(leaf)]),
                                     size_t(begins_[size_t(leaf) + 1] - begins_[size_t(leaf)]));
  }

 private:
  int32_t leaves_ = 0;
  std::vector<Children> children_;
  std::vector<uint32_t> paths_;
  std::vector<int64_t> begins_;
};

}  // namespace stemma
