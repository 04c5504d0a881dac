// Whatever the bytes are, every text has its labels, or an Error.
#include "stemma/data/labelled_text.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  for (const char* format : {"auto", "csv", "jsonl", "fasttext"}) {
    stemma::LabelledTextSource source;
    source.path = input.path(), source.format = format, source.separator = ",";
    if (source.format == "csv") source.text = {"1"}, source.label = "2";
    try {
      const auto texts = stemma::read_labelled_texts(source);
      if (texts.labels.size() != texts.size() || texts.report.texts != texts.size()) std::abort();
    } catch (const stemma::Error&) {}
  }
  return 0;
}
