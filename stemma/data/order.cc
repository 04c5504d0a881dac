#include "stemma/data/order.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "stemma/base/check.h"
#include "stemma/base/random.h"

namespace stemma {

namespace {

enum : uint64_t { example_order = 1, batch_order = 2 };

uint64_t order_key(uint64_t seed, uint64_t purpose, const Cursor& cursor) {
  return Random{seed}.stream(purpose).stream(uint64_t(cursor.epoch)).stream(uint64_t(cursor.window)).key;
}

std::tuple<int64_t, int64_t> rank(const TokenCost& cost) { return {cost.target, cost.source}; }

}  // namespace

std::vector<std::vector<int64_t>> cut_into_batches(std::span<const int64_t> order, const Budget& budget,
                                                   const std::function<TokenCost(int64_t)>& cost) {
  const auto over = [](int64_t sum, int64_t most) { return most > 0 && sum > most; };
  std::vector<std::vector<int64_t>> batches;
  TokenCost sum;
  for (const auto i : order) {
    const TokenCost c = cost(i);
    const bool full = batches.empty() || over(sum.target + c.target, budget.target) ||
                      over(sum.source + c.source, budget.source) ||
                      over(int64_t(batches.back().size()) + 1, budget.examples);
    if (full) batches.emplace_back(), sum = {};
    batches.back().push_back(i);
    sum.source += c.source, sum.target += c.target;
  }
  return batches;
}

std::vector<int64_t> dearest_first(int64_t size, const std::function<TokenCost(int64_t)>& cost) {
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return rank(cost(a)) > rank(cost(b)); });
  return order;
}

TrainingOrder::TrainingOrder(Examples examples, const Budget& budget, int64_t window, uint64_t seed)
    : examples_(std::move(examples)), budget_(budget), window_(window), seed_(seed) {}

int64_t TrainingOrder::windows() const { return (examples_.size + window_ - 1) / window_; }

void TrainingOrder::load_window() {
  if (planned_.epoch == cursor_.epoch && planned_.window == cursor_.window) return;
  const auto begin = cursor_.window * window_, end = std::min(examples_.size, begin + window_);
  const auto key = order_key(seed_, example_order, {.epoch = cursor_.epoch});
  std::vector<int64_t> order;
  for (auto k = begin; k < end; ++k) {
    const auto i = int64_t(permuted(uint64_t(k), uint64_t(examples_.size), key));
    if (!examples_.keeps || examples_.keeps(i)) order.push_back(i);
  }
  // Stable: among equal lengths the permuted order stays, so that batches differ from epoch to epoch.
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return rank(examples_.cost(a)) < rank(examples_.cost(b)); });
  auto batches = cut_into_batches(order, budget_, examples_.cost);
  plan_.assign(batches.size(), {});
  const auto shuffle = order_key(seed_, batch_order, cursor_);
  for (size_t k = 0; k < batches.size(); ++k) plan_[k] = std::move(batches[permuted(k, batches.size(), shuffle)]);
  planned_ = cursor_;
}

// Moves on from the end of a window, and over empty ones.
void TrainingOrder::settle() {
  for (load_window(); cursor_.batch >= int64_t(plan_.size()); load_window()) {
    ++cursor_.window, cursor_.batch = 0;
    if (cursor_.window == windows()) ++cursor_.epoch, cursor_.window = 0;
  }
}

std::vector<int64_t> TrainingOrder::next() {
  settle();
  const auto batch = plan_[size_t(cursor_.batch++)];
  settle();  // at once, so that the cursor says when an epoch is complete
  return batch;
}

void TrainingOrder::seek(const Cursor& cursor) {
  check(cursor.epoch >= 0 && cursor.window >= 0 && cursor.window < windows() && cursor.batch >= 0,
        "cannot resume at epoch ", cursor.epoch, ", window ", cursor.window, ", batch ", cursor.batch,
        ": the data or the batch options have changed");
  cursor_ = cursor;
  load_window();
  check(cursor_.batch <= int64_t(plan_.size()), "cannot resume at batch ", cursor_.batch, " of a window that has ",
        plan_.size(), ": the data or the batch options have changed");
}

}  // namespace stemma
