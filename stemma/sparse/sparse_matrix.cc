#include "stemma/sparse/sparse_matrix.h"

#include <algorithm>

#include "stemma/base/parallel.h"

namespace stemma {

void SparseMatrix::append(const SparseMatrix& more) {
  const int64_t before = entries();
  for (size_t i = 1; i < more.splits.size(); ++i) splits.push_back(before + more.splits[i]);
  indices.insert(indices.end(), more.indices.begin(), more.indices.end());
  values.insert(values.end(), more.values.begin(), more.values.end());
}

SparseMatrix transpose(const SparseMatrix& x) {
  SparseMatrix y{.columns = x.rows(), .splits = std::vector<int64_t>(size_t(x.columns) + 1)};
  y.indices.resize(x.indices.size()), y.values.resize(x.values.size());
  for (const int32_t j : x.indices) ++y.splits[size_t(j) + 1];
  for (size_t j = 1; j < y.splits.size(); ++j) y.splits[j] += y.splits[j - 1];
  std::vector<int64_t> next(y.splits.begin(), y.splits.end() - 1);
  for (int64_t i = 0; i < x.rows(); ++i) {
    for (int64_t e = x.splits[size_t(i)]; e < x.splits[size_t(i) + 1]; ++e) {
      const auto place = size_t(next[size_t(x.indices[size_t(e)])]++);
      y.indices[place] = int32_t(i), y.values[place] = x.values[size_t(e)];
    }
  }
  return y;
}

namespace {

// Four columns of one row of A W; four, so that the sums stay in registers.
template <bool squared>
void multiply_row(const SparseMatrix::Row& row, const double* W, int64_t width, double* y) {
  double a = 0, b = 0, c = 0, d = 0;
  for (size_t e = 0; e < row.indices.size(); ++e) {
    const double x = squared ? double(row.values[e]) * double(row.values[e]) : double(row.values[e]);
    const double* w = W + row.indices[e] * width;
    a += x * w[0], b += x * w[1], c += x * w[2], d += x * w[3];
  }
  y[0] = a, y[1] = b, y[2] = c, y[3] = d;
}

template <bool squared>
void multiply_all(const SparseMatrix& A, const double* W, int64_t width, double* Y) {
  // Cut by entries, not rows: the columns of a common word are thousands of times longer than those of a rare one.
  const auto first_row = [&](int64_t entry) {
    return std::lower_bound(A.splits.begin(), A.splits.end() - 1, entry) - A.splits.begin();
  };
  std::fill(Y, Y + A.rows() * width, 0.0);
  parallel_for(A.entries(), 8192, [&](int64_t begin, int64_t end) {
    for (int64_t i = first_row(begin), last = first_row(end); i < last; ++i)
      for (int64_t k = 0; k < width; k += 4) multiply_row<squared>(A.row(i), W + k, width, Y + i * width + k);
  });
}

}  // namespace

void multiply(const SparseMatrix& A, const double* W, int64_t width, double* Y) { multiply_all<false>(A, W, width, Y); }
void multiply_squared(const SparseMatrix& A, const double* W, int64_t width, double* Y) {
  multiply_all<true>(A, W, width, Y);
}

}  // namespace stemma
