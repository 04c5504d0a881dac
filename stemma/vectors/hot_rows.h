// Rows that every thread changes at every step, as those near the root of a tree: cores that write the same lines of
// memory wait for each other longer than they compute. Each thread learns in copies instead, and now and then adds what
// they learned to the shared rows and takes what the others did.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "stemma/ops/log_linear.h"

namespace stemma {

class HotRows {
 public:
  HotRows(const RowTable& shared, std::pair<int64_t, int64_t> rows);  // rows [first, second); may be none
  HotRows(const HotRows&) = delete;
  const RowTable& table() const { return table_; }  // the shared one, but for the copies
  void exchange();

 private:
  RowTable table_;
  std::vector<float> own_, taken_;  // as they are, as they were at the last exchange
};

}  // namespace stemma
