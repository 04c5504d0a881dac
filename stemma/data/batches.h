// Batches of pairs of similar length, by a budget of tokens, in the order of order.h.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/data/order.h"
#include "stemma/data/shards.h"
#include "stemma/text/vocabulary.h"

namespace stemma {

struct ParallelBatch {
  Ragged source;               // ids, then </s> when asked for; reversed when asked for
  Ragged target;               // ids alone: the task adds <s> and </s>
  std::vector<int64_t> index;  // place of each pair in the corpus
};

struct BatchOptions {
  int64_t tokens = 4096;        // target tokens a batch, each </s> counted; source tokens are at most twice as many
  int64_t max_sentences = 0;    // 0: any
  int64_t max_length = 0;       // ids of either side; longer pairs are left out, or cut; 0: any
  bool truncate = false;        // cut to max_length instead of leaving out
  int64_t window = 20'000;      // pairs sorted by length together
  bool source_eos = true;       // </s> ends the source
  int32_t eos = eos_id;         // the id of </s> in the source's tokenizer
  bool reverse_source = false;  // Sutskever et al. 2014: the words reversed, </s> still last
  FIELDS(tokens, max_sentences, max_length, truncate, window, source_eos, eos, reverse_source)
  void validate() const;  // Error naming the option
};

// Training order, epoch after epoch: pairs permuted, sorted by length within windows, cut, the batches shuffled.
// A pair with an empty side is left out.
class Batches {
 public:
  // Error when no pair is left to train on.
  Batches(TokenPairs pairs, const BatchOptions& options, uint64_t seed);
  ParallelBatch next();
  const Cursor& cursor() const { return order_->cursor(); }
  void seek(const Cursor& cursor) { order_->seek(cursor); }  // Error when it does not fit the data

  int64_t epoch_pairs() const { return pairs_.size() - empty_ - (options_.truncate ? 0 : overlong_); }
  int64_t epoch_tokens() const { return tokens_; }  // of the target, </s> counted
  int64_t empty() const { return empty_; }          // pairs left out
  int64_t overlong() const { return overlong_; }    // pairs left out or cut

 private:
  TokenPairs pairs_;
  BatchOptions options_;
  int64_t empty_ = 0, overlong_ = 0, tokens_ = 0;
  std::unique_ptr<TrainingOrder> order_;
};

// For evaluation: every index once (max_length leaves none out), longest first so that memory is found wanting at once,
// cut by the same budget. `source_lengths` and `target_lengths` count ids; target_lengths may be empty (then the source
// is the budget).
std::vector<std::vector<int64_t>> batches_by_length(std::span<const int64_t> source_lengths,
                                                    std::span<const int64_t> target_lengths,
                                                    const BatchOptions& options);
std::vector<std::vector<int64_t>> batches_by_length(const TokenPairs& pairs, const BatchOptions& options);
// One source as a model takes it: cut, reversed, </s> added as the options say. For prediction, which has no pairs.
std::vector<int32_t> source_ids(std::span<const int32_t> ids, const BatchOptions& options);
// The named pairs, with </s>, reversal and truncation as the options say.
ParallelBatch gather(const TokenPairs& pairs, std::span<const int64_t> index, const BatchOptions& options);

}  // namespace stemma
