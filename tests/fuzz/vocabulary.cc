// Whatever the bytes are, a vocabulary is refused with an Error, or every id has a token that leads back to it.
#include "stemma/text/vocabulary.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto vocabulary = stemma::Vocabulary::load(input.path());
    for (int32_t id = 0; id < vocabulary.size(); ++id)
      if (vocabulary.id(vocabulary.token(id)) != id) std::abort();
  } catch (const stemma::Error&) {}
  return 0;
}
