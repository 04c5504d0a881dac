// Whatever the bytes are, every word has a tag and a place in the text, or an Error.
#include "stemma/data/tagged_text.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  for (const char* format : {"auto", "conll", "conllu", "slots"}) {
    stemma::TaggedTextSource source;
    source.path = input.path(), source.format = format, source.strip_index = true;
    try {
      const auto texts = stemma::read_tagged_texts(source);
      for (const auto& s : texts.sentences) {
        if (s.tags.size() != s.words.size() || s.places.size() != s.words.size()) std::abort();
        for (const auto& [begin, end] : s.places)
          if (begin < 0 || end < begin || end > int64_t(s.text.size())) std::abort();
      }
    } catch (const stemma::Error&) {}
  }
  return 0;
}
