#include "stemma/data/batches.h"

#include <algorithm>

#include "stemma/base/check.h"

namespace stemma {

namespace {

int64_t cut_at(const BatchOptions& options) {
  return options.truncate && options.max_length > 0 ? options.max_length : INT64_MAX - 1;
}

// Tokens of each side, </s> counted, after truncation.
TokenCost cost_of(int64_t source, int64_t target, const BatchOptions& options) {
  const auto most = cut_at(options);
  return {std::min(source, most) + options.source_eos, std::min(target, most) + 1};
}

bool is_kept(const TokenPairs& pairs, const BatchOptions& options, int64_t i) {
  const auto source = pairs.source_length(i), target = pairs.target_length(i);
  return source > 0 && target > 0 &&
         (options.truncate || options.max_length == 0 || std::max(source, target) <= options.max_length);
}

Budget budget_of(const BatchOptions& options) {
  return {.source = 2 * options.tokens, .target = options.tokens, .examples = options.max_sentences};
}

std::vector<std::vector<int64_t>> longest_first(int64_t size, const BatchOptions& options,
                                                const std::function<TokenCost(int64_t)>& cost) {
  options.validate();
  return cut_into_batches(dearest_first(size, cost), budget_of(options), cost);
}

}  // namespace

void BatchOptions::validate() const {
  check(tokens > 0, "batches: tokens is ", tokens, "; it must be over 0");
  check(window > 0, "batches: window is ", window, "; it must be over 0");
  check(max_sentences >= 0, "batches: max_sentences is ", max_sentences, "; 0 means any number");
  check(max_length >= 0, "batches: max_length is ", max_length, "; 0 means any length");
}

Batches::Batches(TokenPairs pairs, const BatchOptions& options, uint64_t seed)
    : pairs_(std::move(pairs)), options_(options) {
  options_.validate();
  for (int64_t i = 0; i < pairs_.size(); ++i) {
    const auto source = pairs_.source_length(i), target = pairs_.target_length(i);
    const bool empty = source == 0 || target == 0;
    const bool overlong = !empty && options_.max_length > 0 && std::max(source, target) > options_.max_length;
    empty_ += empty, overlong_ += overlong;
    if (is_kept(pairs_, options_, i)) tokens_ += cost_of(source, target, options_).target;
  }
  check(epoch_pairs() > 0, "no pair is left to train on: of ", pairs_.size(), ", ", empty_, " have an empty side and ",
        overlong_, " are longer than ", options_.max_length, "; raise max_length or set truncate");
  // By value: the order outlives a moved Batches.
  const auto cost = [p = pairs_, o = options_](int64_t i) {
    return cost_of(p.source_length(i), p.target_length(i), o);
  };
  const auto keeps = [p = pairs_, o = options_](int64_t i) { return is_kept(p, o, i); };
  order_ = std::make_unique<TrainingOrder>(TrainingOrder::Examples{pairs_.size(), cost, keeps}, budget_of(options_),
                                           options_.window, seed);
}

ParallelBatch Batches::next() { return gather(pairs_, order_->next(), options_); }

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
