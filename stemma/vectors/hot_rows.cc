#include "stemma/vectors/hot_rows.h"

namespace stemma {

HotRows::HotRows(const RowTable& shared, std::pair<int64_t, int64_t> rows)
    : table_(shared), own_(shared.row(rows.first), shared.row(rows.second)), taken_(own_) {
  table_.own = own_.data(), table_.own_begin = rows.first, table_.own_end = rows.second;
}

void HotRows::exchange() {
  float* const shared = table_.data + table_.own_begin * table_.width;
  for (size_t i = 0; i < own_.size(); ++i) {
    if (own_[i] != taken_[i]) shared[i] += own_[i] - taken_[i];
    own_[i] = taken_[i] = shared[i];
  }
}

}  // namespace stemma
