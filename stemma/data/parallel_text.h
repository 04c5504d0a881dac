// Parallel text, streamed: two files line by line, or two columns of a TSV; plain or .gz. Every defect is one clear
// Error; what is legal but suspect is counted by check_corpus.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "stemma/base/fields.h"
#include "stemma/base/files.h"
#include "stemma/text/tokenizer.h"

namespace stemma {

struct ParallelFiles {
  std::string source, target;                // target empty: `source` is a TSV with both
  int source_column = 1, target_column = 2;  // of the TSV, from 1
  FIELDS(source, target, source_column, target_column)
};
struct TextPair {
  std::string source, target;
};

// Errors: missing file, unequal line counts ("train.de has 29000 lines, train.en 28999"), a TSV line with too few
// columns, invalid UTF-8 (file, line, byte), a line over 1 MiB, no line at all.
class ParallelReader {
 public:
  explicit ParallelReader(ParallelFiles files);
  bool next(TextPair& pair);  // false at the end
  int64_t pairs() const { return pairs_; }

 private:
  bool read_two(TextPair& pair);
  bool read_tsv(TextPair& pair);
  ParallelFiles files_;
  LineReader source_;
  std::optional<LineReader> target_;
  std::string line_;
  int64_t pairs_ = 0;
};

// Lines to train a tokenizer from. Pairs are read to the end, so all defects above show here first.
enum class Side { source, target, both };
LineSource lines_of(const ParallelFiles& files, Side side);

// ---- The look before training ---------------------------------------------------------------------------------------
struct Finding {
  int64_t count = 0, first_line = 0;
  FIELDS(count, first_line)
};
struct CorpusReport {
  int64_t pairs = 0, source_tokens = 0, target_tokens = 0, longest_source = 0, longest_target = 0;
  Finding empty_source, empty_target;      // no token
  Finding overlong;                        // either side over max_length
  Finding duplicates;                      // the same pair again; estimated when there are over max_distinct pairs
  Finding copies;                          // source equals target
  Finding mismatched;                      // one side over max_ratio times as long as the other
  Finding unknown_source, unknown_target;  // holds a character or word the tokenizer does not know
  FIELDS(pairs, source_tokens, target_tokens, longest_source, longest_target, empty_source, empty_target, overlong,
         duplicates, copies, mismatched, unknown_source, unknown_target)
};
struct CorpusChecks {
  int64_t max_length = 256;        // tokens; 0: any
  double max_ratio = 4;            // of token counts
  int64_t ratio_from = 10;         // pairs shorter than this on both sides pass
  int64_t max_distinct = 1 << 20;  // pairs remembered to find duplicates (about 50 MB)
};
// One pass, bounded memory. Lengths are in tokens of the tokenizers.
CorpusReport check_corpus(const ParallelFiles& files, const Tokenizer& source, const Tokenizer& target,
                          const CorpusChecks& checks = {});
// A short table; findings of count 0 are left out.
std::string describe(const CorpusReport& report);

}  // namespace stemma
