// What the benches read: made-up sentence pairs with the lengths of Multi30k (German to English, 8,000 joint BPE
// pieces) and pieces by Zipf's law, or the real pairs of a folder. Others get the same ids through a file.
#pragma once
#include "stemma/bench/bench.h"
#include "stemma/data/batches.h"
#include "stemma/text/tokenizer.h"

namespace stemma {

struct Sentences {
  Tokenizer tokenizer;  // of both sides
  TokenPairs pairs;
};
// 29,000 made-up pairs, or those of train.de and train.en in the folder `data`.
Sentences read_sentences(const std::string& data);

// n ids of 0 ... vocabulary - 1, the r-th most common with probability proportional to 1 / r.
std::vector<int32_t> zipf_ids(int64_t n, int64_t vocabulary, uint64_t seed);

// The batches, end to end: source.ids, source.splits, target.ids, target.splits, and in "batches" the first sentence of
// each batch and the end of the last.
void save_batches(const std::string& path, const std::vector<ParallelBatch>& batches);

}  // namespace stemma
