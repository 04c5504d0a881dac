// Whatever the bytes are, a stream of tokens is refused with an Error, or every id can be read.
#include "stemma/data/token_stream.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto stream = stemma::TokenStream::open(input.path());
    int64_t sum = 0;
    for (const int32_t id : stream.ids()) sum += id;
    if (sum == INT64_MIN) std::abort();  // the sum is used
  } catch (const stemma::Error&) {}
  return 0;
}
