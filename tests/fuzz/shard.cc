// Whatever the bytes are, a shard is refused with an Error, or every sequence can be read to its end.
#include "stemma/data/shards.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto pairs = stemma::TokenPairs::open(input.path());
    int64_t sum = 0;
    for (int64_t i = 0; i < pairs.size(); ++i) {
      for (const int32_t id : pairs.source(i)) sum += id;
      for (const int32_t id : pairs.target(i)) sum += id;
    }
    if (sum == INT64_MIN) std::abort();  // the sum is used
  } catch (const stemma::Error&) {}
  return 0;
}
