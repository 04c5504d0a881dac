// Tokenised pairs: in memory, or a memory-mapped file (a shard) that is built once by streaming and may be larger
// than RAM. Knows nothing of batches.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "stemma/data/parallel_text.h"
#include "stemma/data/ragged.h"

namespace stemma {

// Pairs of id sequences, without specials. A cheap value; copies share.
class TokenPairs {
 public:
  TokenPairs() = default;
  TokenPairs(Ragged source, Ragged target);  // in memory; Error when the sizes differ
  // Maps a shard. Error naming the file when it is not one, of another version, truncated or corrupted.
  static TokenPairs open(const std::string& path);

  int64_t size() const { return size_; }
  std::span<const int32_t> source(int64_t i) const { return sequence(2 * i); }
  std::span<const int32_t> target(int64_t i) const { return sequence(2 * i + 1); }
  int64_t source_length(int64_t i) const { return offsets_[2 * i + 1] - offsets_[2 * i]; }
  int64_t target_length(int64_t i) const { return offsets_[2 * i + 2] - offsets_[2 * i + 1]; }
  uint64_t fingerprint() const { return fingerprint_; }  // of the inputs; 0 in memory

 private:
  std::span<const int32_t> sequence(int64_t k) const {
    return {tokens_ + offsets_[k], size_t(offsets_[k + 1] - offsets_[k])};
  }
  std::shared_ptr<const void> owner_;
  const int32_t* tokens_ = nullptr;   // source 0, target 0, source 1, ...
  const int64_t* offsets_ = nullptr;  // [2 size + 1]
  int64_t size_ = 0;
  uint64_t fingerprint_ = 0;
};

struct ShardRequest {
  ParallelFiles files;
  Tokenizer source, target;
  bool rebuild = false;                                   // even when a fitting or damaged one is there
  std::function<void(int64_t pairs)> progress = nullptr;  // called now and then while building
};
// What the shard depends on: sizes and times of the files, columns, both tokenizers.
uint64_t fingerprint(const ShardRequest& request);
// Opens the shard at `path`; builds it first when absent or made from other inputs. A damaged one is an Error.
TokenPairs open_or_build_shard(const std::string& path, const ShardRequest& request);
// The same in memory, for sets that are small.
TokenPairs read_pairs(const ParallelFiles& files, const Tokenizer& source, const Tokenizer& target);

}  // namespace stemma
