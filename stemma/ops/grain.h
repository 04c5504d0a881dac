// How work is cut: how many rows of `cols` elements are worth a thread of their own (parallel_for's grain), and how
// many pieces of a size hold n.
#pragma once
#include <algorithm>
#include <cstdint>

namespace stemma {

constexpr int64_t element_grain = 16384;  // about 4 us of memory traffic
constexpr int64_t row_grain(int64_t cols) { return std::max<int64_t>(1, element_grain / std::max<int64_t>(cols, 1)); }
constexpr int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

}  // namespace stemma
