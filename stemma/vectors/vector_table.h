// Rows of floats, as they are trained or quantised. A handle: copies share the rows.
#pragma once
#include <cstdint>
#include <memory>

#include "stemma/ops/log_linear.h"
#include "stemma/vectors/quantizer.h"

namespace stemma {

// Of memory. Rows far apart are met more quickly in huge ones, which pays in a long training; but where a hypervisor
// lends them one by one it takes seconds to come by a gigabyte of them.
enum class PageSize { small, huge };

class VectorTable {
 public:
  VectorTable() = default;
  // Zeros, or uniform in +-spread, the same for any number of threads. Error when memory does not suffice.
  VectorTable(int64_t rows, int64_t width, PageSize pages = PageSize::small);
  static VectorTable uniform(int64_t rows, int64_t width, float spread, uint64_t seed,
                             PageSize pages = PageSize::small);
  explicit VectorTable(QuantizedRows rows);

  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }
  bool quantized() const { return codes_ != nullptr; }
  const QuantizedRows& codes() const { return *codes_; }
  // Of rows that are not quantised.
  float* data() const { return dense_.get(); }
  float* row(int64_t i) const { return dense_.get() + i * width_; }
  RowTable view() const { return {dense_.get(), width_}; }

  void add_row(int64_t i, float scale, float* x) const;  // x += scale row_i
  float dot(int64_t i, const float* x) const;

 private:
  static VectorTable unset(int64_t rows, int64_t width, PageSize pages);
  int64_t rows_ = 0, width_ = 0;
  std::shared_ptr<float> dense_;
  std::shared_ptr<const QuantizedRows> codes_;
};

}  // namespace stemma
