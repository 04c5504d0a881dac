#include "stemma/vectors/vector_table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "stemma/base/check.h"
#include "stemma/ops/uniform.h"
#include "stemma/tensor/memory.h"

namespace stemma {

VectorTable::VectorTable(int64_t rows, int64_t width, PageSize pages) : VectorTable(unset(rows, width, pages)) {
  std::memset(data(), 0, size_t(rows * width) * sizeof(float));
}

VectorTable VectorTable::uniform(int64_t rows, int64_t width, float spread, uint64_t seed, PageSize pages) {
  VectorTable out = unset(rows, width, pages);
  fill_uniform(out.data(), rows * width, spread, seed);
  return out;
}

VectorTable VectorTable::unset(int64_t rows, int64_t width, PageSize pages) {
  VectorTable out;
  out.rows_ = rows, out.width_ = width;
  const size_t bytes = std::max<size_t>(size_t(rows * width) * sizeof(float), 1), line = 64;
  std::shared_ptr<void> block;
  if (pages == PageSize::huge) {
    block = allocate(bytes);
  } else {
    block = {std::aligned_alloc(line, (bytes + line - 1) / line * line), std::free};
    check(block != nullptr, "out of memory: a table of ", rows, " vectors takes ", bytes, " bytes");
  }
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
