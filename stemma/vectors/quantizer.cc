#include "stemma/vectors/quantizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stemma/base/check.h"
#include "stemma/base/parallel.h"
#include "stemma/base/random.h"

namespace stemma {

namespace {

constexpr int32_t K = Codebook::centroids;

// The nearest centroid. `book` is transposed, [width][256], so that the inner loop runs over centroids.
uint8_t nearest(const float* x, const std::vector<float>& book, int32_t width) {
  float distance[K] = {};
  for (int32_t j = 0; j < width; ++j)
    for (int32_t k = 0; k < K; ++k) {
      const float off = x[j] - book[size_t(j * K + k)];
      distance[k] += off * off;
    }
  return uint8_t(std::min_element(distance, distance + K) - distance);
}

std::vector<float> transposed(const float* book, int32_t width) {
  std::vector<float> out(size_t(K * width));
  for (int32_t k = 0; k < K; ++k)
    for (int32_t j = 0; j < width; ++j) out[size_t(j * K + k)] = book[k * width + j];
  return out;
}

// New means; an empty cluster takes half of the largest one, moved apart by a hair.
bool update_means(const std::vector<float>& x, const std::vector<uint8_t>& codes, int32_t width, float* book) {
  std::vector<double> sums(size_t(K * width));
  std::vector<int64_t> sizes(K);
  for (size_t i = 0; i < codes.size(); ++i) {
    ++sizes[codes[i]];
    for (int32_t j = 0; j < width; ++j) sums[size_t(codes[i] * width + j)] += x[i * size_t(width) + size_t(j)];
  }
  bool moved = false;
  for (int32_t k = 0; k < K; ++k)
    for (int32_t j = 0; sizes[size_t(k)] > 0 && j < width; ++j) {
      const float mean = float(sums[size_t(k * width + j)] / double(sizes[size_t(k)]));
      moved |= std::exchange(book[k * width + j], mean) != mean;
    }
  for (int32_t k = 0; k < K; ++k) {
    if (sizes[size_t(k)] > 0) continue;
    const auto large = std::max_element(sizes.begin(), sizes.end());
    const auto from = int32_t(large - sizes.begin());
    for (int32_t j = 0; j < width; ++j) {
      const float hair = 1e-7f * (j % 2 ? 1.0f : -1.0f);
      book[k * width + j] = book[from * width + j] + hair;
      book[from * width + j] -= hair;
    }
    sizes[size_t(k)] = *large / 2, *large -= *large / 2;
    moved = true;
  }
  return moved;
}

// Lloyd's algorithm from 256 of the points.
void k_means(const std::vector<float>& x, int32_t width, uint64_t key, float* book) {
  const auto n = uint64_t(x.size()) / uint64_t(width);
  for (uint64_t k = 0; k < K; ++k)
    std::copy_n(&x[permuted(k, n, key) * uint64_t(width)], width, book + k * uint64_t(width));
  std::vector<uint8_t> codes(n);
  for (int round = 0; round < 25; ++round) {
    const auto wide = transposed(book, width);
    for (size_t i = 0; i < n; ++i) codes[i] = nearest(&x[i * size_t(width)], wide, width);
    if (!update_means(x, codes, width, book)) break;
  }
}

std::vector<uint8_t> encode(const float* data, int64_t rows, const Codebook& book) {
  const int32_t pieces = book.pieces();
  std::vector<std::vector<float>> wide;
  for (int32_t m = 0; m < pieces; ++m) wide.push_back(transposed(book.centroid(m, 0), book.piece_width(m)));
  std::vector<uint8_t> codes(size_t(rows * pieces));
  parallel_for(rows, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int32_t m = 0; m < pieces; ++m)
        codes[size_t(i * pieces + m)] =
            nearest(data + i * book.width + m * book.piece, wide[size_t(m)], book.piece_width(m));
  });
  return codes;
}

}  // namespace

Codebook train_codebook(const float* data, int64_t rows, int32_t width, int32_t piece, uint64_t seed) {
  check(rows >= K, "quantising needs at least ", K, " rows; there are ", rows);
  check(piece >= 1 && piece <= width, "quantising: pieces of ", piece, " floats do not fit rows of ", width);
  Codebook book{width, piece, std::vector<float>(size_t(width) * K)};
  const int64_t points = std::min<int64_t>(rows, 65536);
  parallel_for(book.pieces(), 1, [&](int64_t begin, int64_t end) {
    for (auto m = int32_t(begin); m < end; ++m) {
      const uint64_t key = seed * 1000003 + uint64_t(m);
      const int32_t w = book.piece_width(m);
      std::vector<float> x(size_t(points * w));
      for (int64_t i = 0; i < points; ++i) {
        const auto row = int64_t(points < rows ? permuted(uint64_t(i), uint64_t(rows), key) : uint64_t(i));
        std::copy_n(data + row * width + m * piece, w, &x[size_t(i * w)]);
      }
      k_means(x, w, key, const_cast<float*>(book.centroid(m, 0)));
    }
  });
  return book;
}

void QuantizedRows::add_row(int64_t i, float scale, float* x) const {
  if (norms.width > 0) scale *= norms.centroid(0, norm_codes[size_t(i)])[0];
  const int32_t pieces = book.pieces();
  const uint8_t* const code = &codes[size_t(i * pieces)];
  for (int32_t m = 0; m < pieces; ++m) {
    const float* const c = book.centroid(m, code[m]);
    for (int32_t j = 0; j < book.piece_width(m); ++j) x[m * book.piece + j] += scale * c[j];
  }
}

float QuantizedRows::dot(int64_t i, const float* x) const {
  std::vector<float> row(size_t(book.width), 0.0f);
  add_row(i, 1, row.data());
  float sum = 0;
  for (size_t j = 0; j < row.size(); ++j) sum += row[j] * x[j];
  return sum;
}

QuantizedRows quantize(const float* data, int64_t rows, int32_t width, const QuantizeOptions& options) {
  QuantizedRows out;
  out.rows = rows;
  std::vector<float> directions;
  if (options.norms) {
    std::vector<float> lengths;
    directions.assign(data, data + rows * width);
    for (int64_t i = 0; i < rows; ++i) {
      float* const row = &directions[size_t(i * width)];
      double sum = 0;
      for (int32_t j = 0; j < width; ++j) sum += double(row[j]) * row[j];
      lengths.push_back(float(std::sqrt(sum)));
      for (int32_t j = 0; sum > 0 && j < width; ++j) row[j] /= lengths.back();
    }
    data = directions.data();
    out.norms = train_codebook(lengths.data(), rows, 1, 1, options.seed + 1);
    out.norm_codes = encode(lengths.data(), rows, out.norms);
  }
  out.book = train_codebook(data, rows, width, options.piece, options.seed);
  out.codes = encode(data, rows, out.book);
  return out;
}

}  // namespace stemma
