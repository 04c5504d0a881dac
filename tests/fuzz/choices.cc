// Whatever the bytes are, every answer is among its options, or an Error.
#include "stemma/data/choices.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  for (const char* format : {"jsonl", "csv", "tsv"}) {
    try {
      stemma::ChoiceSource source;
      source.path = input.path(), source.format = format;
      const auto all = stemma::read_choices(source);
      for (const auto& q : all.questions)
        if (q.answer < 0 || q.answer >= int64_t(q.options.size())) std::abort();
    } catch (const stemma::Error&) {}
  }
  return 0;
}
