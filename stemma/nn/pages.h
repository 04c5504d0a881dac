// Where the rows of a growing cache lie: pages that form a tree. A hypothesis is its last page and how many of its rows
// it holds; the pages before are found by back-pointers. Hypotheses that part share what they had in common, nothing is
// ever moved, and a page that nobody holds any more is used again.
#pragma once
#include "stemma/nn/module.h"

namespace stemma {

class Pages {
 public:
  static constexpr int64_t page_rows = 8;

  Pages() = default;
  // Each sequence of x, with its rows where they stand.
  explicit Pages(const Tensor& x);

  bool empty() const { return tails_.empty(); }
  int64_t sequences() const { return int64_t(tails_.size()); }
  int64_t length(int64_t sequence) const { return tails_[size_t(sequence)].length; }
  int64_t rows() const { return end_; }  // that the cache must have room for
  // Where the rows of x, a sequence of them for each of ours, are to be written.
  std::vector<int64_t> append(const Tensor& x);
  RowRuns runs() const;
  // Sequence i continues what was parents[i].
  void reorder(const std::vector<int64_t>& parents);

 private:
  struct Page {
    int64_t begin;             // its first row
    int32_t size, filled = 0;  // rows; written by somebody
    int32_t uses = 0;          // sequences that end in it, and pages that follow it
    int32_t before = -1;       // the page before, of which we have `kept` rows
    int32_t kept = 0;
  };
  struct Tail {
    int32_t page = -1, rows = 0;
    int64_t length = 0;
  };
  int32_t page_after(const Tail& tail);
  void release(int32_t page);
  std::vector<Page> pages_;
  std::vector<int32_t> free_;  // of page_rows each
  std::vector<Tail> tails_;
  int64_t end_ = 0;
};

inline void reorder(Pages& pages, const std::vector<int64_t>& parents) { pages.reorder(parents); }

}  // namespace stemma
