#include "stemma/data/batches.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "stemma/base/check.h"
#include "stemma/base/random.h"

namespace stemma {

namespace {

// What a pair costs a batch: tokens of each side, </s> counted, after truncation.
struct Cost {
  int64_t source = 0, target = 0;
};

int64_t cut_at(const BatchOptions& options) {
  return options.truncate && options.max_length > 0 ? options.max_length : INT64_MAX - 1;
}

Cost cost_of(int64_t source, int64_t target, const BatchOptions& options) {
  const auto most = cut_at(options);
  return {std::min(source, most) + options.source_eos, std::min(target, most) + 1};
}

// Cuts `order` into batches within the budget; a pair over the budget is a batch alone. cost(i) of an element of order.
template <class CostOf>
std::vector<std::vector<int64_t>> cut(std::span<const int64_t> order, const BatchOptions& options, CostOf&& cost) {
  std::vector<std::vector<int64_t>> batches;
  Cost sum;
  for (const auto i : order) {
    const Cost c = cost(i);
    const bool full = batches.empty() || sum.target + c.target > options.tokens ||
                      sum.source + c.source > 2 * options.tokens ||
                      (options.max_sentences > 0 && int64_t(batches.back().size()) >= options.max_sentences);
    if (full) batches.emplace_back(), sum = {};
    batches.back().push_back(i);
    sum.source += c.source, sum.target += c.target;
  }
  return batches;
}

template <class CostOf>
std::vector<std::vector<int64_t>> longest_first(int64_t size, const BatchOptions& options, CostOf&& cost) {
  options.validate();
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const Cost x = cost(a), y = cost(b);
    return std::tie(x.target, x.source) > std::tie(y.target, y.source);
  });
  return cut(order, options, cost);
}

enum : uint64_t { pair_order = 1, batch_order = 2 };

uint64_t order_key(uint64_t seed, uint64_t purpose, const Cursor& cursor) {
  return Random{seed}.stream(purpose).stream(uint64_t(cursor.epoch)).stream(uint64_t(cursor.window)).key;
}

}  // namespace

void BatchOptions::validate() const {
  check(tokens > 0, "batches: tokens is ", tokens, "; it must be over 0");
  check(window > 0, "batches: window is ", window, "; it must be over 0");
  check(max_sentences >= 0, "batches: max_sentences is ", max_sentences, "; 0 means any number");
  check(max_length >= 0, "batches: max_length is ", max_length, "; 0 means any length");
}

Batches::Batches(TokenPairs pairs, const BatchOptions& options, uint64_t seed)
    : pairs_(std::move(pairs)), options_(options), seed_(seed) {
  options_.validate();
  for (int64_t i = 0; i < pairs_.size(); ++i) {
    const auto source = pairs_.source_length(i), target = pairs_.target_length(i);
    const bool empty = source == 0 || target == 0;
    const bool overlong = !empty && options_.max_length > 0 && std::max(source, target) > options_.max_length;
    empty_ += empty, overlong_ += overlong;
    if (keeps(i)) tokens_ += cost_of(source, target, options_).target;
  }
  check(epoch_pairs() > 0, "no pair is left to train on: of ", pairs_.size(), ", ", empty_, " have an empty side and ",
        overlong_, " are longer than ", options_.max_length, "; raise max_length or set truncate");
}

bool Batches::keeps(int64_t i) const {
  const auto source = pairs_.source_length(i), target = pairs_.target_length(i);
  return source > 0 && target > 0 &&
         (options_.truncate || options_.max_length == 0 || std::max(source, target) <= options_.max_length);
}

int64_t Batches::windows() const { return (pairs_.size() + options_.window - 1) / options_.window; }

