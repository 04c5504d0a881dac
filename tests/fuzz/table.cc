// Whatever the bytes are, rows come out as wide as was asked for, or an Error.
#include "stemma/data/table.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  for (const char* format : {"tsv", "csv", "jsonl"}) {
    try {
      stemma::TableReader table(input.path(), {"1"}, {.format = format});
      for (std::vector<std::string> cells; table.next(cells);)
        if (cells.size() != 1) std::abort();
    } catch (const stemma::Error&) {}
  }
  return 0;
}
