// Whatever the bytes are (plain or gzip), lines come out without a newline and within the limit, or an Error.
#include "stemma/base/files.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    stemma::LineReader reader(input.path(), 1000);
    std::string line;
    for (int64_t n = 1; n < 10'000 && reader.next(line); ++n)
      if (line.size() > 1000 || line.find('\n') != line.npos || reader.line_number() != n) std::abort();
  } catch (const stemma::Error&) {}
  return 0;
}
