// Whatever the bytes are, words come in order, apart and not empty; those of `words` leave out nothing but spaces.
#include <cstdlib>

#include "stemma/text/segment.h"
#include "stemma/text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* kind : {"spaces", "characters", "words"}) {
    stemma::Segmenter segmenter(kind);
    size_t end = 0;
    for (const auto word : segmenter.split(text)) {
      const auto begin = size_t(word.data() - text.data());
      if (word.empty() || begin < end || begin + word.size() > size) std::abort();
      if (kind == std::string_view("words"))
        for (const auto [c, at, length] : stemma::code_points(text.substr(end, begin - end)))
          if (c != 0 && !stemma::is_space(c)) std::abort();
      end = begin + word.size();
    }
  }
  return 0;
}
