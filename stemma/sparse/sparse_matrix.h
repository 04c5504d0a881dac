// A matrix of which only the entries that are not zero are kept, row after row (compressed sparse rows): documents x
// features. Knows nothing of texts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

struct SparseMatrix {
  int64_t columns = 0;
  std::vector<int64_t> splits{0};  // [rows + 1]: where each row begins
  std::vector<int32_t> indices{};  // the column of each entry, ascending within a row
  std::vector<float> values{};

  struct Row {
    std::span<const int32_t> indices;
    std::span<const float> values;
  };
  int64_t rows() const { return int64_t(splits.size()) - 1; }
  int64_t entries() const { return int64_t(indices.size()); }
  Row row(int64_t i) const {
    const size_t begin = size_t(splits[size_t(i)]), size = size_t(splits[size_t(i) + 1]) - begin;
    return {std::span(indices).subspan(begin, size), std::span(values).subspan(begin, size)};
  }
  void add(int32_t index, float value) { indices.push_back(index), values.push_back(value); }
  void end_row() { splits.push_back(entries()); }
  void append(const SparseMatrix& more);  // its rows below ours; of as many columns
};

SparseMatrix transpose(const SparseMatrix& x);

// Y = A W, W [A.columns, width] and Y [A.rows, width] dense, row after row. Each sum goes along its row, so the result
// does not depend on the number of threads. `width` is a multiple of 4.
void multiply(const SparseMatrix& A, const double* W, int64_t width, double* Y);
// The same with every entry of A squared.
void multiply_squared(const SparseMatrix& A, const double* W, int64_t width, double* Y);

}  // namespace stemma
