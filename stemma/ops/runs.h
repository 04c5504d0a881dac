// Which rows of a tensor belong to which sequence, when they do not stand end to end: runs of consecutive rows.
#pragma once
#include <span>
#include <vector>

#include "stemma/tensor/tensor.h"

namespace stemma {

struct RowRun {
  int64_t begin = 0, rows = 0;
};

class RowRuns {
 public:
  // To the last sequence. Runs that touch become one.
  void add(RowRun run) {
    if (run.rows == 0) return;
    if (int64_t(runs_.size()) > ends_.back() && runs_.back().begin + runs_.back().rows == run.begin)
      runs_.back().rows += run.rows;
    else
      runs_.push_back(run);
  }
  void end() { ends_.push_back(int64_t(runs_.size())); }  // of a sequence; the next one begins

  bool empty() const { return sequences() == 0; }
  int64_t sequences() const { return int64_t(ends_.size()) - 1; }
  std::span<const RowRun> operator[](int64_t sequence) const {
    const auto begin = ends_[size_t(sequence)];
    return {runs_.data() + begin, size_t(ends_[size_t(sequence) + 1] - begin)};
  }
  int64_t rows(int64_t sequence) const {
    int64_t n = 0;
    for (const RowRun& run : (*this)[sequence]) n += run.rows;
    return n;
  }
  // All rows, one by one, and the splits that group them.
  std::pair<std::vector<int64_t>, Splits> flat() const {
    std::vector<int64_t> rows, begins{0};
    for (int64_t i = 0; i < sequences(); ++i) {
      for (const RowRun& run : (*this)[i])
        for (int64_t r = 0; r < run.rows; ++r) rows.push_back(run.begin + r);
      begins.push_back(int64_t(rows.size()));
    }
    return {std::move(rows), make_splits(std::move(begins))};
  }

 private:
  std::vector<RowRun> runs_;
  std::vector<int64_t> ends_{0};  // of each sequence, in runs_
};

}  // namespace stemma
