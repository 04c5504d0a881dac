// Whatever the bytes are, a fastText model that is accepted answers every text without harm.
#include "stemma/vectors/classifier.h"

#include "stemma/base/check.h"
#include "stemma/vectors/fasttext_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file = stemma::read_fasttext({reinterpret_cast<const char*>(data), size}, "fuzz");
    static_cast<void>(stemma::text_vector(file.model, "the cat and käse 面包 __label__x"));
    const stemma::Classifier classifier(file.model);
    static_cast<void>(classifier.predict("the cat and käse 面包 __label__x", 3));
  } catch (const stemma::Error&) {}
  return 0;
}
