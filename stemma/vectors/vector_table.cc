#include "stemma/vectors/vector_table.h"

#include <algorithm>
#include <cstring>

#include "stemma/base/parallel.h"
#include "stemma/base/random.h"
#include "stemma/tensor/memory.h"

namespace stemma {

VectorTable::VectorTable(int64_t rows, int64_t width) : rows_(rows), width_(width) {
  const auto bytes = size_t(rows * width) * sizeof(float);
  const auto block = allocate(std::max<size_t>(bytes, 1));
  dense_ = {block, static_cast<float*>(block.get())};
  std::memset(dense_.get(), 0, bytes);
}

VectorTable VectorTable::uniform(int64_t rows, int64_t width, float spread, uint64_t seed) {
  VectorTable out(rows, width);
  const int64_t n = rows * width;
  parallel_for((n + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto bits = philox(seed, uint64_t(block));
      for (int64_t i = 4 * block; i < std::min(n, 4 * block + 4); ++i)
        out.data()[i] = (2 * unit_float(bits[size_t(i % 4)]) - 1) * spread;
    }
  });
  return out;
}

VectorTable::VectorTable(QuantizedRows rows)
    : rows_(rows.rows), width_(rows.book.width), codes_(std::make_shared<const QuantizedRows>(std::move(rows))) {}

void VectorTable::add_row(int64_t i, float scale, float* x) const {
  if (quantized()) return codes_->add_row(i, scale, x);
  const float* const from = row(i);
  for (int64_t j = 0; j < width_; ++j) x[j] += scale * from[j];
}

float VectorTable::dot(int64_t i, const float* x) const {
  if (quantized()) return codes_->dot(i, x);
  const float* const from = row(i);
  float sum = 0;
  for (int64_t j = 0; j < width_; ++j) sum += from[j] * x[j];
  return sum;
}

}  // namespace stemma
