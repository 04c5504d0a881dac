// Product quantisation (Jegou et al. 2011; Joulin et al. 2016, "FastText.zip"): a row is cut into short pieces, each
// replaced by the nearest of 256 centroids, so that a row of 100 floats takes 50 bytes or fewer. The numbers and their
// order are those of fastText's .ftz files.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace stemma {

struct Codebook {
  static constexpr int32_t centroids = 256;
  int32_t width = 0, piece = 0;    // floats of a row, of a piece; the last piece may be shorter
  std::vector<float> values = {};  // piece after piece, 256 centroids each

  int32_t pieces() const { return (width + piece - 1) / piece; }
  int32_t piece_width(int32_t m) const { return m + 1 < pieces() ? piece : width - m * piece; }
  const float* centroid(int32_t m, uint8_t code) const {
    return values.data() + int64_t{m} * centroids * piece + int64_t{code} * piece_width(m);
  }
};
// Centroids by k-means over at most 65,536 of `rows` rows. The same bits for any number of threads. Error below 256
// rows.
Codebook train_codebook(const float* data, int64_t rows, int32_t width, int32_t piece, uint64_t seed);

struct QuantizedRows {
  int64_t rows = 0;
  Codebook book = {};
  std::vector<uint8_t> codes = {};  // rows x pieces
  Codebook norms;                   // of width 1; width 0: rows keep their length in `book`
  std::vector<uint8_t> norm_codes = {};

  // x += scale row_i
  void add_row(int64_t i, float scale, float* x) const;
  float dot(int64_t i, const float* x) const;
};
struct QuantizeOptions {
  int32_t piece = 2;
  bool norms = false;  // directions and lengths apart
  uint64_t seed = 1;
};
QuantizedRows quantize(const float* data, int64_t rows, int32_t width, const QuantizeOptions& options);

}  // namespace stemma
