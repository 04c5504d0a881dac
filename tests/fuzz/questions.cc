// Whatever the bytes are, every answer that is kept stands at its place, or an Error.
#include "stemma/data/questions.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  try {
    const auto all = stemma::read_questions({input.path(), "skip"});
    for (const auto& question : all.questions)
      for (const auto& [text, begin] : question.answers)
        if (all.context(question).compare(size_t(begin), text.size(), text) != 0) std::abort();
  } catch (const stemma::Error&) {}
  return 0;
}
