// Whatever the bytes are, ids of the tokenizer come out, or an Error.
#include "stemma/data/running_text.h"
#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  using stemma::Tokenizer;
  static const auto letters = Tokenizer::train({.kind = "char", .vocabulary = 9}, stemma::lines_of_text("a b c ab\n"));
  for (const char* eos : {"line", "paragraph", "none"}) {
    try {
      const auto text = stemma::read_running_text({input.path()}, letters, {eos});
      if (text.report.tokens != int64_t(text.ids.size())) std::abort();
      for (const auto id : text.ids)
        if (id < 0 || id >= letters.size()) std::abort();
    } catch (const stemma::Error&) {}
  }
  return 0;
}
