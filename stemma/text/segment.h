// Words of running text: at white space, by the dictionaries of ICU where a language is written without spaces
// (Chinese, Japanese, Thai, ...), or Han characters one by one. Knows nothing of vocabularies.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stemma {

class Segmenter {
 public:
  // spaces: what stands between white space
  // dictionary: ICU's word boundaries; punctuation and symbols are dropped
  // characters: as spaces, and every Han character and mark is a word of its own
  // Error names the nearest of these.
  explicit Segmenter(const std::string& kind);
  ~Segmenter();
  Segmenter(Segmenter&&) noexcept;

  // Views into `text`, valid UTF-8, in order. Not for several threads at once.
  const std::vector<std::string_view>& split(std::string_view text);

 private:
  struct Breaker;
  enum class Kind { spaces, dictionary, characters } kind_;
  std::unique_ptr<Breaker> breaker_;
  std::vector<std::string_view> words_;
};

}  // namespace stemma
