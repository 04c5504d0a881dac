// The order of training: examples permuted epoch by epoch, sorted by cost within windows, cut into batches by a budget,
// the batches shuffled. A pure function of seed, epoch and place: a cursor of three numbers resumes it exactly and no
// epoch's order is ever held. Knows nothing of what an example is.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "stemma/base/fields.h"

namespace stemma {

// What an example costs a batch, in tokens: what it reads, and what it is asked for.
struct TokenCost {
  int64_t source = 0, target = 0;
};
struct Budget {  // of a batch; 0: any. An example over the budget is a batch alone.
  int64_t source = 0, target = 0, examples = 0;
};
// Cuts `order` into batches within the budget.
std::vector<std::vector<int64_t>> cut_into_batches(std::span<const int64_t> order, const Budget& budget,
                                                   const std::function<TokenCost(int64_t)>& cost);
// 0 .. size - 1, the dearest first, so that memory is found wanting at once. For evaluation.
std::vector<int64_t> dearest_first(int64_t size, const std::function<TokenCost(int64_t)>& cost);

// The next batch: `batch` within `window` within `epoch`.
struct Cursor {
  int64_t epoch = 0, window = 0, batch = 0;
  FIELDS(epoch, window, batch)
  bool operator==(const Cursor&) const = default;
};

class TrainingOrder {
 public:
  struct Examples {
    int64_t size = 0;
    std::function<TokenCost(int64_t)> cost;
    std::function<bool(int64_t)> keeps = nullptr;  // the others are left out; null: all are kept. One must be
  };
  TrainingOrder(Examples examples, const Budget& budget, int64_t window, uint64_t seed);
  std::vector<int64_t> next();
  const Cursor& cursor() const { return cursor_; }
  void seek(const Cursor& cursor);  // Error when it does not fit the data

 private:
  int64_t windows() const;
  void load_window();
  void settle();
  Examples examples_;
  Budget budget_;
  int64_t window_;
  uint64_t seed_;
  Cursor cursor_, planned_ = {-1, -1, 0};
  std::vector<std::vector<int64_t>> plan_;  // the batches of the window under the cursor
};

}  // namespace stemma
