#include "stemma/vectors/vector_table.h"

#include <algorithm>
#include <cstring>

#include "stemma/ops/uniform.h"
#include "stemma/tensor/memory.h"

namespace stemma {

VectorTable::VectorTable(int64_t rows, int64_t width) : VectorTable(unset(rows, width)) {
  std::memset(data(), 0, size_t(rows * width) * sizeof(float));
}

VectorTable VectorTable::uniform(int64_t rows, int64_t width, float spread, uint64_t seed) {
  VectorTable out = unset(rows, width);
  fill_uniform(out.data(), rows * width, spread, seed);
  return out;
}

VectorTable VectorTable::unset(int64_t rows, int64_t width) {
  VectorTable out;
  out.rows_ = rows, out.width_ = width;
  const auto block = allocate(std::max<size_t>(size_t(rows * width) * sizeof(float), 1));
  out.dense_ = {block, static_cast<float*>(block.get())};
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
