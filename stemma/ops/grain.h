// How many rows of `cols` elements are worth a thread of their own (parallel_for's grain).
#pragma once
#include <algorithm>
#include <cstdint>

namespace stemma {

constexpr int64_t element_grain = 16384;  // about 4 us of memory traffic
constexpr int64_t row_grain(int64_t cols) { return std::max<int64_t>(1, element_grain / std::max<int64_t>(cols, 1)); }

}  // namespace stemma
