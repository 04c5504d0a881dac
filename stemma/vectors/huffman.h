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
  // f for each inner node from the leaf up to the root: its row and whether the way to the leaf turns right there, as
  // ops/log_linear.h wants it.
  template <class F>
  void climb(int32_t leaf, F&& f) const {
    for (int32_t node = leaf; node != root(); node = int32_t(up_[size_t(node)] >> 1) + leaves_) f(up_[size_t(node)]);
  }

 private:
  int32_t leaves_ = 0;
  std::vector<Children> children_;
  std::vector<uint32_t> up_;  // of each node but the root
};

}  // namespace stemma
