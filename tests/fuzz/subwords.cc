// Whatever the bytes are, a SentencePiece model is refused with an Error, or encodes and decodes.
#include "stemma/text/tokenizer_kinds.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto subwords = stemma::load_subwords(input.path());
    const auto ids = subwords->encode("Ein Mann schläft. 我是学生");
    for (const int32_t id : ids) subwords->piece(id);
    subwords->decode(ids);
  } catch (const stemma::Error&) {}
  return 0;
}
