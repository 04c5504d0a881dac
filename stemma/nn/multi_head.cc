#include "stemma/nn/multi_head.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace stemma {

static void write_rows(Tensor& pool, const Tensor& x, const Continuation& where) {
  if (pool && pool.type() != x.type()) pool = cast(pool, x.type());
  if (recording()) {
    std::vector<int64_t> from(size_t(where.rows), 0);  // rows that nobody has written yet may be anything
    std::iota(from.begin(), from.begin() + std::min(pool.rows(), where.rows), 0);
    for (size_t i = 0; i < where.at.size(); ++i) from[size_t(where.at[i])] = pool.rows() + int64_t(i);
    pool = gather(vstack({pool, x}), from);
    return;
  }
  if (pool.rows() < where.rows || pool.shares_memory()) {
    // Powers of two: the memory of one pool that grew serves the next. Room for as much again, which costs nothing
    // until it is written, for copying costs more than a step writes.
    const auto rows = std::max(pool.rows(), int64_t(std::bit_ceil(uint64_t(2 * where.rows))));
    const Tensor larger(rows, pool.cols(), pool.type());
    std::memcpy(larger.raw(), pool.raw(), size_t(pool.bytes()));
    pool = larger;
  }
  const int64_t bytes = x.cols() * bytes_of(x.type());
  for (size_t i = 0; i < where.at.size(); ++i)
    std::memcpy(static_cast<char*>(pool.raw()) + where.at[i] * bytes,
                static_cast<const char*>(x.raw()) + int64_t(i) * bytes, size_t(bytes));
}

void KeyValues::write(const Tensor& k, const Tensor& v, const Continuation& where) {
  write_rows(K, k, where);
  write_rows(V, v, where);
}

}  // namespace stemma
