// Whatever the bytes are, every pair has its label or score, or an Error.
#include "stemma/data/text_pairs.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  for (const bool scores : {false, true}) {
    stemma::TextPairSource source;
    source.path = input.path(), source.scores = scores;
    source.first = "1", source.second = "2", source.label = "3";
    try {
      const auto pairs = stemma::read_text_pairs(source);
      if (int64_t(pairs.labels.size() + pairs.scores.size()) != pairs.size()) std::abort();
    } catch (const stemma::Error&) {}
  }
  return 0;
}
