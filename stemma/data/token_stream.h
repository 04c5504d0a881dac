// Running text as one long row of ids, each line ended by </s>: in memory, or a memory-mapped file that is built once
// by streaming and may be larger than RAM. Knows nothing of batches.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stemma/base/fields.h"
#include "stemma/text/tokenizer.h"

namespace stemma {

// What a text holds, so that a loss can be told by word, character and byte. All count line ends as one, and the text
// as the tokenizer has normalised it.
struct TextCounts {
  int64_t lines = 0, words = 0, characters = 0, bytes = 0;
  int64_t unknown = 0;  // tokens
  FIELDS(lines, words, characters, bytes, unknown)
};

// A cheap value; copies share.
class TokenStream {
 public:
  TokenStream() = default;
  explicit TokenStream(std::vector<int32_t> ids, const TextCounts& counts = {});
  // Maps a file. Error naming it when it is not one, truncated or damaged.
  static TokenStream open(const std::string& path);

  std::span<const int32_t> ids() const { return ids_; }
  int64_t size() const { return int64_t(ids_.size()); }
  const TextCounts& counts() const { return counts_; }
  const std::string& fingerprint() const { return fingerprint_; }  // of the inputs; empty in memory

 private:
  std::shared_ptr<const void> owner_;
  std::span<const int32_t> ids_;
  TextCounts counts_;
  std::string fingerprint_;
};

struct StreamRequest {
  std::vector<std::string> paths;  // one after the other, plain or .gz
  Tokenizer tokenizer;
};
// What the stream depends on: sizes and times of the files, the tokenizer.
std::string fingerprint(const StreamRequest& request);
// Opens the stream at `path`; builds it first when absent or made from other inputs. A damaged one is an Error, as is
// text that is not UTF-8 (file, line, byte).
TokenStream open_or_build_stream(const std::string& path, const StreamRequest& request);
// The same in memory.
TokenStream read_stream(const StreamRequest& request);

}  // namespace stemma
