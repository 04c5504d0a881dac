// Tensor: a handle to a matrix [rows, cols] in row order, whose rows may be grouped into sequences ("splits").
// Not a template, cheap to copy; copies share memory. A vector is [1, cols], a scalar [1, 1].
//
// Rows, not boxes: a batch of B sequences is one matrix [N, width], all sequences end to end, with splits [B + 1]
// saying where each begins. Row-wise ops keep the splits and never look at them.
#pragma once
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stemma/base/check.h"

namespace stemma {

enum class Type : uint8_t { f32, bf16, i32 };
enum class Device : uint8_t { cpu, cuda };
constexpr int64_t bytes_of(Type type) { return type == Type::bf16 ? 2 : 4; }
const char* name_of(Type type);

// Brain floating point: the upper half of a float. Arithmetic is done in f32.
struct bf16 {
  uint16_t bits = 0;
  bf16() = default;
  explicit bf16(float v) {  // round to nearest even; NaN stays NaN
    const auto u = std::bit_cast<uint32_t>(v);
    bits = (u & 0x7FFFFFFF) > 0x7F800000 ? uint16_t(u >> 16 | 0x40) : uint16_t((u + 0x7FFF + (u >> 16 & 1)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};

template <class T>
constexpr Type type_of = std::is_same_v<T, float>  ? Type::f32
                         : std::is_same_v<T, bf16> ? Type::bf16
                                                   : Type::i32;

// Where each sequence begins: 0 = s[0] <= s[1] <= ... <= s[B] = rows. Shared by all tensors of a batch.
using Splits = std::shared_ptr<const std::vector<int64_t>>;
Splits make_splits(std::vector<int64_t> begins);
Splits splits_of_lengths(const std::vector<int64_t>& lengths);

struct Node;  // what the tape knows of a tensor (tape.h)

class Tensor {
 public:
  Tensor() = default;  // holds nothing; tests false
  // Memory is not cleared. `splits`, when given, must end at `rows`.
  Tensor(int64_t rows, int64_t cols, Type type = Type::f32, Splits splits = {});
  static Tensor zeros(int64_t rows, int64_t cols, Type type = Type::f32, Splits splits = {});
  static Tensor full(int64_t rows, int64_t cols, float value);
  static Tensor from(int64_t rows, int64_t cols, const std::vector<float>& values, Splits splits = {});
  // Token ids: [N, 1] i32.
  static Tensor ids(const std::vector<int32_t>& values, Splits splits = {});
  // Over memory that was made elsewhere, such as a mapped file; `memory` points to it and keeps it.
  static Tensor over(std::shared_ptr<void> memory, int64_t rows, int64_t cols, Type type = Type::f32);
  // The same shape, type and splits as `x`, memory not cleared.
  static Tensor like(const Tensor& x) { return {x.rows_, x.cols_, x.type_, x.splits_}; }

  explicit operator bool() const { return storage_ != nullptr; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  int64_t size() const { return rows_ * cols_; }
  int64_t bytes() const { return size() * bytes_of(type_); }
  Type type() const { return type_; }
  Device device() const { return Device::cpu; }
  bool same_shape(const Tensor& other) const { return rows_ == other.rows_ && cols_ == other.cols_; }

  // Typed memory; T must be float, bf16 or int32_t as the type says (checked).
  template <class T = float>
  T* data() const {
    check(type_ == type_of<T>, "tensor ", *this, " is not ", name_of(type_of<T>));
    return static_cast<T*>(raw());
  }
  void* raw() const { return static_cast<char*>(storage_.get()) + offset_; }
  float item() const;                 // the value of a [1, 1] f32 tensor
  std::vector<float> values() const;  // f32 copy of all elements, row by row

  // Sequences: a tensor without splits is one sequence of all its rows.
  const Splits& splits() const { return splits_; }
  int64_t sequences() const { return splits_ ? int64_t(splits_->size()) - 1 : 1; }
  int64_t begin(int64_t sequence) const { return splits_ ? (*splits_)[size_t(sequence)] : 0; }
  int64_t end(int64_t sequence) const { return splits_ ? (*splits_)[size_t(sequence) + 1] : rows_; }
  Tensor with_splits(Splits splits) const;  // same memory and gradient, other grouping

  Tensor row_view(int64_t begin, int64_t n) const;    // shares memory, no gradient, no splits
  Tensor reshaped(int64_t rows, int64_t cols) const;  // shares memory, no gradient, no splits
  Tensor clone() const;                               // own memory, no gradient
  Tensor detach() const;                              // same memory, no gradient
  bool shares_memory() const { return storage_.use_count() > 1; }
  // The same matrix once more, in the order in which products read it (`pack` in ops.h); null: none. Views have none.
  const Tensor* panels() const { return panels_.get(); }
  void set_panels(Tensor panels) { panels_ = std::make_shared<const Tensor>(std::move(panels)); }

  // Gradients: see tape.h.
  bool tracked() const { return node_ != nullptr; }
  const std::shared_ptr<Node>& node() const { return node_; }
  int output() const { return output_; }
  void attach(std::shared_ptr<Node> node, int output = 0) { node_ = std::move(node), output_ = output; }

  friend void put(std::string& out, const Tensor& t);  // "[3, 4]", "[7, 4 | 2 sequences] bf16"

 private:
  std::shared_ptr<void> storage_;
  int64_t offset_ = 0, rows_ = 0, cols_ = 0;
  Splits splits_;
  std::shared_ptr<Node> node_;
  std::shared_ptr<const Tensor> panels_;
  Type type_ = Type::f32;
  int output_ = 0;
};
void put(std::string& out, const Tensor& t);

}  // namespace stemma
