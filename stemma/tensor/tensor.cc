#include "stemma/tensor/tensor.h"

#include <algorithm>

#include "stemma/tensor/elements.h"
#include "stemma/tensor/memory.h"

namespace stemma {

const char* name_of(Type type) { return type == Type::f32 ? "f32" : type == Type::bf16 ? "bf16" : "i32"; }

Splits make_splits(std::vector<int64_t> begins) {
  check(!begins.empty() && begins[0] == 0 && std::is_sorted(begins.begin(), begins.end()),
        "splits must begin at 0 and not decrease");
  return std::make_shared<const std::vector<int64_t>>(std::move(begins));
}

Splits splits_of_lengths(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> begins{0};
  for (const int64_t n : lengths) begins.push_back(begins.back() + n);
  return make_splits(std::move(begins));
}

Tensor::Tensor(int64_t rows, int64_t cols, Type type, Splits splits)
    : rows_(rows), cols_(cols), splits_(std::move(splits)), type_(type) {
  check(rows >= 0 && cols >= 0 && (cols == 0 || rows <= (int64_t{1} << 46) / cols), "tensor of ", rows, " x ", cols);
  check(!splits_ || splits_->back() == rows, "splits end at ", splits_ ? splits_->back() : 0, ", not at ", rows);
  storage_ = allocate(size_t(bytes()));
}

Tensor Tensor::zeros(int64_t rows, int64_t cols, Type type, Splits splits) {
  Tensor t(rows, cols, type, std::move(splits));
  zero_elements(t);
  return t;
}

Tensor Tensor::full(int64_t rows, int64_t cols, float value) {
  Tensor t(rows, cols);
  fill_elements(t, value);
  return t;
}

Tensor Tensor::from(int64_t rows, int64_t cols, const std::vector<float>& values, Splits splits) {
  check(int64_t(values.size()) == rows * cols, values.size(), " values for a ", rows, " x ", cols, " tensor");
  Tensor t(rows, cols, Type::f32, std::move(splits));
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

Tensor Tensor::ids(const std::vector<int32_t>& values, Splits splits) {
  Tensor t(int64_t(values.size()), 1, Type::i32, std::move(splits));
  std::copy(values.begin(), values.end(), t.data<int32_t>());
  return t;
}

Tensor Tensor::over(std::shared_ptr<void> memory, int64_t rows, int64_t cols, Type type) {
  Tensor t;
  t.storage_ = std::move(memory), t.rows_ = rows, t.cols_ = cols, t.type_ = type;
  return t;
}

float Tensor::item() const {
  check(size() == 1, "item of ", *this);
  return data()[0];
}

std::vector<float> Tensor::values() const {
  std::vector<float> out;
  out.resize(size_t(size()));
  if (type_ == Type::f32) std::copy_n(data(), size(), out.data());
  if (type_ == Type::bf16)
    std::transform(data<bf16>(), data<bf16>() + size(), out.data(), [](bf16 v) { return float(v); });
  if (type_ == Type::i32) std::copy_n(data<int32_t>(), size(), out.data());
  return out;
}

Tensor Tensor::with_splits(Splits splits) const {
  check(!splits || splits->back() == rows_, "splits end at ", splits ? splits->back() : 0, ", not at ", rows_);
  Tensor t = *this;
  t.splits_ = std::move(splits);
  return t;
}

Tensor Tensor::row_view(int64_t begin, int64_t n) const {
  check(begin >= 0 && n >= 0 && begin + n <= rows_, "rows ", begin, " to ", begin + n, " of ", *this);
  Tensor t = detach();
  t.offset_ += begin * cols_ * bytes_of(type_);
  t.rows_ = n;
  t.splits_ = nullptr, t.panels_ = nullptr;
  return t;
}

Tensor Tensor::reshaped(int64_t rows, int64_t cols) const {
  check(rows * cols == size(), "reshape of ", *this, " to ", rows, " x ", cols);
  Tensor t = detach();
  t.rows_ = rows, t.cols_ = cols;
  t.splits_ = nullptr, t.panels_ = nullptr;
  return t;
}

Tensor Tensor::clone() const {
  Tensor t = like(*this);
  copy_elements(*this, t);
  return t;
}

Tensor Tensor::detach() const {
  Tensor t = *this;
  t.node_ = nullptr;
  t.output_ = 0;
  return t;
}

void put(std::string& out, const Tensor& t) {
  if (!t) return put(out, "[none]");
  out += str("[", t.rows(), ", ", t.cols());
  if (t.splits()) out += str(" | ", t.sequences(), " sequences");
  out += "]";
  if (t.type() != Type::f32) out += str(" ", name_of(t.type()));
}

}  // namespace stemma
