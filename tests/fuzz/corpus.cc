// Whatever the bytes are (plain or gzip), a text becomes numbers of its words, sentences ended, or an Error.
#include "stemma/vectors/corpus.h"

#include <cstdlib>
#include <filesystem>

#include "tests/fuzz/file_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileInput input(data, size);
  const std::string scratch = std::filesystem::temp_directory_path();
  try {
    const stemma::CorpusOptions options{.words = size % 2 ? "spaces" : "characters", .lower = size % 3 == 0};
    auto corpus = stemma::Corpus::read({input.path()}, options, scratch);
    if (size % 5 == 0) corpus.join_phrases(1, 1);
    const stemma::Lexicon lexicon(stemma::by_count(corpus.counts(), 1));
    corpus.number_by(lexicon);
    corpus.forget_words();
    int64_t words = 0;
    for (int64_t i = 0; i < corpus.chunks(); ++i) {
      const auto chunk = corpus.chunk(i);
      if (chunk.empty() || chunk.back() != stemma::Corpus::end_of_sentence) std::abort();
      for (const int32_t id : chunk)
        if (id >= lexicon.words() || id < stemma::Corpus::end_of_sentence)
          std::abort();
        else
          words += id >= 0;
    }
    if (words != corpus.running_words()) std::abort();
  } catch (const stemma::Error&) {}
  return 0;
}
