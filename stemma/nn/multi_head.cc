#include "stemma/nn/multi_head.h"

#include <algorithm>
#include <cstring>

namespace stemma {

static void copy_rows(const Tensor& from, const Tensor& to, int64_t at) {
  std::memcpy(to.row_view(at, from.rows()).raw(), from.raw(), size_t(from.bytes()));
}

// Room for `needed` rows in memory of our own: a copied state does not write into the one it was copied from.
static void grow(Tensor& pool, int64_t used, int64_t needed) {
  if (pool.rows() >= needed && !pool.shares_memory()) return;
  Tensor larger(std::max(needed, 2 * used), pool.cols(), pool.type());
  copy_rows(pool.row_view(0, used), larger, 0);
  pool = larger;
}

void KeyValues::append(const Tensor& k, const Tensor& v) {
  if (recording()) {
    K = vstack({rows(K, 0, used), k}), V = vstack({rows(V, 0, used), v});
  } else {
    grow(K, used, used + k.rows()), grow(V, used, used + v.rows());
    copy_rows(k, K, used), copy_rows(v, V, used);
  }
  used += k.rows();
}

}  // namespace stemma