void Batches::load_window() {
  if (planned_.epoch == cursor_.epoch && planned_.window == cursor_.window) return;
  const auto begin = cursor_.window * options_.window, end = std::min(pairs_.size(), begin + options_.window);
  const Cursor epoch{.epoch = cursor_.epoch};
  const auto key = order_key(seed_, pair_order, epoch);
  std::vector<int64_t> order;
  for (auto k = begin; k < end; ++k)
    if (const auto i = int64_t(permuted(uint64_t(k), uint64_t(pairs_.size()), key)); keeps(i)) order.push_back(i);
  const auto cost = [&](int64_t i) { return cost_of(pairs_.source_length(i), pairs_.target_length(i), options_); };
  // Stable: among equal lengths the permuted order stays, so that batches differ from epoch to epoch.
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const Cost x = cost(a), y = cost(b);
    return std::tie(x.target, x.source) < std::tie(y.target, y.source);
  });
  auto batches = cut(order, options_, cost);
  plan_.assign(batches.size(), {});
  const auto shuffle = order_key(seed_, batch_order, cursor_);
  for (size_t k = 0; k < batches.size(); ++k) plan_[k] = std::move(batches[permuted(k, batches.size(), shuffle)]);
  planned_ = cursor_;
}

// Moves on from the end of a window, and over empty ones.
void Batches::settle() {
  for (load_window(); cursor_.batch >= int64_t(plan_.size()); load_window()) {
    ++cursor_.window, cursor_.batch = 0;
    if (cursor_.window == windows()) ++cursor_.epoch, cursor_.window = 0;
  }
}

ParallelBatch Batches::next() {
  settle();
  ParallelBatch batch = gather(pairs_, plan_[size_t(cursor_.batch++)], options_);
  settle();  // at once, so that the cursor says when an epoch is complete
  return batch;
}

void Batches::seek(const Cursor& cursor) {
  check(cursor.epoch >= 0 && cursor.window >= 0 && cursor.window < windows() && cursor.batch >= 0,
        "cannot resume at epoch ", cursor.epoch, ", window ", cursor.window, ", batch ", cursor.batch,
        ": the data or the batch options have changed");
  cursor_ = cursor;
  load_window();
  check(cursor_.batch <= int64_t(plan_.size()), "cannot resume at batch ", cursor_.batch, " of a window that has ",
        plan_.size(), ": the data or the batch options have changed");
}

std::vector<std::vector<int64_t>> batches_by_length(std::span<const int64_t> source_lengths,
                                                    std::span<const int64_t> target_lengths,
                                                    const BatchOptions& options) {
  const bool both = !target_lengths.empty();
  check(!both || source_lengths.size() == target_lengths.size(), "batches: ", source_lengths.size(), " sources and ",
        target_lengths.size(), " targets");
  return longest_first(int64_t(source_lengths.size()), options, [&](int64_t i) {
    const auto source = source_lengths[size_t(i)];
    return cost_of(source, both ? target_lengths[size_t(i)] : source, options);
  });
}

std::vector<std::vector<int64_t>> batches_by_length(const TokenPairs& pairs, const BatchOptions& options) {
  return longest_first(pairs.size(), options,
                       [&](int64_t i) { return cost_of(pairs.source_length(i), pairs.target_length(i), options); });
}

std::vector<int32_t> source_ids(std::span<const int32_t> ids, const BatchOptions& options) {
  const auto kept = ids.first(std::min(ids.size(), size_t(cut_at(options))));
  std::vector<int32_t> out(kept.begin(), kept.end());
  if (options.reverse_source) std::reverse(out.begin(), out.end());
  if (options.source_eos) out.push_back(options.eos);
  return out;
}

ParallelBatch gather(const TokenPairs& pairs, std::span<const int64_t> index, const BatchOptions& options) {
  ParallelBatch batch;
  batch.index.assign(index.begin(), index.end());
  for (const auto i : index) {
    check(i >= 0 && i < pairs.size(), "batches: pair ", i, " is not below ", pairs.size());
    batch.source.push_back(source_ids(pairs.source(i), options));
    const auto target = pairs.target(i);
    batch.target.push_back(target.first(std::min(target.size(), size_t(cut_at(options)))));
  }
  return batch;
}

}  // namespace stemma
