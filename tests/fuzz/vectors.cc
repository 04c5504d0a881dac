// Whatever the bytes are (fastText, word2vec, GloVe), vectors are refused with an Error, or every word has its vector.
#include "stemma/vectors/vector_file.h"

#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto model = stemma::load_vectors(input.path());
    for (int32_t i = 0; i < std::min(model.lexicon.words(), 50); ++i) {
      const auto v = model.word_vector(model.lexicon.text(i));
      if (int64_t(v.size()) != model.dimension()) std::abort();
    }
    static_cast<void>(model.word_vector("unknown"));
  } catch (const stemma::Error&) {}
  return 0;
}
