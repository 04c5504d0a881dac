// Words of running text: at white space, by the dictionaries of ICU where a language is written without spaces
// (Chinese, Japanese, Thai, ...), or Han characters one by one. Knows nothing of vocabularies.
#pragma once
#include <cstdint>
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
  // words: runs of letters and digits, every Han character, and every other mark a word of its own, none dropped.
  //   Within a run stand . and , between digits ("3.14", "10,000") and an apostrophe between letters ("don't"), but
  //   a final 's is a word by itself ("Mary", "'s"), and a hyphen parts: answers and names end at these.
  // penn: as words, and n't, 'll, 're, 've, 'd, 'm are words as well ("do", "n't"), as in the Penn Treebank (Marcus et
  //   al. 1993) and English tagged text since.
  // Error names the nearest of these.
  explicit Segmenter(const std::string& kind);
  ~Segmenter();
  Segmenter(Segmenter&&) noexcept;

  // Views into `text`, valid UTF-8, in order; word.data() - text.data() is where one begins. Not for several threads at
  // once.
  const std::vector<std::string_view>& split(std::string_view text);

 private:
  struct Breaker;
  enum class Kind { spaces, dictionary, characters, words, penn } kind_;
  std::unique_ptr<Breaker> breaker_;
  std::vector<std::string_view> words_;
};

// Where the sentences of a text end, in bytes: ICU's boundaries (UAX 29), which a line's end always is; the last is the
// end of the text, valid UTF-8. None of an empty text. A full stop before a small letter ends no sentence (rule SB8),
// but in a text without a single capital, where the letter's case says nothing.
std::vector<int64_t> sentence_ends(std::string_view text);

}  // namespace stemma
